// Modals: the topmost view of the viewer's stack. What was entered stays while
// block and action stay, as on Slack, also through an update or a push.

import { blocks } from './blocks.js';
import { closeButton, dialog, show } from './dialog.js';
import { focusable, h } from './dom.js';
import { icon } from './icons.js';
import { closeMenu } from './menu.js';
import { initial } from './message.js';

export class Modal {
  constructor(app) {
    this.app = app;
    this.drafts = new Map(); // by view id: block_id → action_id → value
  }

  render(state) {
    const ids = new Set(state.modals.map((v) => v.id));
    for (const id of this.drafts.keys()) if (!ids.has(id)) this.drafts.delete(id);
    const view = state.modals.at(-1);
    if (!view) return this.end();
    if (view.id !== this.view?.id || view.hash !== this.view?.hash) this.draw(view, state.modals.length);
    else this.view = view;
    return this.mark();
  }

  end() {
    if (!this.view) return;
    closeMenu();
    this.view = this.complaints = undefined;
    this.close();
  }

  draw(view, depth) {
    const first = !this.view;
    this.view = view;
    this.complaints = undefined;
    closeMenu();
    if (first) {
      this.node = dialog({ class: 'dialog modal', 'aria-labelledby': 'modal-title' }, { onescape: () => this.cancel(false) });
      this.close = show(this.node);
    }
    this.submit = view.submit && h('button', { type: 'submit', class: 'button primary', form: 'modal-form', 'data-answer': 'submit' }, view.submit);
    this.body = h('form', { class: 'dialog-body', id: 'modal-form', novalidate: true, tabIndex: -1, onsubmit: (event) => this.send(event) },
      blocks(view.blocks, this.surface(view)));
    this.line = h('p', { class: 'failure', role: 'alert', hidden: true });
    this.node.replaceChildren(this.head(view), this.body, this.line, this.foot(view, depth));
    this.start();
  }

  head(view) {
    return h('header', { class: 'dialog-head' },
      h('h2', { id: 'modal-title' }, view.title), closeButton('Close', () => this.cancel(true)));
  }

  foot(view, depth) {
    const label = view.close || (depth > 1 ? 'Back' : view.submit ? 'Cancel' : 'Close');
    return h('footer', { class: 'dialog-foot' },
      h('button', { type: 'button', class: 'button', 'data-answer': 'close', onclick: () => this.cancel(false) }, label), this.submit);
  }

  // start puts the focus on the element that asks for it, else on the first
  // input, else on the text: never on a button, for a second Enter would press
  // it unread. It does not scroll away from what is to be read first.
  start() {
    const wanted = this.view.blocks.find((b) => b.element?.focus_on_load)?.element.action_id;
    const inputs = focusable(this.body).filter((e) => e.closest('[data-input]'));
    const target = inputs.find((e) => wanted && e.closest('[data-action]')?.dataset.action === wanted) ?? inputs[0] ?? this.body;
    target.focus({ preventScroll: true });
  }

  // mark shows errors, failures and that a submission is under way.
  mark() {
    const errors = this.complaints ?? this.view.errors ?? {};
    let first;
    for (const box of this.body.querySelectorAll('[data-input]')) {
      const text = Object.hasOwn(errors, box.dataset.input) ? errors[box.dataset.input] : '';
      const line = box.querySelector('.b-error');
      const news = text !== '' && line.textContent !== text;
      line.textContent = text;
      line.hidden = text === '';
      box.classList.toggle('wrong', text !== '');
      for (const e of focusable(box)) e.setAttribute('aria-invalid', String(text !== ''));
      if (news) first ??= focusable(box)[0];
    }
    first?.focus();
    this.line.hidden = !this.view.failure;
    this.line.replaceChildren(...(this.view.failure ? [icon('warn'), this.view.failure] : []));
    this.busy(this.view.submitting);
  }

  busy(on) {
    if (!this.submit) return;
    this.submit.setAttribute('aria-busy', String(Boolean(on)));
  }

  surface(view) {
    const draft = this.drafts.get(view.id) ?? {};
    this.drafts.set(view.id, draft);
    const record = (b, e, value) => {
      (draft[b.block_id] ??= {})[e.action_id] = value;
    };
    const send = (b, e, value) => this.app.act({
      view_id: view.id, block_id: b.block_id, action_id: e.action_id,
      ...(Array.isArray(value) ? { values: value } : { value: value ?? '' }),
    });
    return {
      people: this.app.people, key: `view/${view.id}`, record, act: send,
      choose: async (b, e, value) => {
        record(b, e, value);
        if (b.type !== 'input' || b.dispatch_action) await send(b, e, value);
      },
      chosen: (b, e) => draft[b.block_id]?.[e.action_id] ?? view.values?.[b.block_id]?.[e.action_id] ?? initial(e),
    };
  }

  // entered are the values of the input blocks, in the control API's form.
  entered() {
    const draft = this.drafts.get(this.view.id) ?? {};
    const values = {};
    for (const b of this.view.blocks.filter((block) => block.type === 'input')) {
      const value = draft[b.block_id]?.[b.element.action_id];
      if (value !== undefined) values[b.block_id] = { [b.element.action_id]: value };
    }
    return values;
  }

  async send(event) {
    event.preventDefault();
    if (!this.submit || this.submit.getAttribute('aria-busy') === 'true') return;
    const { id } = this.view;
    this.complaints = undefined;
    this.busy(true);
    const answer = await this.app.store.post('submit', { view_id: id, values: this.entered(), wait: false });
    if (answer.ok || this.view?.id !== id) return;
    this.busy(false);
    this.complaints = answer.errors;
    if (answer.errors) this.mark();
    else this.app.notices.complain(answer.error);
  }

  async cancel(all) {
    if (!this.view) return;
    const answer = await this.app.store.post('close', { view_id: this.view.id, all, wait: false });
    if (!answer.ok) this.app.notices.complain(answer.error);
  }
}
