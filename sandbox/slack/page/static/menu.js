// One popup list for overflows, selects and the switch of persons.

import { h, uid } from './dom.js';
import { icon } from './icons.js';

let open = null; // there is at most one

// openMenu shows items at an anchor. An item is {value, label, description,
// picture, group}; onpick gets the value. Role is listbox when a choice stays.
export function openMenu(anchor, { label, items, selected, role = 'menu', onpick }) {
  closeMenu();
  const list = h('div', { class: 'menu', role, 'aria-label': label, popover: 'manual', id: uid('menu') });
  let group;
  for (const item of items) {
    if (item.group && item.group !== group) list.append(h('div', { class: 'menu-group', role: 'presentation' }, item.group));
    group = item.group;
    list.append(row(item, role, item.value === selected, () => pick(item.value)));
  }
  const pick = (value) => {
    closeMenu(true);
    onpick(value);
  };
  const away = (event) => {
    if (!list.contains(event.target) && !anchor.contains(event.target)) closeMenu();
  };
  list.addEventListener('keydown', (event) => steer(event, list));
  document.addEventListener('pointerdown', away, true);
  (anchor.closest('dialog') ?? document.body).append(list);
  list.showPopover();
  place(list, anchor);
  anchor.setAttribute('aria-expanded', 'true');
  open = { list, anchor, away };
  (list.querySelector('[aria-selected="true"]') ?? list.querySelector('.menu-item')).focus();
}

export function menuIsOpen(anchor) {
  return open?.anchor === anchor;
}

// closeMenu takes the list away; back gives the focus back to the anchor, or
// to what was drawn in its place.
export function closeMenu(back = false) {
  if (!open) return;
  const { list, anchor, away } = open;
  open = null;
  document.removeEventListener('pointerdown', away, true);
  anchor.setAttribute('aria-expanded', 'false');
  list.remove();
  if (back) giveBack(anchor);
}

function giveBack(anchor) {
  if (anchor.isConnected) return anchor.focus({ preventScroll: true });
  const now = [...document.querySelectorAll('[data-focus]')].find((e) => e.dataset.focus === anchor.dataset.focus);
  return now?.focus({ preventScroll: true });
}

function row(item, role, selected, onclick) {
  return h('button', {
    type: 'button', class: 'menu-item', role: role === 'listbox' ? 'option' : 'menuitem', tabIndex: -1,
    'aria-selected': role === 'listbox' ? String(selected) : undefined, 'data-value': item.value, onclick,
  },
  item.picture,
  h('span', { class: 'menu-text' }, h('span', { class: 'menu-label' }, item.label),
    item.description && h('span', { class: 'menu-description' }, item.description)),
  selected && icon('check'));
}

function steer(event, list) {
  const rows = [...list.querySelectorAll('.menu-item')];
  const at = rows.indexOf(document.activeElement);
  const go = (n) => rows[(n + rows.length) % rows.length].focus();
  switch (event.key) {
    case 'ArrowDown': go(at + 1); break;
    case 'ArrowUp': go(at - 1); break;
    case 'Home': go(0); break;
    case 'End': go(-1); break;
    case 'Escape': closeMenu(true); break;
    case 'Tab': closeMenu(true); break;
    default: return typed(event, rows, at);
  }
  event.preventDefault();
  return event.stopPropagation();
}

// typed goes to the next row that begins with the letter.
function typed(event, rows, at) {
  if (event.key.length !== 1 || event.key === ' ' || event.ctrlKey || event.metaKey) return;
  const turned = [...rows.slice(at + 1), ...rows.slice(0, at + 1)];
  const key = event.key.toLowerCase();
  turned.find((r) => r.querySelector('.menu-label').textContent.toLowerCase().startsWith(key))?.focus();
}

const GAP = 4;

function place(list, anchor) {
  const at = anchor.getBoundingClientRect();
  list.style.minWidth = `${Math.min(at.width, innerWidth - 16)}px`;
  const size = list.getBoundingClientRect();
  const below = at.bottom + GAP + size.height <= innerHeight - 8;
  const top = below ? at.bottom + GAP : Math.max(8, at.top - GAP - size.height);
  const left = Math.max(8, Math.min(at.left, innerWidth - size.width - 8));
  list.style.top = `${top}px`;
  list.style.left = `${left}px`;
}
