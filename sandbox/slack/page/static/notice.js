// Short notices: what is read aloud, what went wrong, and that nobody answers.

import { h } from './dom.js';
import { plain } from './mrkdwn.js';

const KEPT = 5; // lines that stay for a screen reader
const LONGEST = 500; // characters that are read out

const WORDS = {
  not_reached: 'The workspace could not be reached.',
  not_in_channel: 'You are not in this channel.',
  is_archived: 'This channel is archived.',
  message_not_found: 'That message is gone.',
  view_not_found: 'That dialog is gone.',
  no_such_element: 'That button is gone: the message has changed.',
};

export class Notices {
  constructor({ announcer, toast, link }) {
    Object.assign(this, { announcer, box: toast, link });
  }

  // announce reads out what is new in the open channel, and what changed.
  announce(before, app) {
    if (before?.me.id !== app.state.me.id) return;
    const old = before.channels.find((c) => c.id === app.channel?.id);
    if (!old) return;
    const texts = new Map(old.messages.map((m) => [m.ts, m.text]));
    for (const m of app.channel.messages) {
      if (texts.get(m.ts) === m.text || m.user === app.people.me.id) continue;
      const whose = m.ephemeral ? `${app.people.name(m.user)}, only to you` : app.people.name(m.user);
      this.aloud(`${whose}: ${plain(m.text, app.people)}`);
    }
  }

  aloud(text) {
    this.announcer.append(h('p', {}, text.slice(0, LONGEST)));
    while (this.announcer.children.length > KEPT) this.announcer.firstChild.remove();
  }

  // linked shows that the connection is lost, unless it comes back at once.
  linked(up) {
    clearTimeout(this.downTimer);
    if (up) this.link.hidden = true;
    else this.downTimer = setTimeout(() => { this.link.hidden = false; }, 1000);
  }

  // complain says in words what a refusal's code means.
  complain(code) {
    this.toast(WORDS[code] ?? `That did not work: ${code}.`);
  }

  toast(text) {
    this.box.replaceChildren(h('div', { class: 'toast' }, text));
    clearTimeout(this.toastTimer);
    this.toastTimer = setTimeout(() => this.box.replaceChildren(), 6000);
  }
}
