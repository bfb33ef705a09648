/** Opening, pausing and closing the counter. */

import { forgetUnsent, keepUnsent } from "./unsent.js";
import { askClose, askOpen, askPause } from "./dialogs.js";

/** Opens, pauses and closes one counter. */
export class Opening {
  #context;

  /** @param {import("./context.js").CounterContext} context */
  constructor(context) {
    this.#context = context;
  }

  /** Open the counter. @returns {Promise<false>} nobody was called */
  async open(body) {
    this.#forgetPause();
    await this.#context.postCounter("open", body);
    await this.#context.read();
    return false;
  }

  /** Open for some of the planned services. */
  openForSome() {
    return askOpen(this.#context.state.counter, this.#context.state.words, (body) => this.open(body));
  }

  /** Start a break with nobody at the counter. */
  async pause() {
    await askPause(null, this.#context.state.words, async (asked) => {
      await this.#startPause(asked);
      await this.#context.read();
      return true;
    });
  }

  /** Ask for a break while a person is at the counter, after them or at once. A second press cancels the break after them. */
  async togglePause() {
    if (this.#context.state.pauseAfter) {
      this.#setPauseAfter(null);
      await this.#context.read();
      return;
    }
    const { ticket, words } = this.#context.state;
    await this.#context.askAbout(this.#context.here(ticket, "gone-stop"), (act, signal) => askPause(ticket, words, act, signal), async (asked, after) => {
      if (after) this.#setPauseAfter(asked);
      else await this.#startPause(asked, ticket);
      await this.#context.read();
      if (!after) this.#context.showPutBack(ticket);
      return true;
    });
  }

  /** Set or cancel the break after the present person. @param {object | null} asked */
  #setPauseAfter(asked) {
    this.#context.state.pauseAfter = asked;
    if (this.#context.state.ticket) keepUnsent(this.#context.state.ticket.id, { pauseAfter: asked });
    else forgetUnsent();
  }

  /** Start a break. Its minutes count from now. Only the person that the clerk was asked about is put back. */
  #startPause({ reason, minutes, release }, present = null) {
    const until_at = minutes ? new Date(this.#context.now_ms() + minutes * 60_000).toISOString() : null;
    return this.#context.postCounter("pause", { reason, until_at, ...(release && present ? { release, present: present.id } : {}) });
  }

  /** Start the break that was set for after the person who has left. If it is refused it is not tried again. */
  startPauseAfter({ reason, minutes }) {
    this.#forgetPause();
    return this.#startPause({ reason, minutes, release: false });
  }

  /** Cancel the break when the clerk signs out: the next clerk did not ask for it. */
  clearPause() {
    this.#setPauseAfter(null);
  }

  #forgetPause() {
    this.#context.state.pauseAfter = null;
    forgetUnsent();
  }

  async close() {
    const { ticket } = this.#context.state;
    if (ticket === null) {
      await this.#context.postCounter("close");
      await this.#context.read();
      return;
    }
    await this.#context.askAbout(this.#context.here(ticket, "gone-stop"), (act, signal) => askClose(ticket, act, signal), async (body) => {
      await this.#context.postCounter("close", body);
      await this.#context.read();
      return true;
    });
  }
}
