// Text objects.

import { drawer, fragment, h } from './dom.js';
import { withEmoji } from './emoji.js';
import { mrkdwn } from './mrkdwn.js';

export const TEXT = {
  mrkdwn: (t, s) => mrkdwn(t.text, s.people, { verbatim: t.verbatim === true }),
  plain_text: (t) => plainLines(t.emoji === false ? t.text : withEmoji(t.text)),
};

// text draws a text object.
export function text(t, s) {
  return drawer(TEXT, t.type)(t, s);
}

function plainLines(value) {
  return fragment(value.split('\n').map((line, n) => [n > 0 && h('br'), line]));
}
