// The bar above everything: the title, who one is, light or dark.

import { h } from './dom.js';
import { icon } from './icons.js';
import { closeMenu, menuIsOpen, openMenu } from './menu.js';
import { avatar } from './people.js';

// Viewer is the switch of persons.
export class Viewer {
  constructor(node, { onpick }) {
    this.node = node;
    this.onpick = onpick;
    node.addEventListener('click', () => this.toggle());
  }

  render(app) {
    this.app = app;
    const { me } = app.people;
    const role = app.people.role(me);
    this.node.replaceChildren(avatar(me, 'small'),
      h('span', { class: 'viewer-text' }, h('span', { class: 'viewer-name' }, app.people.name(me.id)), h('span', { class: 'viewer-role' }, role)), icon('down'));
    this.node.setAttribute('aria-label', `You are ${app.people.name(me.id)}, ${role}. Be somebody else`);
  }

  toggle() {
    if (!this.app) return;
    if (menuIsOpen(this.node)) {
      closeMenu(true);
      return;
    }
    const { people, settings } = this.app;
    const items = settings.people.map((p) => people.users.get(p.user)).filter(Boolean)
      .map((u) => ({ value: u.id, label: people.name(u.id), description: people.role(u), picture: avatar(u, 'small') }));
    openMenu(this.node, { label: 'Be somebody else', items, selected: people.me.id, role: 'listbox', onpick: this.onpick });
  }
}

const KEY = 'theme';

// theme is what the viewer chose, or else what the system says.
export function theme(button) {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const apply = () => {
    const chosen = stored();
    const now = chosen ?? (dark.matches ? 'dark' : 'light');
    document.documentElement.dataset.theme = now;
    const label = now === 'dark' ? 'Use light colours' : 'Use dark colours';
    button.replaceChildren(icon(now === 'dark' ? 'sun' : 'moon'));
    button.setAttribute('aria-label', label);
    button.title = label;
  };
  button.addEventListener('click', () => {
    keep(document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark');
    apply();
  });
  dark.addEventListener('change', apply);
  apply();
}

// Storage may be forbidden; then the choice lasts as long as the page.
let unkept;

function stored() {
  try {
    return localStorage.getItem(KEY) ?? unkept;
  } catch {
    return unkept;
  }
}

function keep(value) {
  unkept = value;
  try {
    localStorage.setItem(KEY, value);
  } catch {
    // unkept holds it
  }
}
