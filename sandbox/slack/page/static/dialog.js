// Dialogs: the focus stays within, Escape leaves, and it goes back to where it
// came from.

import { h, trap } from './dom.js';
import { icon } from './icons.js';

// dialog makes a dialog. onescape is what Escape does.
export function dialog(props, { onescape }, ...children) {
  const node = h('dialog', props, children);
  trap(node);
  node.addEventListener('cancel', (event) => event.preventDefault());
  node.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.defaultPrevented) return;
    event.preventDefault();
    event.stopPropagation();
    onescape();
  });
  return node;
}

// show opens it over everything and returns the function that closes it.
export function show(node) {
  const from = document.activeElement;
  const key = from?.closest?.('[data-focus]')?.dataset.focus;
  document.body.append(node);
  node.showModal();
  return () => {
    node.close();
    node.remove();
    back(from, key);
  };
}

function back(from, key) {
  if (from?.isConnected) return from.focus({ preventScroll: true });
  const now = [...document.querySelectorAll('[data-focus]')].find((e) => key !== undefined && e.dataset.focus === key);
  return (now ?? document.querySelector('#composer textarea'))?.focus({ preventScroll: true });
}

export function closeButton(label, onclick) {
  return h('button', { type: 'button', class: 'icon-button', 'aria-label': label, title: label, onclick }, icon('close'));
}

// confirmed asks before an element acts; without a confirm dialog it is yes.
// draw draws a text object.
export function confirmed(ask, draw) {
  if (!ask) return Promise.resolve(true);
  return new Promise((resolve) => {
    const answer = (yes) => {
      close();
      resolve(yes);
    };
    const style = ask.style === 'danger' ? 'button danger' : 'button primary';
    const yes = h('button', { type: 'button', class: style, 'data-answer': 'yes', onclick: () => answer(true) }, draw(ask.confirm));
    const node = dialog(
      { class: 'dialog confirm', role: 'alertdialog', 'aria-labelledby': 'confirm-title', 'aria-describedby': 'confirm-text' },
      { onescape: () => answer(false) },
      h('header', { class: 'dialog-head' }, h('h2', { id: 'confirm-title' }, draw(ask.title)), closeButton('Close', () => answer(false))),
      h('div', { class: 'dialog-body', id: 'confirm-text' }, draw(ask.text)),
      h('footer', { class: 'dialog-foot' },
        h('button', { type: 'button', class: 'button', 'data-answer': 'no', onclick: () => answer(false) }, draw(ask.deny)), yes));
    const close = show(node);
    yes.focus();
  });
}
