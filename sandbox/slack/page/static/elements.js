// Interactive elements, one drawer a type. A surface says what is chosen
// (chosen), takes what is entered (record) and what is done (act).

import { confirmed } from './dialog.js';
import { drawer, h, safeURL, uid } from './dom.js';
import { icon } from './icons.js';
import { closeMenu, menuIsOpen, openMenu } from './menu.js';
import { text } from './text.js';

export const ELEMENTS = {
  button,
  overflow,
  static_select: select,
  checkboxes,
  radio_buttons: radios,
  plain_text_input: field,
};

export function element(e, b, s) {
  return drawer(ELEMENTS, e.type)(e, b, s);
}

function focusOf(e, b, s, part = '') {
  return [s.key, b.block_id, e.action_id, part].join('/');
}

// asked waits for the element's confirm dialog, if it has one.
function asked(e, s) {
  return confirmed(e.confirm, (t) => text(t, s));
}

// busily shows that something is under way until it has arrived.
async function busily(node, work) {
  node.setAttribute('aria-busy', 'true');
  try {
    await work();
  } finally {
    node.removeAttribute('aria-busy');
  }
}

function button(e, b, s) {
  const classes = ['button', 'b-button', e.style].filter(Boolean).join(' ');
  const href = e.url && safeURL(e.url);
  const press = async () => {
    if (node.getAttribute('aria-busy') !== 'true' && await asked(e, s)) await busily(node, () => s.act(b, e));
  };
  const shared = {
    class: classes, 'data-focus': focusOf(e, b, s), 'data-action': e.action_id, 'aria-label': e.accessibility_label,
    title: e.text.text.length > 30 ? e.text.text : undefined, onclick: press,
  };
  const label = h('span', { class: 'b-button-text' }, text(e.text, s));
  const node = href
    ? h('a', { ...shared, href, target: '_blank', rel: 'noopener noreferrer' }, label)
    : h('button', { ...shared, type: 'button' }, label);
  return node;
}

function overflow(e, b, s) {
  const items = e.options.map((o) => ({ value: o.value, label: text(o.text, s), description: o.description && text(o.description, s) }));
  const pick = async (value) => {
    const href = safeURL(e.options.find((o) => o.value === value).url ?? '');
    if (href) window.open(href, '_blank', 'noopener');
    if (await asked(e, s)) await busily(node, () => s.act(b, e, value));
  };
  const node = h('button', {
    type: 'button', class: 'button b-overflow', 'aria-haspopup': 'menu', 'aria-expanded': 'false', 'aria-label': 'More actions',
    title: 'More actions', 'data-focus': focusOf(e, b, s), 'data-action': e.action_id,
    onclick: () => toggle(node, { label: 'More actions', items: copies(items), onpick: pick }),
  }, icon('more'));
  return node;
}

// copies are items with nodes of their own, for a menu that is opened again.
function copies(items) {
  return items.map((i) => ({ ...i, label: i.label.cloneNode(true), description: i.description?.cloneNode(true) }));
}

function toggle(anchor, menu) {
  if (menuIsOpen(anchor)) closeMenu(true);
  else openMenu(anchor, menu);
}

function choices(e) {
  const grouped = (e.option_groups ?? []).flatMap((g) => g.options.map((o) => ({ ...o, group: g.label.text })));
  return [...(e.options ?? []), ...grouped];
}

function select(e, b, s) {
  const options = choices(e);
  const value = h('span', { class: 'select-value', id: uid('value') });
  let chosen;
  const show = (v) => {
    chosen = v;
    const option = options.find((o) => o.value === v);
    value.replaceChildren(option ? text(option.text, s) : e.placeholder ? text(e.placeholder, s) : 'Choose…');
    value.classList.toggle('empty', !option);
  };
  const pick = async (v) => {
    if (!(await asked(e, s))) return;
    show(v);
    await busily(node, () => s.choose(b, e, v));
  };
  const items = options.map((o) => ({
    value: o.value, group: o.group, label: text(o.text, s), description: o.description && text(o.description, s),
  }));
  const node = h('button', {
    ...named(e, s, value.id), type: 'button', class: 'select', 'aria-haspopup': 'listbox', 'aria-expanded': 'false',
    'data-focus': focusOf(e, b, s), 'data-action': e.action_id,
    onclick: () => toggle(node, { label: e.placeholder?.text ?? 'Options', items: copies(items), selected: chosen, role: 'listbox', onpick: pick }),
  }, value, icon('down'));
  show(s.chosen(b, e));
  return node;
}

// named are the attributes that tell which label, hint and error belong to a
// control in an input block.
function named(e, s, value = '') {
  if (!s.ids) return {};
  return {
    id: s.ids.control, 'aria-labelledby': `${s.ids.label} ${value}`.trim(), 'aria-describedby': `${s.ids.error} ${s.ids.hint}`,
  };
}

function boxes(e, b, s, { kind, role, ticked, change }) {
  const group = uid('group');
  const rows = e.options.map((o) => h('label', { class: 'tick' },
    h('input', {
      type: kind, name: group, value: o.value, checked: ticked(o.value), 'data-focus': focusOf(e, b, s, o.value),
      onchange: (event) => change(event.target),
    }),
    h('span', {}, text(o.text, s), o.description && h('span', { class: 'tick-description' }, text(o.description, s)))));
  return h('div', { ...named(e, s), role, class: 'ticks', 'data-action': e.action_id }, rows);
}

function checkboxes(e, b, s) {
  let chosen = [...(s.chosen(b, e) ?? [])];
  const change = async (box) => {
    if (!(await asked(e, s))) {
      box.checked = !box.checked;
      return;
    }
    chosen = e.options.map((o) => o.value).filter((v) => (v === box.value ? box.checked : chosen.includes(v)));
    await s.choose(b, e, chosen);
  };
  return boxes(e, b, s, { kind: 'checkbox', role: 'group', ticked: (v) => chosen.includes(v), change });
}

function radios(e, b, s) {
  let chosen = s.chosen(b, e);
  const change = async (box) => {
    if (!(await asked(e, s))) {
      for (const other of box.closest('.ticks').querySelectorAll('input')) other.checked = other.value === chosen;
      return;
    }
    chosen = box.value;
    await s.choose(b, e, chosen);
  };
  return boxes(e, b, s, { kind: 'radio', role: 'radiogroup', ticked: (v) => v === chosen, change });
}

function field(e, b, s) {
  const node = h(e.multiline ? 'textarea' : 'input', {
    ...named(e, s), class: 'field', type: e.multiline ? undefined : 'text', rows: e.multiline ? 4 : undefined,
    maxlength: e.max_length ?? 3000, placeholder: e.placeholder?.text, autocomplete: 'off', spellcheck: 'true',
    value: s.chosen(b, e) ?? '', 'data-focus': focusOf(e, b, s), 'data-action': e.action_id,
    oninput: () => s.record(b, e, node.value),
  });
  return node;
}
