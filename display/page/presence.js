/**
 * Tells the service that this screen works, so that staff see when a screen with its own key is missing.
 *
 * It reports only while its content is true. A screen that hangs, or shows an old board, counts as missing.
 */

const EVERY_MS = 30_000;
const FETCH_MS = 8000;

/** Sends a report every half minute. */
export class Presence {
  #address;
  #zone;
  #key;
  #due_ms = 0;

  /**
   * @param {string} hall
   * @param {string | null} zone the zone that it shows
   * @param {import("./key.js").Key} key
   */
  constructor(hall, zone, key) {
    this.#address = `/v1/halls/${encodeURIComponent(hall)}/screen`;
    this.#zone = zone;
    this.#key = key;
  }

  /** Send a report when it is time; to be called a few times a second while the screen is live. */
  look() {
    if (!this.#key.value || performance.now() < this.#due_ms) return;
    this.#due_ms = performance.now() + EVERY_MS * (0.8 + 0.4 * Math.random()); // random, so that the screens of a city do not report at the same moment
    fetch(this.#address, {
      method: "PUT",
      headers: { Authorization: `Bearer ${this.#key.value}`, "Content-Type": "application/json" },
      body: JSON.stringify({ zone: this.#zone }),
      signal: AbortSignal.timeout(FETCH_MS),
    }).catch(() => undefined); // the next report comes in half a minute
  }
}
