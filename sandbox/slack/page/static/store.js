// What the viewer sees, kept up to date: the state is fetched, and fetched
// again whenever the stream of changes says that something moved.

const PAUSE = 40; // milliseconds, in which changes are gathered

export class Store {
  constructor({ onstate, onlink }) {
    this.onstate = onstate;
    this.onlink = onlink;
    this.viewer = '';
    this.generation = 0; // of the viewer; answers to an earlier one are dropped
    this.seq = 0; // of the newest state; an older one may arrive late
  }

  // view looks through the eyes of a person from now on.
  async view(user) {
    this.viewer = user;
    this.generation += 1;
    this.stream?.close();
    this.seq = 0;
    const state = await this.refresh();
    this.listen(state?.seq ?? 0, this.generation);
  }

  listen(seq, generation) {
    if (generation !== this.generation) return;
    const query = new URLSearchParams({ user: this.viewer, since: seq });
    const stream = new EventSource(`/control/events?${query}`);
    this.stream = stream;
    stream.onopen = () => {
      this.seq = 0; // it may be another workspace by now
      this.onlink(true);
      this.moved();
    };
    stream.onmessage = () => this.moved();
    stream.onerror = () => {
      this.onlink(false);
      if (stream.readyState !== EventSource.CLOSED) return; // it tries again by itself
      setTimeout(() => this.stream === stream && this.listen(seq, generation), 2000);
    };
  }

  // moved fetches soon, once for many changes.
  moved() {
    this.again = true;
    this.timer ??= setTimeout(async () => {
      this.again = false;
      await this.refresh();
      this.timer = undefined;
      if (this.again) this.moved();
    }, PAUSE);
  }

  async refresh() {
    const generation = this.generation;
    try {
      const response = await fetch(`/control/state?${new URLSearchParams({ user: this.viewer })}`);
      const state = await response.json();
      if (generation !== this.generation || !response.ok || state.seq < this.seq) return undefined;
      this.seq = state.seq;
      this.onstate(state);
      return state;
    } catch {
      if (generation === this.generation) this.onlink(false);
      return undefined;
    }
  }

  // post acts as the viewer. The answer has ok false when it was refused.
  async post(action, body) {
    try {
      const response = await fetch(`/control/${action}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ wait: true, ...body, user: this.viewer }),
      });
      return await response.json();
    } catch {
      return { ok: false, error: 'not_reached' };
    }
  }
}
