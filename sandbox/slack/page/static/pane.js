// The pane beside the channel: a thread, or the guide.

import { Composer } from './composer.js';
import { closeButton } from './dialog.js';
import { h } from './dom.js';
import { List, rows } from './list.js';

function frame(title, about, onclose) {
  return h('header', { class: 'pane-head' },
    h('h2', {}, title, about && h('span', { class: 'quiet' }, about)), closeButton(`Close ${title.toLowerCase()}`, onclose));
}

// Thread shows a message and what was replied to it.
export class Thread {
  constructor(node, app) {
    this.app = app;
    this.node = node;
    this.messages = h('div', { class: 'messages', tabIndex: 0, role: 'log', 'aria-live': 'off', 'aria-label': 'Replies', 'data-focus': 'thread' });
    this.composer = new Composer(h('div', { class: 'composer' }), { onsend: (text) => this.reply(text) });
    this.composer.label('Reply…');
    this.list = new List(this.messages);
  }

  open(ts) {
    this.ts = ts;
    const about = `# ${this.app.people.channelName(this.app.channel)}`;
    this.node.setAttribute('aria-label', 'Thread');
    this.node.replaceChildren(frame('Thread', about, () => this.app.closePane()), this.messages, this.composer.box);
  }

  close() {
    this.ts = undefined;
  }

  // render draws the thread; one whose message is gone is closed.
  render(app) {
    if (!this.ts) return;
    const all = app.channel?.messages.filter((m) => m.ts === this.ts || m.thread_ts === this.ts) ?? [];
    if (all.length === 0) {
      app.closePane();
      return;
    }
    const entries = rows(all, 'thread', { parents: new Map(), replies: new Map() }, app).filter((e) => e.message);
    const count = all.filter((m) => m.ts !== this.ts && !m.ephemeral).length;
    const words = count === 1 ? '1 reply' : `${count} replies`;
    entries.splice(1, 0, ...(count > 0 ? [{ key: 'count', sign: words, draw: () => h('div', { class: 'thread-count' }, h('span', {}, words)) }] : []));
    this.list.show(`${app.people.me.id}/${app.channel.id}/${this.ts}`, app.sign, entries);
    this.composer.replace(...app.closed());
  }

  async reply(text) {
    if (text.startsWith('/')) {
      this.app.notices.toast(`${text.split(' ')[0]} is not supported in threads. Sorry!`);
      return false;
    }
    this.list.follow();
    return this.app.say(text, this.ts);
  }
}

// Guide is the "Try this" panel.
export class Guide {
  constructor(node, app) {
    this.node = node;
    this.app = app;
    this.done = new Set();
  }

  open() {
    this.node.setAttribute('aria-label', 'Try this');
    this.node.replaceChildren(frame('Try this', '', () => this.app.closePane()),
      h('ol', { class: 'guide' }, this.app.settings.guide.map((g, n) => h('li', {}, this.entry(g, n)))));
  }

  entry(g, n) {
    const inside = [
      h('span', { class: 'guide-number', 'aria-hidden': 'true' }, String(n + 1)),
      h('span', { class: 'guide-text' }, h('span', { class: 'guide-title' }, g.title), h('span', { class: 'guide-words' }, g.text),
        g.user && h('span', { class: 'guide-words quiet' }, `As ${this.app.people.name(g.user)}`),
        g.command && h('code', { class: 'code' }, g.command),
        g.scene && h('span', { class: 'guide-scene' }, 'Let it happen')),
    ];
    if (!g.command && !g.user && !g.scene) return h('div', { class: 'guide-entry' }, inside);
    const node = h('button', {
      type: 'button', class: this.done.has(n) ? 'guide-entry done' : 'guide-entry', 'data-focus': `guide/${n}`,
      onclick: () => {
        this.done.add(n);
        node.classList.add('done');
        this.app.tryThis(g);
      },
    }, inside);
    return node;
  }
}
