/**
 * Whether a hall is open and issues tickets, and when it opens next. A board contains only the hours of today.
 *
 * The hall's own data contain the next opening. They are read again when one of their times has passed or the closing changed.
 */

// The clock of a screen may be this much ahead of its hall's.
const AFTER_MS = 5000;
const AGAIN_MS = 30_000;
// How long before the opening a screen begins to check whether tickets are issued.
const DOORS_MAX_MS = 3 * 3_600_000;

/** @typedef {{opens_ms: number, doors_open: boolean}} Ahead the next opening of a closed hall; whether tickets are issued already */

/**
 * @typedef {{open: boolean, until_ms: number | null, since_ms: number | null, from_ms: number | null}} Doors whether tickets are
 *   issued; until when (null if it never ends or is unknown); if not, since when, and when they are issued again today
 */

/** The opening hours of one hall, as its screen needs them. */
export class Opening {
  #ask;
  #hall = { open: true, opens_at: null, doors_open: true };
  /** @type {string | null} the closing on the board when the hall's data were read */
  #closing = null;
  #asking = false;
  #due_ms = 0;

  /** @param {() => Promise<object | "unknown" | null>} ask reads the hall's data, as `GET /v1/halls/{hall}` returns them */
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
   * @returns {Ahead | null} null while the hall is open, or if the next opening is unknown
   */
  ahead(now_ms) {
    const { open, doors_open } = this.#hall;
    return open || !(this.#opens_ms > now_ms) ? null : { opens_ms: this.#opens_ms, doors_open };
  }

  /**
   * Whether tickets are issued, and until or since when. It is computed from the board's time spans: no frame comes when one ends.
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

  /** For a board of an earlier release, which has no time spans. */
  #doorsOfBefore(closing_at, now_ms) {
    const closing_ms = closing_at === null ? null : Date.parse(closing_at);
    if (closing_ms !== null && closing_ms <= now_ms) return { open: false, until_ms: null, since_ms: closing_ms, from_ms: null };
    return { open: true, until_ms: closing_ms === this.#opens_ms ? null : closing_ms, since_ms: null, from_ms: null };
  }

  /**
   * Read the hall's data when it is time; to be called a few times a second.
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
