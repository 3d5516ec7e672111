// Files that were uploaded: a card in the message, and a dialog to read them.

import { closeButton, dialog, show } from './dialog.js';
import { h } from './dom.js';
import { icon } from './icons.js';

const OWN = /^\/control\/files\/[A-Za-z0-9]+$/;

export function fileCard(file) {
  const node = h('button', {
    type: 'button', class: 'file', 'data-focus': `file/${file.id}`, 'aria-label': `Open ${file.title || file.name}`, onclick: () => open(file),
  },
  h('span', { class: 'file-icon' }, icon('file')),
  h('span', { class: 'file-text' }, h('span', { class: 'file-name' }, file.title || file.name), h('span', { class: 'quiet' }, `${kind(file)} · ${size(file.size)}`)));
  return node;
}

function kind(file) {
  const ending = /\.([a-z0-9]{1,5})$/i.exec(file.name)?.[1].toLowerCase();
  return { md: 'Markdown', txt: 'Plain text', json: 'JSON', log: 'Log' }[ending] ?? (ending?.toUpperCase() || 'File');
}

function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return `${(bytes / 1024).toFixed(1)} kB`;
}

async function open(file) {
  const name = file.title || file.name;
  const text = h('pre', { class: 'file-content', tabIndex: 0 }, 'Loading…');
  const node = dialog({ class: 'dialog reader', 'aria-label': name }, { onescape: () => close() },
    h('header', { class: 'dialog-head' }, h('h2', {}, name),
      OWN.test(file.url) && h('a', { class: 'button', href: file.url, download: file.name }, 'Download'),
      closeButton('Close the file', () => close())),
    text);
  const close = show(node);
  text.focus();
  text.replaceChildren(await content(file));
}

async function content(file) {
  if (!OWN.test(file.url)) return 'This file is not kept here.';
  try {
    const response = await fetch(file.url);
    return response.ok ? await response.text() : 'This file is gone.';
  } catch {
    return 'The workspace could not be reached.';
  }
}
