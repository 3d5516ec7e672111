// Blocks, one drawer a type. What stands around a block is its surface: a
// message or a modal, with who acts, what is chosen and where acts go.

import { drawer, h, uid } from './dom.js';
import { ELEMENTS, element } from './elements.js';
import { INLINE, RICH, rich } from './rich.js';
import { TEXT, text } from './text.js';

const BLOCKS = {
  header: (b, s) => h('h3', { class: 'b-header' }, text(b.text, s)),
  divider: () => h('hr', { class: 'b-divider' }),
  section,
  context: (b, s) => h('div', { class: 'b-context' }, b.elements.map((e) => drawer(CONTEXT, e.type)(e, s))),
  actions: (b, s) => h('div', { class: 'b-actions' }, b.elements.map((e) => element(e, b, s))),
  image: (b, s) => h('figure', { class: 'b-image' }, b.title && h('figcaption', {}, text(b.title, s)), picture(b)),
  input,
  rich_text: (b, s) => h('div', { class: 'b-rich' }, rich(b, s.people)),
};

const CONTEXT = {
  image: (e) => picture(e, 'small'),
  mrkdwn: (e, s) => h('span', { class: 'b-context-text' }, text(e, s)),
  plain_text: (e, s) => h('span', { class: 'b-context-text' }, text(e, s)),
};

// blocks draws a list of blocks.
export function blocks(list, s) {
  return list.map((b) => {
    const node = drawer(BLOCKS, b.type)(b, s);
    node.dataset.block = b.type;
    return node;
  });
}

function section(b, s) {
  const body = h('div', { class: 'b-section-text' },
    b.text && h('div', {}, text(b.text, s)),
    b.fields && h('div', { class: 'b-fields' }, b.fields.map((f) => h('div', {}, text(f, s)))));
  const accessory = b.accessory && h('div', { class: 'b-accessory' },
    b.accessory.type === 'image' ? picture(b.accessory, 'large') : element(b.accessory, b, s));
  return h('div', { class: 'b-section' }, body, accessory);
}

// picture shows an image of this workspace; one from elsewhere is named and
// not fetched, for nothing leaves the machine.
function picture(e, size = '') {
  const here = new URL(e.image_url, location.href).origin === location.origin;
  const classes = size ? `picture picture-${size}` : 'picture';
  if (here) return h('img', { class: classes, src: e.image_url, alt: e.alt_text });
  return h('span', { class: `${classes} absent`, role: 'img', 'aria-label': e.alt_text, title: e.image_url }, e.alt_text);
}

function input(b, s) {
  const ids = { control: uid('input'), label: uid('label'), hint: uid('hint'), error: uid('error') };
  const control = element(b.element, b, { ...s, ids });
  return h('div', { class: 'b-input', 'data-input': b.block_id },
    h('label', { class: 'b-label', id: ids.label, htmlFor: ids.control },
      text(b.label, s), b.optional && h('span', { class: 'quiet' }, ' (optional)')),
    control,
    h('p', { class: 'b-error', id: ids.error, hidden: true }),
    b.hint && h('p', { class: 'b-hint', id: ids.hint }, text(b.hint, s)));
}

// disagreements compares what is drawn here with the list that Go reads too.
export function disagreements(drawn) {
  const here = {
    block: BLOCKS, text: TEXT, context: CONTEXT, rich_text: RICH, rich_inline: INLINE,
    accessory: { ...without(ELEMENTS, 'plain_text_input'), image: picture },
    actions: without(ELEMENTS, 'plain_text_input'),
    input: without(without(ELEMENTS, 'button'), 'overflow'),
  };
  return Object.keys({ ...here, ...drawn }).filter((place) => {
    const mine = Object.keys(here[place] ?? {}).sort();
    return mine.join() !== [...(drawn[place] ?? [])].sort().join();
  });
}

function without(drawers, name) {
  return Object.fromEntries(Object.entries(drawers).filter(([key]) => key !== name));
}
