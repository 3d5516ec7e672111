// Nodes are built, never parsed: outside text only ever becomes a text node or
// the value of an attribute that cannot run anything.

const PROPERTIES = new Set(['value', 'checked', 'disabled', 'hidden', 'htmlFor', 'tabIndex']);

// h makes an element: props are attributes, properties, or on… listeners.
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) assign(node, key, value);
  node.append(...children.flat(Infinity).filter(present));
  return node;
}

function assign(node, key, value) {
  if (value === undefined || value === null || value === false) return;
  if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
  else if (PROPERTIES.has(key)) node[key] = value;
  else node.setAttribute(key, value === true ? '' : String(value));
}

function present(child) {
  return child !== undefined && child !== null && child !== false && child !== '';
}

// fragment is a list of nodes and texts as one node.
export function fragment(...children) {
  const node = document.createDocumentFragment();
  node.append(...children.flat(Infinity).filter(present));
  return node;
}

// safeURL is the address if it is one to go to by a click; javascript: and
// data: are not.
export function safeURL(text) {
  try {
    const url = new URL(text);
    return ['http:', 'https:', 'mailto:'].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

// outside is a link that leaves the page, or plain text if the address is none.
export function outside(address, ...children) {
  const href = safeURL(address);
  if (!href) return fragment(children);
  return h('a', { href, target: '_blank', rel: 'noopener noreferrer', class: 'link' }, children);
}

// focusKey names where the focus is, so that it can be given back to what is
// drawn in its place.
function focusKey(within) {
  const active = document.activeElement;
  return active && within.contains(active) ? active.closest('[data-focus]')?.dataset.focus : undefined;
}

function refocus(within, key) {
  for (const node of within.querySelectorAll('[data-focus]')) {
    if (node.dataset.focus === key) return node.focus({ preventScroll: true });
  }
  return undefined;
}

// swap replaces old by fresh and keeps the focus; where what had it is gone,
// the new node gets it if it can.
export function swap(old, fresh) {
  const had = old.contains(document.activeElement);
  const key = focusKey(old);
  old.replaceWith(fresh);
  if (!had) return;
  if (key !== undefined) refocus(fresh, key);
  if (!fresh.contains(document.activeElement) && fresh.tabIndex >= -1) fresh.focus({ preventScroll: true });
}

// refill replaces the children of a node and keeps the focus.
export function refill(node, ...children) {
  const key = focusKey(node);
  node.replaceChildren(fragment(children));
  if (key !== undefined) refocus(node, key);
}

// drawer picks the function that draws a type; what has none says so in the
// place where it would stand.
export function drawer(table, type) {
  if (Object.hasOwn(table, type)) return table[type];
  return () => h('span', { class: 'undrawable', role: 'note' }, `This page cannot draw “${type}”.`);
}

// uid is an id for label and aria attributes.
let last = 0;
export function uid(prefix) {
  last += 1;
  return `${prefix}-${last}`;
}

// trap keeps the Tab key within a dialog.
export function trap(dialog) {
  dialog.addEventListener('keydown', (event) => {
    if (event.key !== 'Tab') return;
    const stops = focusable(dialog);
    const [first, final] = [stops[0], stops.at(-1)];
    if (!first) return;
    const from = document.activeElement;
    if (event.shiftKey ? from === first || !dialog.contains(from) : from === final) {
      event.preventDefault();
      (event.shiftKey ? final : first).focus();
    }
  });
}

// focusable lists what Tab stops at, in order.
export function focusable(node) {
  const all = node.querySelectorAll('a[href], button, input, select, textarea, [tabindex]');
  return [...all].filter((e) => !e.disabled && e.tabIndex >= 0 && e.getClientRects().length > 0);
}
