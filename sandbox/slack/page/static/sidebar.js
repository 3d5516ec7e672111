// The list of conversations.

import { h, refill } from './dom.js';
import { icon } from './icons.js';
import { avatar, presence } from './people.js';

export class Sidebar {
  constructor(node, { onpick }) {
    this.node = node;
    this.onpick = onpick;
  }

  render(app) {
    const { state, people, channel } = app;
    const sign = JSON.stringify([state.me, channel?.id, state.connected > 0, state.channels.map((c) => [c.id, c.name, c.is_member, app.unread(c)])]);
    if (sign === this.sign) return;
    this.sign = sign;
    const kinds = [
      ['Channels', state.channels.filter((c) => !c.is_im && !c.is_archived)],
      ['Direct messages', state.channels.filter((c) => c.is_im)],
      ['Archived', state.channels.filter((c) => c.is_archived)],
    ];
    refill(this.node,
      h('div', { class: 'team' }, h('span', { class: 'team-mark', 'aria-hidden': 'true' }, [...state.team.name][0]), h('span', { class: 'team-name' }, state.team.name)),
      kinds.filter(([, list]) => list.length > 0).map(([title, list]) => this.section(title, list, app)),
      h('section', { class: 'side-section', 'aria-label': 'Apps' }, h('h2', {}, 'Apps'),
        h('div', { class: 'side-app' }, avatar(people.users.get(state.app.bot_user), 'small'), h('span', { class: 'side-name' }, state.app.name),
          presence(state.connected > 0))));
  }

  section(title, list, app) {
    return h('section', { class: 'side-section', 'aria-label': title }, h('h2', {}, title),
      h('ul', {}, list.map((c) => h('li', {}, this.row(c, app)))));
  }

  row(c, app) {
    const unread = app.unread(c);
    const classes = ['side-row', unread && 'unread', !c.is_member && 'outside'];
    const picture = c.is_im ? avatar(app.people.users.get(c.members.find((m) => m !== app.people.me.id)), 'small') : icon(kind(c));
    return h('button', {
      type: 'button', class: classes.filter(Boolean).join(' '), 'data-focus': `side/${c.id}`, 'data-channel': c.id,
      'aria-current': c.id === app.channel?.id ? 'page' : undefined, onclick: () => this.onpick(c.id),
      'aria-label': [app.people.channelName(c), ...hints(c), unread && 'unread'].filter(Boolean).join(', '),
    }, picture, h('span', { class: 'side-name' }, app.people.channelName(c)));
  }
}

// kind is the picture of a channel.
export function kind(c) {
  if (c.is_archived) return 'archive';
  if (c.is_ext_shared) return 'shared';
  return c.is_private ? 'lock' : 'hash';
}

// hints are the words for what the picture shows.
export function hints(c) {
  return [
    c.is_private && !c.is_im && 'private', c.is_ext_shared && 'shared with another company',
    c.is_archived && 'archived', !c.is_member && 'not a member',
  ].filter(Boolean);
}
