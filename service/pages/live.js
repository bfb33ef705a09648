/**
 * What a hall shows now, followed.
 *
 * The board's socket says that something moved, never what: a page reads its own view anew, at most twice a second and never an
 * older one over a newer. Where the socket is silent it asks every few seconds instead, for the board too, so that a blocked port
 * costs freshness and not the work. Only when both are silent does the page say so.
 */

import { HallClock } from "/display/clock.js";
import { inHall, Refused } from "/pages/api.js";
import { BoardSocket, SILENCE_MS } from "/display/socket.js";

const READ_EVERY_MS = 500;
const POLL_MS = 3000;
const LOOK_MS = 250;
// A socket that says for so long that the hall is behind what is shown is right: its database was restored.
const BEHIND_MS = 5000;

/** @typedef {"connecting" | "live" | "silent"} Link */

/**
 * Follow a hall.
 * @template Facts
 */
export class Live {
  #read;
  #onFacts;
  #onLink;
  #onRefused;
  #onBoard;
  /** @type {(() => Promise<object>) | null} the board, asked for; null on a channel of its own */
  #askBoard;
  #socket;
  /** @type {Promise<void> | null} */
  #reading = null;
  #again = false;
  #timer = 0;
  #lastRead_ms = -Infinity;
  #truth_ms = -Infinity;
  #heard = { day: "", seq: 0 };
  #had = { day: "", seq: 0 };
  /** @type {Link} */
  #link = "connecting";
  #looking = 0;
  #paused = false;
  /** @type {number | null} since when frames are older than what is shown */
  #behind_ms = null;

  /** The last board heard or, while the socket is silent, read; null before the first. */
  board = null;
  /** When the facts shown were true, by the hall's clock. */
  truthAt_ms = NaN;
  /** @type {HallClock} the hall's clock, put right by its frames */
  clock;

  /**
   * @param {object} options
   * @param {{id: string, time_zone: string, display_url: string}} options.hall as `GET /v1/halls/{hall}` answers it
   * @param {() => Promise<Facts>} options.read the page's view; its `seq` and `day` (when it has them) tell old from new
   * @param {(facts: Facts) => void} options.onFacts
   * @param {(link: Link) => void} options.onLink
   * @param {(refused: Refused) => void} [options.onRefused]
   * @param {{path: string, protocols: () => string[], read: (data: string) => object | null}} [options.channel] a socket whose
   *   frames are the facts themselves, unless they say that the last ones are still true; the board's if not said
   * @param {() => void} [options.onBoard] a board has come: it may be newer than the facts, or come after those of the same moment
   */
  constructor({ hall, read, onFacts, onLink, onRefused, channel, onBoard }) {
    this.#read = read;
    this.#onFacts = onFacts;
    this.#onLink = onLink;
    this.#onRefused = onRefused ?? (() => undefined);
    this.#onBoard = onBoard ?? (() => undefined);
    this.#askBoard = channel ? null : async () => (await inHall(hall.id)("GET", "board")).body;
    this.clock = new HallClock(hall.time_zone);
    this.#socket = new BoardSocket({
      address: () => `${hall.display_url.replace(/\/$/, "")}/v1/halls/${encodeURIComponent(hall.id)}/${channel?.path ?? "board"}`,
      protocols: channel?.protocols,
      read: channel?.read,
      onFrame: (frame) => (channel ? this.#take(frame) : this.#hear(frame)),
      onUnknownZone: () => undefined,
    });
  }

  /** @returns {Link} */
  get link() {
    return this.#link;
  }

  /** Begin: the first facts are read at once. */
  start() {
    this.#socket.open();
    this.#looking = setInterval(() => this.#look(), LOOK_MS);
    globalThis.addEventListener("online", () => {
      this.#socket.hurry();
      this.now();
    });
    document.addEventListener("visibilitychange", () => this.#look());
    // What nobody who is signed in asks for would only be refused.
    document.addEventListener("paihao:signed-out", () => {
      this.#paused = true;
    });
    document.addEventListener("paihao:signed-in", () => {
      this.#paused = false;
      this.now();
    });
    return this.now();
  }

  /** Stop for good. */
  stop() {
    this.#paused = true;
    clearInterval(this.#looking);
    clearTimeout(this.#timer);
  }

  /**
   * Read without waiting for a frame: after an act of this page.
   * @returns {Promise<void>} when a view that was asked for after now has come, or could not be had
   */
  async now() {
    if (this.#reading) {
      await this.#reading; // asked for before now: not good enough
    }
    await this.#begin();
  }

  /** A reading, unless one is under way or nobody may read. */
  #begin() {
    if (this.#paused) return Promise.resolve();
    this.#reading ??= this.#once();
    return this.#reading;
  }

  #hear(frame) {
    this.clock.heard(Date.parse(frame.at));
    if (frame.type === "board") {
      this.board = frame;
      this.#onBoard();
    }
    this.#heard = { day: frame.day, seq: frame.seq };
    this.#lookBack(frame);
    if (this.#knows(frame)) {
      this.#truth_ms = performance.now();
      this.truthAt_ms = this.clock.now();
    } else {
      this.#soon();
    }
    this.#look();
  }

  /** The board, where its socket does not bring it; without one the page's own view is good enough. */
  async #readBoard() {
    if (this.#askBoard === null || !this.#isSilent) return;
    let board;
    try {
      board = await this.#askBoard();
    } catch (reason) {
      if (reason instanceof Refused || reason?.name === "Unreached") return;
      throw reason;
    }
    // The socket may have spoken meanwhile, or another process answer that has not heard the news yet.
    if (this.board !== null && isBefore(board, this.board)) return;
    this.clock.heard(Date.parse(board.at));
    this.board = board;
    this.#onBoard();
  }

  get #isSilent() {
    return this.#socket.silent_ms > SILENCE_MS;
  }

  /** A frame of a channel of its own. */
  #take(frame) {
    if (frame.at) this.clock.heard(Date.parse(frame.at));
    this.#truth_ms = performance.now();
    this.truthAt_ms = this.clock.now();
    if (frame.type !== "alive") {
      this.#heard = this.#had = { day: frame.day, seq: frame.seq };
      this.#onFacts(frame);
    }
    this.#look();
  }

  /** Believe a socket that stays behind: seqs began anew. */
  #lookBack({ day, seq }) {
    const now_ms = performance.now();
    const behind = day < this.#had.day || (day === this.#had.day && seq < this.#had.seq);
    this.#behind_ms = behind ? (this.#behind_ms ?? now_ms) : null;
    if (this.#behind_ms === null || now_ms - this.#behind_ms < BEHIND_MS) return;
    this.#had = { day: "", seq: 0 };
    this.#behind_ms = null;
  }

  /** Whether what is shown is as new as a frame. */
  #knows({ day, seq }) {
    return this.#had.day > day || (this.#had.day === day && this.#had.seq >= seq);
  }

  /** Read when the last reading is long enough ago. */
  #soon() {
    if (this.#reading) {
      this.#again = true;
      return;
    }
    clearTimeout(this.#timer);
    const wait_ms = this.#lastRead_ms + READ_EVERY_MS - performance.now();
    this.#timer = setTimeout(() => this.#begin(), Math.max(0, wait_ms));
  }

  async #once() {
    clearTimeout(this.#timer);
    this.#lastRead_ms = performance.now();
    const asked = this.#heard;
    try {
      const [facts] = await Promise.all([this.#read(), this.#readBoard()]);
      const seen = { day: facts.day ?? asked.day, seq: facts.seq ?? asked.seq };
      // Another process may answer that has not heard the news yet: what is older than what is shown is not shown.
      if (seen.day > this.#had.day || (seen.day === this.#had.day && seen.seq >= this.#had.seq)) {
        this.#had = seen;
        this.#truth_ms = performance.now();
        this.truthAt_ms = this.clock.now();
        this.#onFacts(facts);
      }
      if (!this.#knows(this.#heard)) this.#again = true;
    } catch (reason) {
      if (reason instanceof Refused) this.#onRefused(reason);
      else if (reason?.name !== "Unreached" && reason?.name !== "AbortError") throw reason;
    } finally {
      this.#reading = null;
      this.#look();
      if (this.#again) {
        this.#again = false;
        this.#soon();
      }
    }
  }

  #look() {
    this.#socket.look();
    const now_ms = performance.now();
    if (this.#isSilent && !this.#reading && now_ms - this.#lastRead_ms > POLL_MS) this.#soon();
    const fresh = now_ms - this.#truth_ms <= SILENCE_MS;
    const link = fresh ? "live" : this.#link === "connecting" && now_ms < SILENCE_MS * 2 ? "connecting" : "silent";
    if (link === this.#link) return;
    this.#link = link;
    this.#onLink(link);
  }
}

/** Whether a board is older than another: of events before, or told before. */
function isBefore(one, other) {
  if (one.day !== other.day) return one.day < other.day;
  return one.seq === other.seq ? Date.parse(one.at) < Date.parse(other.at) : one.seq < other.seq;
}
