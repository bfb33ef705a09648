/**
 * Whether a hall is open, and when it opens next: its board says only when it closes.
 *
 * The hall says it with its name; it is asked anew when one of its times has passed, or its closing is another.
 */

// A screen may be so much ahead of its hall.
const AFTER_MS = 5000;
const AGAIN_MS = 30_000;
// How long before its opening a hall may begin to give numbers, as far as a screen looks for it.
const DOORS_MAX_MS = 3 * 3_600_000;

/** @typedef {{opens_ms: number, doors_open: boolean}} Ahead the next opening of a hall that is closed; whether numbers are given out already */

/** The opening hours of one hall, as they concern its screen. */
export class Opening {
  #ask;
  #hall = { open: true, opens_at: null, doors_open: true };
  /** @type {string | null} what the board said of the closing when the hall was asked */
  #closing = null;
  #asking = false;
  #due_ms = 0;

  /** @param {() => Promise<object | "unknown" | null>} ask for the hall, as `GET /v1/halls/{hall}` answers it */
  constructor(ask) {
    this.#ask = ask;
  }

  /** @param {{open: boolean, opens_at: string | null, doors_open: boolean}} hall */
  adopt(hall) {
    this.#hall = hall;
  }

  get #opens_ms() {
    return Date.parse(this.#hall.opens_at ?? "");
  }

  /**
   * @param {number} now_ms by the hall's clock
   * @returns {Ahead | null} null while the hall is open, or nobody knows when it will be
   */
  ahead(now_ms) {
    const { open, doors_open } = this.#hall;
    return open || !(this.#opens_ms > now_ms) ? null : { opens_ms: this.#opens_ms, doors_open };
  }

  /** @param {string | null} closing_at @returns {boolean} whether the hall opens the moment it closes: it never does */
  isEndless(closing_at) {
    return closing_at !== null && Date.parse(closing_at) === this.#opens_ms;
  }

  /**
   * Ask when it is time; to be called a few times a second.
   * @param {{closing_at: string | null}} board
   * @param {number} now_ms by the hall's clock
   */
  look(board, now_ms) {
    const past = (at_ms) => at_ms + AFTER_MS <= now_ms;
    const closing = `${board.closing_at} ${past(Date.parse(board.closing_at ?? ""))}`;
    this.#closing ??= closing;
    const ahead = this.ahead(now_ms);
    const doorsMayOpen = ahead !== null && !ahead.doors_open && ahead.opens_ms - now_ms < DOORS_MAX_MS;
    const isDue = closing !== this.#closing || past(this.#opens_ms) || doorsMayOpen;
    if (!isDue || this.#asking || performance.now() < this.#due_ms) return;
    this.#asking = true;
    this.#ask().then((answer) => {
      this.#asking = false;
      this.#due_ms = performance.now() + AGAIN_MS * (0.8 + 0.4 * Math.random());
      if (answer === null || answer === "unknown") return;
      this.#hall = answer;
      this.#closing = closing;
    });
  }
}
