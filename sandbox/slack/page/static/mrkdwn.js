// Slack's mrkdwn, with its rules of escaping: only <…> is markup for links,
// mentions and dates, and only &amp; &lt; &gt; are escapes. An escaped
// &lt;!channel&gt; is therefore text, whatever stands around it; it is decoded
// when a text node is made of it, and never looked at again.

import { fragment, h, outside, safeURL } from './dom.js';
import { emoji } from './emoji.js';
import { dated, when } from './time.js';

const ENTITIES = { amp: '&', lt: '<', gt: '>' };

export function decode(text) {
  return text.replace(/&(amp|lt|gt);/g, (_, name) => ENTITIES[name]);
}

// encode is what Slack's client does to what a person types.
export function encode(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

// mrkdwn draws a text. People knows names by id; verbatim leaves bare
// addresses as they are.
export function mrkdwn(text, people, { verbatim = false } = {}) {
  const d = { people, verbatim };
  const parts = String(text).split(/```([\s\S]+?)```/);
  return fragment(parts.map((part, n) => (n % 2 === 1 ? fenced(part, d) : prose(trimmed(part, n, parts), d))));
}

// plain is what is left of a text for somebody who only hears it, on one line:
// a line break has no text of its own.
export function plain(text, people) {
  return mrkdwn(String(text).replace(/\s*\n\s*/g, ' '), people).textContent;
}

function fenced(part, d) {
  return h('pre', { class: 'pre' }, literal(part.replace(/^\n/, '').replace(/\n$/, ''), d));
}

// trimmed takes away the line breaks next to a preformatted part, which is a
// paragraph of its own.
function trimmed(part, n, parts) {
  let text = part;
  if (n > 0) text = text.replace(/^\n/, '');
  if (n < parts.length - 1) text = text.replace(/\n$/, '');
  return text;
}

// A quote begins with > at the start of a line; Slack's own clients send it
// escaped, so both are taken.
const QUOTED = /^(?:&gt;|>)\s?/;
const QUOTED_TO_THE_END = /^(?:&gt;|>){3}\s?/;

function prose(text, d) {
  if (text === '') return [];
  const out = [];
  const lines = text.split('\n');
  let group = { quote: false, lines: [] };
  const close = () => {
    if (group.lines.length === 0) return;
    const drawn = group.lines.map((line, n) => [n > 0 && h('br'), inline(line, d)]);
    out.push(group.quote ? h('blockquote', { class: 'quote' }, drawn) : fragment(drawn));
  };
  let open = false;
  for (const line of lines) {
    const [quote, rest] = unquote(line, open);
    open ||= QUOTED_TO_THE_END.test(line);
    if (quote !== group.quote) {
      close();
      group = { quote, lines: [] };
    }
    group.lines.push(rest);
  }
  close();
  return out;
}

function unquote(line, open) {
  if (open) return [true, line];
  if (QUOTED_TO_THE_END.test(line)) return [true, line.replace(QUOTED_TO_THE_END, '')];
  return QUOTED.test(line) ? [true, line.replace(QUOTED, '')] : [false, line];
}

// inline draws one line.
function inline(line, d) {
  const out = [];
  let from = 0;
  let i = 0;
  while (i < line.length) {
    const found = markup(line, i, d);
    if (found) {
      out.push(words(line.slice(from, i), d), found.node);
      i = from = found.end;
    } else i += 1;
  }
  out.push(words(line.slice(from), d));
  return out;
}

function markup(line, i, d) {
  switch (line[i]) {
    case '<': return token(line, i, d, false);
    case '`': return code(line, i, d);
    case '*': return span(line, i, d, 'strong');
    case '_': return span(line, i, d, 'em');
    case '~': return span(line, i, d, 'del');
    default: return null;
  }
}

const ADDRESS = /(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]}'])/;

// words are text without markup: decoded last.
function words(text, d) {
  if (text === '') return [];
  const pictured = text.split(/:([a-z0-9_+-]+):/).map(named).join('');
  if (d.verbatim) return [pictured];
  return pictured.split(ADDRESS).map((part, n) => (n % 2 === 1 ? outside(part, part) : part));
}

// named pictures every second part: what stood between two colons.
function named(part, n) {
  return n % 2 === 0 ? decode(part) : emoji(part) ?? `:${part}:`;
}

const WORD = /[\p{L}\p{N}]/u;

// span is *bold*, _italic_ or ~struck~: its marks stand at the edges of words,
// on one line.
function span(line, i, d, tag) {
  if (i > 0 && WORD.test(line[i - 1])) return null;
  const end = closing(line, i);
  if (end < 0) return null;
  return { node: h(tag, {}, inline(line.slice(i + 1, end), d)), end: end + 1 };
}

function closing(line, start) {
  const mark = line[start];
  if (start + 2 >= line.length || /\s/.test(line[start + 1]) || line[start + 1] === mark) return -1;
  for (let i = start + 1; i < line.length; i += 1) {
    i = past(line, i);
    if (line[i] !== mark || /\s/.test(line[i - 1]) || i === start + 1) continue;
    if (i + 1 === line.length || !WORD.test(line[i + 1])) return i;
  }
  return -1;
}

const TOKEN = /<([^<>\n]+)>/y;
const CODE = /(?<!`)`([^`\n]+)`(?!`)/y;

// past skips a token or a piece of code that begins at i: a mark within it
// closes nothing.
function past(line, i) {
  for (const shape of [TOKEN, CODE]) {
    shape.lastIndex = i;
    const found = shape.exec(line);
    if (found) return i + found[0].length;
  }
  return i;
}

function code(line, i, d) {
  CODE.lastIndex = i;
  const found = CODE.exec(line);
  if (!found) return null;
  return { node: h('code', { class: 'code' }, literal(found[1], d)), end: i + found[0].length };
}

// literal is the content of code: no bold in there, but tokens are tokens.
function literal(text, d) {
  const out = [];
  let from = 0;
  let i = 0;
  while (i < text.length) {
    const found = text[i] === '<' ? token(text, i, d, true) : null;
    if (found) {
      out.push(decode(text.slice(from, i)), found.node);
      i = from = found.end;
    } else i += 1;
  }
  out.push(decode(text.slice(from)));
  return out;
}

// token is <…> at i; null when there is none.
function token(text, i, d, inCode) {
  TOKEN.lastIndex = i;
  const found = TOKEN.exec(text);
  if (!found) return null;
  const bar = found[1].indexOf('|');
  const target = bar < 0 ? found[1] : found[1].slice(0, bar);
  const label = bar < 0 ? '' : decode(found[1].slice(bar + 1));
  const node = meaning(target, label, d, inCode) ?? decode(found[0]);
  return { node, end: i + found[0].length };
}

function meaning(target, label, d, inCode) {
  const id = target.slice(1);
  switch (target[0]) {
    case '@': return /^[UW][A-Z0-9]+$/.test(id) ? d.people.mention('user', id, label) : null;
    case '#': return /^[CDG][A-Z0-9]+$/.test(id) ? d.people.mention('channel', id, label) : null;
    case '!': return special(id, label, d, inCode);
    default: return safeURL(decode(target)) && outside(decode(target), label || decode(target).replace(/^mailto:/, ''));
  }
}

function special(body, label, d, inCode) {
  const [name, ...rest] = body.split('^');
  if (['here', 'channel', 'everyone'].includes(name)) return d.people.mention('broadcast', name, '');
  if (name === 'subteam' && /^S[A-Z0-9]+$/.test(rest[0])) return d.people.mention('group', rest[0], label);
  if (name === 'date') return date(rest, label, inCode);
  return label || null;
}

// date is a moment in the reader's own time. In code it is the fallback.
function date([seconds = '', format = '', link = ''], fallback, inCode) {
  const text = inCode ? null : dated(seconds, decode(format));
  if (text === null) return fallback || null;
  const moment = new Date(Number(seconds) * 1000);
  const node = h('time', { datetime: moment.toISOString(), title: when(moment) }, text);
  return link ? outside(decode(link), node) : node;
}
