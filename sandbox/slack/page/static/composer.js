// The field in which messages and commands are typed.

import { Completion } from './complete.js';
import { h, uid } from './dom.js';
import { icon } from './icons.js';

const TALLEST = 200; // pixels

export class Composer {
  // onsend gets what was typed, and says whether it went: otherwise it is put
  // back. Commands is a function that lists what is completed, or nothing.
  constructor(box, { onsend, commands }) {
    this.box = box;
    this.onsend = onsend;
    const id = uid('composer');
    this.input = h('textarea', {
      id, class: 'composer-input', rows: 1, 'data-focus': id, spellcheck: 'true', autocomplete: 'off',
      onkeydown: (event) => this.key(event), oninput: () => this.grow(),
    });
    this.completion = commands && new Completion(this.input, commands);
    this.send = h('button', { type: 'button', class: 'composer-send', 'aria-label': 'Send', title: 'Send', disabled: true, onclick: () => this.submit() }, icon('send'));
    this.instead = h('div', { class: 'composer-instead', hidden: true });
    this.field = h('div', { class: 'composer-box' }, this.input,
      h('div', { class: 'composer-foot' },
        commands && h('button', { type: 'button', class: 'composer-slash', 'aria-label': 'Start a command', title: 'Start a command', onclick: () => this.fill('/') }, '/'),
        h('span', { class: 'composer-tip quiet' }, h('kbd', {}, 'Enter'), ' sends, ', h('kbd', {}, 'Shift'), ' + ', h('kbd', {}, 'Enter'), ' for a new line'),
        this.send));
    box.replaceChildren(...[this.completion?.node, this.field, this.instead].filter(Boolean));
  }

  label(text) {
    this.input.setAttribute('aria-label', text);
    this.input.placeholder = text;
  }

  // replace shows something else where nothing can be typed; null is the field.
  replace(...nodes) {
    const closed = nodes.length > 0;
    this.field.hidden = closed;
    this.instead.hidden = !closed;
    this.instead.replaceChildren(...nodes);
  }

  fill(text) {
    this.input.value = text;
    this.input.focus();
    this.input.setSelectionRange(text.length, text.length);
    this.grow();
    this.completion?.update();
  }

  grow() {
    this.send.disabled = this.input.value.trim() === '';
    this.input.style.height = 'auto';
    this.input.style.height = `${Math.min(this.input.scrollHeight, TALLEST)}px`;
  }

  key(event) {
    if (event.isComposing) return;
    if (this.completion?.key(event)) {
      event.preventDefault();
      event.stopPropagation();
    } else if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      this.submit();
    }
  }

  async submit() {
    const text = this.input.value;
    if (text.trim() === '') return;
    this.input.value = '';
    this.completion?.close();
    this.grow();
    const went = await this.onsend(text.trim());
    if (!went && this.input.value === '') this.fill(text);
  }
}
