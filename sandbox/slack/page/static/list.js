// A list of messages that is drawn again without losing the place: rows that
// did not change stay, what was at the bottom stays there, and otherwise the
// reader is told that there is more below.

import { h, swap } from './dom.js';
import { message } from './message.js';
import { day, ofTS, sameDay } from './time.js';

const NEAR = 48; // pixels from the bottom that count as being there
const TOGETHER = 300; // seconds in which an author's messages stand together

// rows are the entries of a list: dividers between days, and messages.
export function rows(messages, place, { parents, replies }, app) {
  const out = [];
  let before;
  for (const m of messages) {
    if (!before || !sameDay(ofTS(before.ts), ofTS(m.ts))) out.push(divider(m));
    const parent = place === 'channel' && m.broadcast && m.thread_ts !== m.ts ? parents.get(m.thread_ts) : undefined;
    const opening = place === 'thread' && m.thread_ts !== m.ts; // the first reply begins anew
    const follow = continues(before, m) && !parent && !(opening && before === messages[0]);
    const under = place === 'channel' && m.reply_count > 0 && !m.broadcast ? replies.get(m.ts) ?? [] : undefined;
    out.push({
      key: m.ts, sign: JSON.stringify([m, follow, parent?.text, under?.map((r) => r.user)]), message: m,
      draw: () => message(m, { place, compact: follow, parent, replies: under }, app),
    });
    before = m;
  }
  return out;
}

function divider(m) {
  const text = day(ofTS(m.ts));
  return { key: `day ${text}`, sign: text, draw: () => h('div', { class: 'day', role: 'separator' }, h('span', {}, text)) };
}

function continues(before, m) {
  return before && before.user === m.user && !m.blocks?.length && !before.ephemeral === !m.ephemeral && !before.tombstone &&
    Number(m.ts) - Number(before.ts) < TOGETHER;
}

// List shows entries in a box that scrolls.
export class List {
  constructor(box, { onbelow = () => {} } = {}) {
    this.box = box;
    this.onbelow = onbelow;
    this.drawn = new Map();
    this.about = undefined;
    this.pinned = true;
    this.below = 0;
    box.addEventListener('scroll', () => this.scrolled(), { passive: true });
    box.addEventListener('keydown', (event) => this.walk(event));
    new ResizeObserver(() => this.pinned && this.toBottom()).observe(box);
  }

  near() {
    return this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < NEAR;
  }

  // follow goes to the end with the next message, which is the viewer's own.
  follow() {
    this.following = true;
  }

  scrolled() {
    this.pinned = this.near();
    if (this.pinned) this.count(0);
  }

  count(below) {
    this.below = below;
    this.onbelow(below);
  }

  toBottom() {
    this.box.scrollTop = this.box.scrollHeight;
    this.pinned = true;
    this.count(0);
  }

  // show draws the entries. About says of what: another thing begins at its
  // end. Head stands above the first entry.
  show(about, sign, entries, head = []) {
    const fresh = about !== this.about;
    const stay = fresh || this.near();
    const renamed = !fresh && sign !== this.sign; // all is drawn again, in its place
    const top = this.box.scrollTop;
    if (fresh || renamed) this.clear();
    Object.assign(this, { about, sign });
    const added = this.reconcile(entries, head);
    if (renamed && !stay) {
      this.box.scrollTop = top;
      return;
    }
    if (stay || (this.following && added > 0)) this.toBottom();
    else if (added > 0) this.count(this.below + added);
    if (added > 0) this.following = false;
  }

  clear() {
    this.drawn.clear();
    this.box.replaceChildren();
  }

  // reconcile brings the rows into order and returns how many came at the end.
  reconcile(entries, head) {
    const wanted = new Set(entries.map((e) => e.key));
    for (const [key, row] of this.drawn) if (!wanted.has(key)) this.drop(key, row);
    if (!this.head?.isConnected) {
      this.head = h('div', { class: 'list-head' });
      this.box.prepend(this.head);
    }
    this.head.replaceChildren(...[head].flat());
    let after = this.head;
    let added = 0;
    for (const entry of entries) {
      const fresh = !this.drawn.has(entry.key);
      const node = this.row(entry);
      if (after.nextSibling !== node) after.after(node);
      added = fresh && entry.message ? added + 1 : added;
      after = node;
    }
    return added;
  }

  drop(key, row) {
    this.drawn.delete(key);
    row.node.remove();
  }

  row(entry) {
    const have = this.drawn.get(entry.key);
    if (have?.sign === entry.sign) return have.node;
    const node = entry.draw();
    if (have) swap(have.node, node);
    this.drawn.set(entry.key, { sign: entry.sign, node });
    return node;
  }

  // walk goes from message to message with the arrow keys.
  walk(event) {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    const all = [...this.box.querySelectorAll('.message')];
    const at = all.indexOf(document.activeElement);
    if (at < 0 && document.activeElement !== this.box) return;
    const next = at < 0 ? all.at(-1) : all[at + (event.key === 'ArrowDown' ? 1 : -1)];
    if (!next) return;
    event.preventDefault();
    next.focus();
    next.scrollIntoView({ block: 'nearest' });
  }
}
