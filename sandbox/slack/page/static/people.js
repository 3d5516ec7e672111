// Who is who: names, roles and pictures.

import { fragment, h } from './dom.js';
import { icon } from './icons.js';

export class People {
  constructor(state, settings) {
    this.users = new Map(state.users.map((u) => [u.id, u]));
    this.groups = new Map(state.groups.map((g) => [g.id, g]));
    this.channels = new Map(state.channels.map((c) => [c.id, c]));
    this.me = state.me;
    this.app = state.app;
    this.team = state.team;
    this.roles = new Map(settings.people.map((p) => [p.user, p.role]));
  }

  name(id) {
    const user = this.users.get(id);
    return user?.real_name || user?.name || 'Somebody';
  }

  // channelName is how the viewer calls the conversation.
  channelName(channel) {
    if (!channel.is_im) return channel.name;
    return this.name(channel.members.find((m) => m !== this.me.id) ?? channel.members[0]);
  }

  // role is what the demo says of the person, or else what can be seen.
  role(user) {
    const said = this.roles.get(user.id);
    if (said) return said;
    if (user.team_id !== this.team.id) return 'External';
    if (user.is_ultra_restricted) return 'Single-channel guest';
    return user.is_restricted ? 'Guest' : 'Member';
  }

  // tag is the small word behind a name.
  tag(user) {
    if (!user) return null;
    if (user.is_bot) return h('span', { class: 'tag' }, 'APP');
    if (user.team_id !== this.team.id) return h('span', { class: 'tag tag-soft' }, 'External');
    return user.is_restricted && h('span', { class: 'tag tag-soft' }, 'Guest');
  }

  // mention is a highlighted name: of a user, group, channel, or everybody.
  mention(kind, id, label) {
    const name = this.mentioned(kind, id, label);
    const mine = kind === 'broadcast' || id === this.me.id || this.groups.get(id)?.users?.includes(this.me.id);
    return h('span', { class: mine ? 'mention mine' : 'mention', 'data-mention': kind }, name);
  }

  mentioned(kind, id, label) {
    const bare = label.replace(/^[@#]/, '');
    switch (kind) {
      case 'user': return `@${this.users.get(id)?.real_name || bare || id}`;
      case 'group': return `@${this.groups.get(id)?.handle || bare || id}`;
      case 'channel': return `#${this.channels.get(id)?.name || bare || 'private-channel'}`;
      default: return `@${id}`;
    }
  }

  // written turns the names that a person typed into mentions; the text is
  // already escaped.
  written(text) {
    return text.replace(/(^|[\s(])([@#])([\p{L}\p{N}._-]+)/gu, (whole, before, sign, name) => {
      const token = sign === '@' ? this.at(name) : this.hash(name);
      return token ? before + token : whole;
    });
  }

  at(name) {
    if (['here', 'channel', 'everyone'].includes(name)) return `<!${name}>`;
    for (const u of this.users.values()) if (u.name === name) return `<@${u.id}>`;
    for (const g of this.groups.values()) if (g.handle === name) return `<!subteam^${g.id}>`;
    return null;
  }

  hash(name) {
    for (const c of this.channels.values()) if (c.name === name) return `<#${c.id}>`;
    return null;
  }
}

const COLOURS = 8;

// avatar is a picture made of initials: nothing is fetched.
export function avatar(user, size = '') {
  const kind = user?.is_bot ? 'bot' : user?.id === 'USLACKBOT' ? 'slack' : '';
  const classes = ['avatar', size && `avatar-${size}`, kind ? `avatar-${kind}` : `avatar-${colour(user?.id ?? '')}`];
  return h('span', { class: classes.filter(Boolean).join(' '), 'aria-hidden': 'true' }, kind ? icon(kind) : initials(user));
}

function colour(id) {
  let sum = 0;
  for (const c of id) sum = (sum * 31 + c.codePointAt(0)) % 9973;
  return sum % COLOURS;
}

function initials(user) {
  const parts = (user?.real_name || user?.name || '?').split(/\s+/).filter(Boolean);
  return parts.slice(0, 2).map((p) => [...p][0].toUpperCase()).join('');
}

// presence is the dot that says whether the app has a socket open.
export function presence(connected) {
  return fragment(
    h('span', { class: connected ? 'dot on' : 'dot', 'aria-hidden': 'true' }),
    h('span', { class: 'quiet' }, connected ? 'connected' : 'not connected'),
  );
}
