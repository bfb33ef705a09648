/**
 * The code of the door, which changes each minute. With it people take a ticket on their phones.
 *
 * A screen that shows it was opened once with a key.
 */

import { Key } from "./key.js";
import { backOff_ms } from "./socket.js";

const FETCH_MS = 8000;
// The service accepts a code for a minute after its replacement was due. An older code would only be refused.
const GRACE_MS = 60_000;
// The screens of a city need the next code in the same second, and have a minute to get it.
const SPREAD_MS = 5000;

/** @typedef {{code: string, url: string, modules: string[], until_ms: number}} Shown */

/** The code of one hall's door, for a screen that has a key. */
export class Entrance {
  #hall;
  #key;
  /** @type {Shown | null} */
  #shown = null;
  #asking = false;
  #failures = 0;
  #due_ms = 0;
  #spread_ms = Math.random() * SPREAD_MS;

  /**
   * @param {string} hall
   * @param {Key} [key] the screen's key
   */
  constructor(hall, key = new Key(hall)) {
    this.#hall = hall;
    this.#key = key;
  }

  /**
   * @param {number} now_ms by the hall's clock
   * @returns {Shown | null} the code to show; null if there is no valid one
   */
  shown(now_ms) {
    return this.#shown && now_ms < this.#shown.until_ms + GRACE_MS ? this.#shown : null;
  }

  /**
   * Request the next code when it is time; to be called a few times a second.
   * @param {number} now_ms by the hall's clock
   */
  look(now_ms) {
    if (!this.#key.value || this.#asking) return;
    if (this.#shown && now_ms < this.#shown.until_ms + this.#spread_ms) return;
    if (performance.now() >= this.#due_ms) this.#ask();
  }

  async #ask() {
    this.#asking = true;
    const answer = await this.#answer();
    this.#asking = false;
    if (answer) {
      this.#failures = 0;
      this.#shown = { code: answer.code, url: answer.url, modules: answer.modules, until_ms: Date.parse(answer.valid_until_at) };
    }
    // Also after an answer: with a wrong clock the screen must not send requests without a pause.
    this.#due_ms = performance.now() + backOff_ms(this.#failures);
    this.#failures += answer ? 0 : 1;
  }

  async #answer() {
    try {
      const response = await fetch(`/v1/halls/${encodeURIComponent(this.#hall)}/entrance`, {
        cache: "no-store",
        headers: { Authorization: `Bearer ${this.#key.value}` },
        signal: AbortSignal.timeout(FETCH_MS),
      });
      if (response.status === 401 || response.status === 403) this.#forget();
      return response.ok ? await response.json() : null;
    } catch {
      return null;
    }
  }

  #forget() {
    this.#shown = null;
    this.#key.forget();
  }
}
