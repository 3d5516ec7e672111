// What the composer offers once a slash is typed.

import { h, uid } from './dom.js';

// offers are the commands that fit what was typed: to be picked while the
// command is being typed, and as a reminder of its arguments after that.
function offers(typed, all) {
  if (!typed.startsWith('/') || typed.includes('\n')) return [];
  const low = typed.toLowerCase();
  const begun = all.filter((c) => c.command.startsWith(low.trimEnd()) || c.command.startsWith(low));
  if (begun.length > 0 && !all.some((c) => c.hint && low.startsWith(`${c.command} `))) {
    return begun.map((c) => ({ ...c, pick: true }));
  }
  const arguing = all.filter((c) => low.startsWith(`${c.command} `));
  const longest = arguing.sort((a, b) => b.command.length - a.command.length)[0];
  return longest?.hint ? [{ ...longest, pick: false }] : [];
}

// known puts the page's own completions before commands that only the app's
// settings name.
export function known(completions, app) {
  const more = (app.commands ?? []).filter((c) => !completions.some((k) => k.command.split(' ')[0] === c.name));
  return [...completions, ...more.map((c) => ({ command: c.name, hint: c.usage_hint, text: c.description ?? '' }))];
}

// Completion is the list above a composer's text field.
export class Completion {
  constructor(input, commands) {
    this.input = input;
    this.commands = commands; // a function: they come with the state
    this.id = uid('completion');
    this.node = h('div', { class: 'completion', id: this.id, role: 'listbox', 'aria-label': 'Commands', hidden: true });
    this.offers = [];
    this.at = 0;
    input.setAttribute('role', 'combobox');
    input.setAttribute('aria-autocomplete', 'list');
    input.setAttribute('aria-controls', this.id);
    input.addEventListener('input', () => this.update());
    input.addEventListener('blur', () => this.close());
    input.addEventListener('focus', () => this.update());
  }

  update() {
    this.offers = offers(this.input.value, this.commands());
    this.at = 0;
    this.draw();
  }

  close() {
    this.offers = [];
    this.draw();
  }

  draw() {
    const open = this.offers.length > 0;
    this.node.hidden = !open;
    this.input.setAttribute('aria-expanded', String(open));
    this.node.replaceChildren(...this.offers.map((o, n) => this.row(o, n)));
    const current = open && this.offers[this.at].pick ? `${this.id}-${this.at}` : '';
    if (current) this.input.setAttribute('aria-activedescendant', current);
    else this.input.removeAttribute('aria-activedescendant');
    this.node.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }

  row(offer, n) {
    const current = offer.pick && n === this.at;
    return h('div', {
      class: 'completion-row', id: `${this.id}-${n}`, role: 'option', 'aria-selected': String(current),
      // Before the field loses the focus, which would close the list.
      onpointerdown: (event) => {
        event.preventDefault();
        if (offer.pick) this.pick(n);
      },
    },
    h('span', { class: 'completion-command' }, offer.command), offer.hint && h('span', { class: 'completion-hint' }, offer.hint),
    h('span', { class: 'completion-text' }, offer.text));
  }

  pick(n) {
    const offer = this.offers[n];
    this.input.value = offer.hint ? `${offer.command} ` : offer.command;
    this.input.dispatchEvent(new Event('input', { bubbles: true }));
    if (!offer.hint) this.close();
  }

  // key takes the keys that belong to the list, and says whether it did.
  key(event) {
    const picking = this.offers.length > 0 && this.offers[this.at].pick;
    switch (event.key) {
      case 'Escape':
        if (this.offers.length === 0) return false;
        this.close();
        return true;
      case 'ArrowDown': return picking && this.move(1);
      case 'ArrowUp': return picking && this.move(-1);
      case 'Tab': return picking && !event.shiftKey && this.choose();
      case 'Enter': return picking && this.input.value.trim() !== this.offers[this.at].command && this.choose();
      default: return false;
    }
  }

  move(by) {
    this.at = (this.at + by + this.offers.length) % this.offers.length;
    this.draw();
    return true;
  }

  choose() {
    this.pick(this.at);
    return true;
  }
}
