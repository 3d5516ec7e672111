// rich_text blocks, which are structured already and need no parsing.

import { drawer, h, outside } from './dom.js';
import { emoji } from './emoji.js';
import { dated } from './time.js';

export const RICH = {
  rich_text_section: (e, people) => h('div', { class: 'rich' }, inlines(e.elements, people)),
  rich_text_preformatted: (e, people) => h('pre', { class: 'pre' }, inlines(e.elements, people)),
  rich_text_quote: (e, people) => h('blockquote', { class: 'quote' }, inlines(e.elements, people)),
  rich_text_list: list,
};

export const INLINE = {
  text: (e) => lines(e.text),
  link: (e) => outside(e.url, e.text || e.url),
  user: (e, people) => people.mention('user', e.user_id, ''),
  usergroup: (e, people) => people.mention('group', e.usergroup_id, ''),
  channel: (e, people) => people.mention('channel', e.channel_id, ''),
  broadcast: (e, people) => people.mention('broadcast', e.range, ''),
  emoji: (e) => emoji(e.name) ?? `:${e.name}:`,
  date: (e) => dated(String(e.timestamp), e.format) ?? e.fallback ?? '',
};

export function rich(block, people) {
  return block.elements.map((e) => drawer(RICH, e.type)(e, people));
}

function list(e, people) {
  const items = e.elements.map((item) => h('li', {}, inlines(item.elements, people)));
  const level = `list indent-${Math.min(e.indent ?? 0, 5)}`;
  if (e.style === 'ordered') return h('ol', { class: level, start: (e.offset ?? 0) + 1 }, items);
  return h('ul', { class: level }, items);
}

function inlines(elements, people) {
  return elements.map((e) => styled(drawer(INLINE, e.type)(e, people), e.style ?? {}));
}

const STYLES = [['bold', 'strong'], ['italic', 'em'], ['strike', 'del']];

function styled(drawn, style) {
  let node = style.code ? h('code', { class: 'code' }, drawn) : drawn;
  for (const [name, tag] of STYLES) if (style[name]) node = h(tag, {}, node);
  return node;
}

function lines(text) {
  return text.split('\n').flatMap((line, n) => (n > 0 ? [h('br'), line] : [line]));
}
