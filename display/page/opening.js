/**
 * Whether a hall is open and gives out numbers, and when it opens next: its board says only the hours of today.
 *
 * The hall says it with its name; it is asked anew when one of its times has passed, or its closing is another.
 */

// A screen may be so much ahead of its hall.
const AFTER_MS = 5000;
const AGAIN_MS = 30_000;
// How long before its opening a hall may begin to give numbers, as far as a screen looks for it.
const DOORS_MAX_MS = 3 * 3_600_000;

/** @typedef {{opens_ms: number, doors_open: boolean}} Ahead the next opening of a hall that is closed; whether numbers are given out already */

/**
 * @typedef {{open: boolean, until_ms: number | null, since_ms: number | null, from_ms: number | null}} Doors whether numbers are
 *   given out; until when, null where it never ends or nobody knows; else since when not, and from when again today
 */

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

  /**
   * Whether numbers are given out, and until or since when: by the board's spans, with which no news comes when one ends.
   * @param {{closing_at: string | null, doors: {opens_at: string, closes_at: string}[] | null}} board
   * @param {number} now_ms by the hall's clock
   * @returns {Doors}
   */
  doors({ closing_at, doors }, now_ms) {
    if (doors === null) return this.#doorsOfBefore(closing_at, now_ms);
    const spans = doors.map(({ opens_at, closes_at }) => ({ opens_ms: Date.parse(opens_at), closes_ms: Date.parse(closes_at) }));
    const now = spans.find(({ opens_ms, closes_ms }) => opens_ms <= now_ms && now_ms < closes_ms);
    if (now) return { open: true, until_ms: now.closes_ms === this.#opens_ms ? null : now.closes_ms, since_ms: null, from_ms: null };
    const since_ms = spans.findLast(({ closes_ms }) => closes_ms <= now_ms)?.closes_ms ?? null;
    return { open: false, until_ms: null, since_ms, from_ms: spans.find(({ opens_ms }) => opens_ms > now_ms)?.opens_ms ?? null };
  }

  /** By a board that does not say it, of a release before. */
  #doorsOfBefore(closing_at, now_ms) {
    const closing_ms = closing_at === null ? null : Date.parse(closing_at);
    if (closing_ms !== null && closing_ms <= now_ms) return { open: false, until_ms: null, since_ms: closing_ms, from_ms: null };
    return { open: true, until_ms: closing_ms === this.#opens_ms ? null : closing_ms, since_ms: null, from_ms: null };
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
    this.#due_ms = performance.now() + AGAIN_MS * (0.8 + 0.4 * Math.random());
    this.#ask().then((answer) => {
      this.#asking = false;
      if (answer === null || answer === "unknown") return;
      this.#hall = answer;
      this.#closing = closing;
    });
  }
}
