/**
 * Saying that this screen is there, for whoever watches the hall: a screen with a key of its own is missed when it is gone.
 *
 * It says so only while what it shows is true; one that hangs, or shows an old board, is as good as gone.
 */

const EVERY_MS = 30_000;
const FETCH_MS = 8000;

/** Half a minute's word from one screen. */
export class Presence {
  #address;
  #zone;
  #key;
  #due_ms = 0;

  /**
   * @param {string} hall
   * @param {string | null} zone what it shows of the hall
   * @param {import("./key.js").Key} key
   */
  constructor(hall, zone, key) {
    this.#address = `/v1/halls/${encodeURIComponent(hall)}/screen`;
    this.#zone = zone;
    this.#key = key;
  }

  /** Say it when it is time; to be called a few times a second while the screen is live. */
  look() {
    if (!this.#key.value || performance.now() < this.#due_ms) return;
    this.#due_ms = performance.now() + EVERY_MS * (0.8 + 0.4 * Math.random()); // not all screens of a city at once
    fetch(this.#address, {
      method: "PUT",
      headers: { Authorization: `Bearer ${this.#key.value}`, "Content-Type": "application/json" },
      body: JSON.stringify({ zone: this.#zone }),
      signal: AbortSignal.timeout(FETCH_MS),
    }).catch(() => undefined); // said again in half a minute
  }
}
