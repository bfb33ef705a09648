/**
 * State of the kiosk's printer, as people or the network printer report it: a browser cannot detect an empty roll.
 *
 * The state is stored in the browser until the service has confirmed it, also over a reload: only then do staff see it.
 */

import { recall, remember } from "/display/key.js";
import { Refused, Unreached } from "/pages/api.js";

const PATIENCE_MS = 8000;

/** @typedef {"ok" | "out" | "away"} PaperState */

/** State of one kiosk's printer. */
export class Paper {
  #name;
  #send;
  #onSent;
  /** @type {Promise<void> | null} */
  #running = null;
  /** `told`: whether the service has confirmed the state. @type {{state: PaperState, told: boolean}} */
  #current;

  /**
   * @param {object} options
   * @param {string} options.name name in the browser's storage
   * @param {(state: PaperState, patience_ms: number) => Promise<unknown> | null} options.send null: the service is unreachable now
   * @param {(state: PaperState) => void} options.onSent the service has confirmed this state
   */
  constructor({ name, send, onSent }) {
    this.#name = name;
    this.#send = send;
    this.#onSent = onSent;
    this.#current = JSON.parse(recall(name) ?? "null") ?? { state: "ok", told: true };
  }

  /** @returns {boolean} whether staff must look after the printer, by its last known state */
  get needsAttention() {
    return this.#current.state !== "ok";
  }

  /** Set the state and send it to the service. @param {PaperState} state */
  report(state) {
    this.#set({ state, told: false });
    this.run();
  }

  /** Note that the printer works. The service knows it already. */
  setPrinting() {
    this.#set({ state: "ok", told: true });
  }

  /** Send the state if the service has not confirmed it. One pass runs at a time. The next pass repeats what failed. */
  run() {
    this.#running ??= this.#pass()
      .catch((reason) => {
        if (!(reason instanceof Unreached || reason instanceof Refused)) throw reason;
      })
      .finally(() => {
        this.#running = null;
      });
    return this.#running;
  }

  async #pass() {
    while (!this.#current.told) {
      const { state } = this.#current;
      const sending = this.#send(state, PATIENCE_MS);
      if (sending === null) return;
      await sending;
      if (this.#current.state === state) this.#set({ state, told: true });
      this.#onSent(state);
    }
  }

  #set(current) {
    this.#current = current;
    remember(this.#name, JSON.stringify(current));
  }
}
