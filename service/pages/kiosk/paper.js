/**
 * How the kiosk's printer is, as people and the network say it: a browser's own printer says nothing of an empty roll.
 *
 * It is kept until the service has taken it over, also over a reload: only then have staff been told.
 */

import { recall, remember } from "/display/key.js";
import { Refused, Unreached } from "/pages/api.js";

const PATIENCE_MS = 8000;

/** @typedef {"ok" | "out" | "away"} PaperState */

/** What one kiosk knows of its printer. */
export class Paper {
  #name;
  #tell;
  #onTold;
  /** @type {Promise<void> | null} */
  #telling = null;
  /** @type {{state: PaperState, told: boolean}} */
  #known;

  /**
   * @param {object} options
   * @param {string} options.name under which it is kept
   * @param {(state: PaperState, patience_ms: number) => Promise<unknown> | null} options.tell null: the service cannot be asked just now
   * @param {(state: PaperState) => void} options.onTold staff see it
   */
  constructor({ name, tell, onTold }) {
    this.#name = name;
    this.#tell = tell;
    this.#onTold = onTold;
    this.#known = JSON.parse(recall(name) ?? "null") ?? { state: "ok", told: true };
  }

  /** @returns {boolean} whether somebody has to look after it, as it was heard of last */
  get ails() {
    return this.#known.state !== "ok";
  }

  /** @param {PaperState} state that the service may not know */
  report(state) {
    this.#keep({ state, told: false });
    this.run();
  }

  /** The service has found out by itself that it prints. */
  prints() {
    this.#keep({ state: "ok", told: true });
  }

  /** Tell what is untold, one at a time; what fails is tried again by the next. */
  run() {
    this.#telling ??= this.#pass()
      .catch((reason) => {
        if (!(reason instanceof Unreached || reason instanceof Refused)) throw reason;
      })
      .finally(() => {
        this.#telling = null;
      });
    return this.#telling;
  }

  async #pass() {
    while (!this.#known.told) {
      const { state } = this.#known;
      const telling = this.#tell(state, PATIENCE_MS);
      if (telling === null) return;
      await telling;
      if (this.#known.state === state) this.#keep({ state, told: true });
      this.#onTold(state);
    }
  }

  #keep(known) {
    this.#known = known;
    remember(this.#name, JSON.stringify(known));
  }
}
