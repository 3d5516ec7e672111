// The page: one viewer, one channel, perhaps a pane beside it.

import { disagreements } from './blocks.js';
import { known } from './complete.js';
import { Composer } from './composer.js';
import { h } from './dom.js';
import { icon } from './icons.js';
import { List, rows } from './list.js';
import { Modal } from './modal.js';
import { encode } from './mrkdwn.js';
import { Notices } from './notice.js';
import { Guide, Thread } from './pane.js';
import { People } from './people.js';
import { Sidebar, hints, kind } from './sidebar.js';
import { Store } from './store.js';
import { Viewer, theme } from './top.js';

const WIDE = matchMedia('(min-width: 1100px)');
const $ = (id) => document.getElementById(id);
const roots = (m) => !m.thread_ts || m.thread_ts === m.ts || m.broadcast;

class App {
  constructor(settings) {
    this.settings = settings;
    this.notices = new Notices({ announcer: $('announcer'), toast: $('toast'), link: $('link') });
    this.read = new Map(); // viewer and channel → ts of the newest message that was seen
    this.store = new Store({ onstate: (state) => this.render(state), onlink: (up) => this.notices.linked(up) });
    this.sidebar = new Sidebar($('sidebar'), { onpick: (id) => this.go(id) });
    this.viewer = new Viewer($('viewer'), { onpick: (id) => this.be(id) });
    this.list = new List($('messages'), { onbelow: (n) => this.below(n) });
    this.modal = new Modal(this);
    this.thread = new Thread($('pane'), this);
    this.guide = new Guide($('pane'), this);
    this.composer = new Composer($('composer'), {
      onsend: (text) => this.type(text), commands: () => known(settings.completions, this.state?.app ?? {}),
    });
    this.buttons();
    document.addEventListener('keydown', (event) => event.key === 'Escape' && !event.defaultPrevented && this.escape());
  }

  buttons() {
    $('title').textContent = this.settings.title;
    $('guide').hidden = this.settings.guide.length === 0;
    $('guide').append(icon('guide'), h('span', { class: 'wide' }, 'Try this'));
    $('guide').addEventListener('click', () => (this.pane === 'guide' ? this.closePane() : this.openGuide()));
    $('nav').append(icon('menu'));
    $('nav').addEventListener('click', () => this.nav(!document.body.classList.contains('nav-open')));
    $('shade').addEventListener('click', () => this.escape());
    $('jump').addEventListener('click', () => this.list.toBottom());
    theme($('theme'));
    WIDE.addEventListener('change', () => this.pane === 'guide' && !WIDE.matches && this.closePane());
  }

  start() {
    const query = new URLSearchParams(location.search);
    this.wanted = query.get('channel') ?? this.settings.channel;
    const ids = this.settings.people.map((p) => p.user);
    this.store.view(ids.includes(query.get('as')) ? query.get('as') : ids[0]);
  }

  // be looks through another person's eyes.
  async be(user) {
    if (user === this.store.viewer) return;
    this.wanted = this.channel?.id;
    this.closePane();
    await this.store.view(user);
  }

  go(channel) {
    this.wanted = channel;
    this.nav(false);
    if (this.thread.ts) this.closePane();
    this.render(this.state);
    this.composer.input.focus();
  }

  render(state) {
    const before = this.state;
    this.state = state;
    this.people = new People(state, this.settings);
    this.sign = JSON.stringify([state.me.id, state.users, state.groups, state.channels.map((c) => c.name)]);
    const of = (id) => state.channels.find((c) => c.id === id);
    this.channel = of(this.wanted) ?? of(this.channel?.id) ?? state.channels.find((c) => c.is_member && !c.is_archived) ?? state.channels[0];
    this.notices.announce(before, this);
    this.see(before?.me.id !== state.me.id);
    this.viewer.render(this);
    this.sidebar.render(this);
    this.head();
    this.body();
    if (this.pane === undefined && !before && this.settings.guide.length > 0 && WIDE.matches) this.openGuide();
    this.thread.render(this);
    this.modal.render(state);
    this.address();
  }

  // see marks the open channel as read, and at first all of them.
  see(all) {
    for (const c of this.state.channels) {
      const key = `${this.state.me.id}/${c.id}`;
      const open = c.id === this.channel?.id;
      if (open || (all && !this.read.has(key))) this.read.set(key, newest(c));
    }
  }

  unread(c) {
    return newest(c) > (this.read.get(`${this.state.me.id}/${c.id}`) ?? '');
  }

  head() {
    const c = this.channel;
    const name = c ? this.people.channelName(c) : 'Nothing to see';
    document.title = `${name} · ${this.state.team.name}`;
    const words = c ? [c.members.length === 1 ? '1 member' : `${c.members.length} members`, ...hints(c)] : ['This person is in no channel.'];
    $('channel-head').replaceChildren(
      h('h1', {}, c && icon(c.is_im ? 'person' : kind(c)), h('span', {}, name)), h('p', { class: 'quiet' }, words.join(' · ')));
    $('messages').setAttribute('aria-label', `Messages in ${name}`);
    this.composer.label(c ? `Message ${c.is_im ? '' : '#'}${name}` : '');
    this.composer.replace(...this.closed());
  }

  // closed is what stands in the composer's place where nothing can be said.
  closed() {
    const c = this.channel;
    if (!c) return ['Nothing can be written here.'];
    if (c.is_archived) return ['This channel is archived. Nothing can be written here.'];
    if (c.is_member) return [];
    return [`You are looking at #${c.name} from outside.`,
      h('button', { type: 'button', class: 'button', onclick: () => this.store.post('join', { channel: c.id }) }, 'Join channel')];
  }

  body() {
    const all = this.channel?.messages ?? [];
    const parents = new Map(all.map((m) => [m.ts, m]));
    const replies = new Map();
    for (const m of all) {
      if (m.thread_ts && m.thread_ts !== m.ts && !m.ephemeral) replies.set(m.thread_ts, [...(replies.get(m.thread_ts) ?? []), m]);
    }
    // An ephemeral answer in a thread is in the thread alone.
    const entries = rows(all.filter(roots), 'channel', { parents, replies }, this);
    this.list.show(`${this.people.me.id}/${this.channel?.id}`, this.sign, entries, this.channel ? this.welcome() : []);
  }

  welcome() {
    const c = this.channel;
    const name = this.people.channelName(c);
    return h('div', { class: 'welcome' }, h('h2', {}, c.is_im ? name : `#${name}`),
      h('p', {}, c.is_im ? `What you and ${name} write stays between you.` : `This is the very beginning of #${name}.`));
  }

  below(n) {
    $('jump').hidden = n === 0;
    $('jump').replaceChildren(icon('arrow'), n === 1 ? '1 new message' : `${n} new messages`);
  }

  // type is what the composer sends: a command or a message.
  type(text) {
    this.list.follow();
    return text.startsWith('/') ? this.command(text) : this.say(text);
  }

  async command(text) {
    const answer = await this.store.post('command', { channel: this.channel.id, text, wait: false });
    if (answer.ok || answer.error === 'unknown_command') return true; // Slackbot says so itself
    this.notices.complain(answer.error);
    return false;
  }

  async say(text, thread) {
    const answer = await this.store.post('say', { channel: this.channel.id, thread_ts: thread, text: this.people.written(encode(text)) });
    if (!answer.ok) this.notices.complain(answer.error);
    return answer.ok;
  }

  async act(press) {
    const answer = await this.store.post('act', press);
    if (!answer.ok) this.notices.complain(answer.error);
  }

  openThread(ts) {
    this.returnTo = document.activeElement?.closest('[data-focus]')?.dataset.focus;
    this.show('thread');
    this.thread.open(ts);
    this.thread.render(this);
    this.thread.composer.input.focus();
  }

  openGuide() {
    this.thread.close();
    this.show('guide');
    this.guide.open();
  }

  show(pane) {
    if (pane === 'thread') this.guideWasOpen ||= this.pane === 'guide';
    else this.guideWasOpen = false;
    this.pane = pane;
    $('pane').hidden = false;
    $('guide').setAttribute('aria-expanded', String(pane === 'guide'));
    document.body.classList.add('pane-open');
  }

  // closePane closes the pane; behind a thread the guide comes back.
  closePane() {
    const thread = this.pane === 'thread';
    if (!this.pane) return;
    this.thread.close();
    if (thread && this.guideWasOpen && WIDE.matches) {
      this.openGuide();
    } else {
      this.pane = 'none';
      $('pane').hidden = true;
      $('pane').replaceChildren();
      $('guide').setAttribute('aria-expanded', 'false');
      document.body.classList.remove('pane-open');
    }
    const back = thread && [...document.querySelectorAll('[data-focus]')].find((e) => e.dataset.focus === this.returnTo);
    (back || this.composer.input).focus({ preventScroll: true });
  }

  nav(open) {
    document.body.classList.toggle('nav-open', open);
    $('nav').setAttribute('aria-expanded', String(open));
    if (open) $('sidebar').querySelector('[aria-current], button')?.focus();
  }

  // escape closes what lies over the channel.
  escape() {
    if (document.body.classList.contains('nav-open')) {
      this.nav(false);
      $('nav').focus();
    } else if (this.pane === 'thread' || (this.pane === 'guide' && !WIDE.matches)) this.closePane();
  }

  async tryThis(g) {
    if (!WIDE.matches) this.closePane();
    if (g.user) await this.be(g.user);
    if (g.command) this.composer.fill(g.command);
    if (g.scene) await this.play(g.scene);
  }

  // play lets something happen outside of the workspace.
  async play(name) {
    const answer = await this.store.post('scene', { name });
    if (answer.ok) this.notices.toast(answer.text);
    else this.notices.complain(answer.error);
  }

  // address lets a reload come back to the same person and channel.
  address() {
    const query = new URLSearchParams({ as: this.state.me.id, channel: this.channel?.id ?? '' });
    if (`?${query}` !== location.search) history.replaceState(null, '', `?${query}`);
  }
}

function newest(c) {
  return c.messages.filter(roots).at(-1)?.ts ?? '';
}

async function main() {
  const [settings, drawn] = await Promise.all(['settings.json', 'drawn.json'].map(async (name) => (await fetch(`/page/${name}`)).json()));
  const wrong = disagreements(drawn);
  if (wrong.length > 0) throw new Error(`drawn.json and the drawers disagree about: ${wrong.join(', ')}`);
  new App(settings).start();
}

main().catch((error) => {
  $('toast').replaceChildren(h('div', { class: 'toast' }, `The page could not start: ${error.message}`));
});
