/**
 * The next time that can be booked in a hall, for a screen that shows it to people on standby.
 *
 * It is requested only while a ticket is on standby, a few days at a time, every few minutes: the answer is long, and one slot is enough.
 */

const EVERY_MS = 300_000;
const FETCH_MS = 8000;
const DAYS_AT_ONCE = 2;
const DAYS_MAX = 14;
const DAY_MS = 86_400_000;

/** One hall's next free start. */
export class NextBookable {
  #hall;
  /** @type {number | null} */
  #at_ms = null;
  #asking = false;
  #due_ms = 0;

  /** @param {string} hall */
  constructor(hall) {
    this.#hall = hall;
  }

  /**
   * @param {number} now_ms by the hall's clock
   * @returns {number | null} epoch milliseconds; null if none is known
   */
  at(now_ms) {
    return this.#at_ms !== null && this.#at_ms > now_ms ? this.#at_ms : null;
  }

  /**
   * Request it when it is time; to be called a few times a second while a ticket is on standby.
   * @param {number} now_ms by the hall's clock
   */
  look(now_ms) {
    if (this.#asking || performance.now() < this.#due_ms) return;
    this.#asking = true;
    this.#find(now_ms).then((at_ms) => {
      this.#at_ms = at_ms;
      this.#asking = false;
      this.#due_ms = performance.now() + EVERY_MS * (0.8 + 0.4 * Math.random());
    });
  }

  async #find(now_ms) {
    // A hall's date differs from the UTC date by at most a day, so the request begins one day earlier; past slots are not in the answer.
    for (let days = -1; days < DAYS_MAX; days += DAYS_AT_ONCE) {
      const slots = await this.#slots(on(now_ms + days * DAY_MS), on(now_ms + (days + DAYS_AT_ONCE - 1) * DAY_MS));
      if (slots === null) return null;
      const free = slots.filter((slot) => slot.free > 0).map((slot) => Date.parse(slot.starts_at));
      if (free.length > 0) return Math.min(...free);
    }
    return null;
  }

  async #slots(from, to) {
    try {
      const response = await fetch(`/v1/halls/${encodeURIComponent(this.#hall)}/slots?${new URLSearchParams({ from, to })}`, {
        cache: "no-store",
        signal: AbortSignal.timeout(FETCH_MS),
      });
      return response.ok ? (await response.json()).slots : null;
    } catch {
      return null;
    }
  }
}

/** The date of an instant, in UTC. */
function on(at_ms) {
  return new Date(at_ms).toISOString().slice(0, 10);
}
