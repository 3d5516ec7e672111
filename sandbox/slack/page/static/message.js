// One message, as a row of the channel or of a thread.

import { blocks } from './blocks.js';
import { h } from './dom.js';
import { fileCard } from './files.js';
import { icon } from './icons.js';
import { mrkdwn, plain } from './mrkdwn.js';
import { avatar } from './people.js';
import { clock, ofTS, when } from './time.js';

// initial is what an element has chosen at first.
export function initial(e) {
  if (e.initial_options) return e.initial_options.map((o) => o.value);
  return e.initial_option?.value ?? e.initial_value;
}

// surface is what the blocks of a message act on.
function surface(m, place, app) {
  const send = (b, e, value) => app.act({
    channel: m.channel, ts: m.ts, block_id: b.block_id, action_id: e.action_id,
    ...(Array.isArray(value) ? { values: value } : { value: value ?? '' }),
  });
  return {
    people: app.people, key: `${place}/${m.ts}`, act: send, choose: send, record: () => {},
    chosen: (b, e) => m.selected?.[b.block_id]?.[e.action_id] ?? initial(e),
  };
}

// message draws a row. Place is channel or thread; compact rows continue what
// the same author said just before.
export function message(m, { place, compact, parent, replies }, app) {
  const user = app.people.users.get(m.user);
  const at = ofTS(m.ts);
  const name = app.people.name(m.user);
  const stamp = h('time', { class: 'stamp', datetime: at.toISOString(), title: when(at) }, clock(at));
  const classes = ['message', compact && 'compact', m.ephemeral && 'ephemeral', m.tombstone && 'tombstone'];
  return h('article', {
    class: classes.filter(Boolean).join(' '), 'data-ts': m.ts, 'data-focus': `${place}/${m.ts}`, tabIndex: -1,
    'aria-label': `${name}, ${clock(at)}${m.ephemeral ? ', only visible to you' : ''}`,
  },
  m.ephemeral && h('div', { class: 'only-you' }, icon('eye'), 'Only visible to you'),
  parent && broadcastLine(parent, place, app),
  h('div', { class: 'gutter' }, compact ? stamp : avatar(user)),
  h('div', { class: 'body' },
    !compact && h('div', { class: 'head' }, h('span', { class: 'author' }, name), app.people.tag(user), stamp),
    content(m, place, app),
    (m.files ?? []).map((f) => fileCard(f)),
    m.failure && h('p', { class: 'failure', role: 'note' }, icon('warn'), m.failure),
    replies && replyBar(m, replies, app)),
  !m.ephemeral && !m.tombstone && place === 'channel' && toolbar(m, app));
}

function content(m, place, app) {
  if (m.tombstone) return h('div', { class: 'content quiet' }, m.text);
  const drawn = m.blocks?.length ? blocks(m.blocks, surface(m, place, app)) : mrkdwn(m.text, app.people);
  return h('div', { class: 'content' }, drawn, m.edited_ts && h('span', { class: 'quiet' }, ' (edited)'));
}

// broadcastLine stands above a reply that is shown in the channel as well.
function broadcastLine(parent, place, app) {
  const text = plain(parent.text, app.people);
  const short = text.length > 70 ? `${text.slice(0, 70)}…` : text;
  return h('div', { class: 'broadcast' }, 'replied to a thread: ',
    h('button', { type: 'button', class: 'as-link', 'data-focus': `${place}/${parent.ts}/parent`, onclick: () => app.openThread(parent.ts) }, short || 'a message'));
}

function replyBar(m, replies, app) {
  const authors = [...new Set(replies.map((r) => r.user))].slice(0, 4);
  const count = m.reply_count === 1 ? '1 reply' : `${m.reply_count} replies`;
  return h('button', {
    type: 'button', class: 'reply-bar', 'data-focus': `channel/${m.ts}/replies`, onclick: () => app.openThread(m.ts),
  },
  h('span', { class: 'reply-faces' }, authors.map((id) => avatar(app.people.users.get(id), 'small'))),
  h('span', { class: 'reply-count' }, count),
  h('span', { class: 'quiet reply-last' }, `Last reply ${when(ofTS(m.latest_reply ?? m.ts))}`));
}

function toolbar(m, app) {
  const ts = m.broadcast ? m.thread_ts : m.ts;
  return h('div', { class: 'toolbar' },
    h('button', {
      type: 'button', class: 'icon-button', 'aria-label': 'Reply in thread', title: 'Reply in thread',
      'data-focus': `channel/${m.ts}/toolbar`, onclick: () => app.openThread(ts),
    }, icon('reply')));
}
