/**
 * Follows the state of a hall.
 *
 * The socket of the board signals that something has changed. The page then reads its own view again, at most twice a second, and never
 * replaces a newer view by an older one. While the socket is silent the page polls every few seconds, for the board too: if the port is
 * blocked, the page is less current, but works. The page reports a lost connection only when both fail.
 */

import { HallClock } from "/display/clock.js";
import { inHall, Refused } from "/pages/api.js";
import { BoardSocket, SILENCE_MS } from "/display/socket.js";

const READ_EVERY_MS = 500;
const POLL_MS = 3000;
const CHECK_MS = 250;
// If frames are older than the shown facts for this long, the frames are right: the database was restored.
const BEHIND_MS = 5000;

/** @typedef {"connecting" | "live" | "silent"} Link */

/**
 * Follows one hall.
 * @template Facts
 */
export class Live {
  #read;
  #onFacts;
  #onLink;
  #onRefused;
  #onBoard;
  /** Requests the board; null for a page with another channel. @type {(() => Promise<object>) | null} */
  #requestBoard;
  #socket;
  /** @type {Promise<void> | null} */
  #reading = null;
  #readAgain = false;
  #timer = 0;
  #lastRead_ms = -Infinity;
  #truth_ms = -Infinity;
  /** Journal position of the last frame. */
  #announced = { day: "", seq: 0 };
  /** Journal position of the shown facts. */
  #shown = { day: "", seq: 0 };
  /** @type {Link} */
  #link = "connecting";
  #checkTimer = 0;
  #paused = false;
  /** Since when frames are older than the shown facts. @type {number | null} */
  #behind_ms = null;

  /** The last board received or, while the socket is silent, read; null before the first. */
  board = null;
  /** Time of the shown facts, by the hall's clock. */
  truthAt_ms = NaN;
  /** The hall's clock, corrected by frames. @type {HallClock} */
  clock;

  /**
   * @param {object} options
   * @param {{id: string, time_zone: string, display_url: string}} options.hall as `GET /v1/halls/{hall}` answers it
   * @param {() => Promise<Facts>} options.read reads the page's view; its `seq` and `day`, if it has them, are its journal position
   * @param {(facts: Facts) => void} options.onFacts
   * @param {(link: Link) => void} options.onLink
   * @param {(refused: Refused) => void} [options.onRefused]
   * @param {{path: string, protocols: () => string[], read: (data: string) => object | null}} [options.channel] a socket whose
   *   frames are the facts themselves, or `alive` frames, which confirm the last ones; without it the board's socket is used
   * @param {() => void} [options.onBoard] a board was received; it may be newer than the facts, or arrive after the facts of the same position
   */
  constructor({ hall, read, onFacts, onLink, onRefused, channel, onBoard }) {
    this.#read = read;
    this.#onFacts = onFacts;
    this.#onLink = onLink;
    this.#onRefused = onRefused ?? (() => undefined);
    this.#onBoard = onBoard ?? (() => undefined);
    this.#requestBoard = channel ? null : async () => (await inHall(hall.id)("GET", "board")).body;
    this.clock = new HallClock(hall.time_zone);
    this.#socket = new BoardSocket({
      address: () => `${hall.display_url.replace(/\/$/, "")}/v1/halls/${encodeURIComponent(hall.id)}/${channel?.path ?? "board"}`,
      protocols: channel?.protocols,
      read: channel?.read,
      onFrame: (frame) => (channel ? this.#onChannelFrame(frame) : this.#onFrame(frame)),
      onUnknownZone: () => undefined,
    });
  }

  /** @returns {Link} */
  get link() {
    return this.#link;
  }

  /** Start to follow, and read the first facts at once. */
  start() {
    this.#socket.open();
    this.#checkTimer = setInterval(() => this.#check(), CHECK_MS);
    globalThis.addEventListener("online", () => {
      this.#socket.hurry();
      this.now();
    });
    document.addEventListener("visibilitychange", () => this.#check());
    // Without a session all readings would be refused.
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
    clearInterval(this.#checkTimer);
    clearTimeout(this.#timer);
  }

  /**
   * Read without waiting for a frame, for example after an act.
   * @returns {Promise<void>} settled when a view requested after this call has arrived, or could not be read
   */
  async now() {
    if (this.#reading) {
      await this.#reading; // it was requested before this call, so its view may be too old
    }
    await this.#startReading();
  }

  /** Start a reading, unless one is running or reading is paused. */
  #startReading() {
    if (this.#paused) return Promise.resolve();
    this.#reading ??= this.#readOnce();
    return this.#reading;
  }

  /** Take over a frame of the board's socket. */
  #onFrame(frame) {
    this.clock.heard(Date.parse(frame.at));
    if (frame.type === "board") {
      this.board = frame;
      this.#onBoard();
    }
    this.#announced = { day: frame.day, seq: frame.seq };
    this.#acceptIfRestored(frame);
    if (this.#isCurrent(frame)) {
      this.#truth_ms = performance.now();
      this.truthAt_ms = this.clock.now();
    } else {
      this.#readSoon();
    }
    this.#check();
  }

  /** Read the board while its socket is silent. If that fails the page's own view is enough. */
  async #readBoard() {
    if (this.#requestBoard === null || !this.#isSilent) return;
    let board;
    try {
      board = await this.#requestBoard();
    } catch (reason) {
      if (reason instanceof Refused || reason?.name === "Unreached") return;
      throw reason;
    }
    // The socket may have sent a newer board meanwhile, or the answer came from a process that has not read the latest events.
    if (this.board !== null && isBefore(board, this.board)) return;
    this.clock.heard(Date.parse(board.at));
    this.board = board;
    this.#onBoard();
  }

  get #isSilent() {
    return this.#socket.silent_ms > SILENCE_MS;
  }

  /** Take over a frame of another channel. */
  #onChannelFrame(frame) {
    if (frame.at) this.clock.heard(Date.parse(frame.at));
    this.#truth_ms = performance.now();
    this.truthAt_ms = this.clock.now();
    if (frame.type !== "alive") {
      this.#announced = this.#shown = { day: frame.day, seq: frame.seq };
      this.#onFacts(frame);
    }
    this.#check();
  }

  /** If frames stay older than the shown facts, accept them: the journal was restored to an earlier state. */
  #acceptIfRestored({ day, seq }) {
    const now_ms = performance.now();
    const behind = day < this.#shown.day || (day === this.#shown.day && seq < this.#shown.seq);
    this.#behind_ms = behind ? (this.#behind_ms ?? now_ms) : null;
    if (this.#behind_ms === null || now_ms - this.#behind_ms < BEHIND_MS) return;
    this.#shown = { day: "", seq: 0 };
    this.#behind_ms = null;
  }

  /** Whether the shown facts are as new as a frame. */
  #isCurrent({ day, seq }) {
    return this.#shown.day > day || (this.#shown.day === day && this.#shown.seq >= seq);
  }

  /** Read as soon as the last reading is long enough ago. */
  #readSoon() {
    if (this.#reading) {
      this.#readAgain = true;
      return;
    }
    clearTimeout(this.#timer);
    const wait_ms = this.#lastRead_ms + READ_EVERY_MS - performance.now();
    this.#timer = setTimeout(() => this.#startReading(), Math.max(0, wait_ms));
  }

  async #readOnce() {
    clearTimeout(this.#timer);
    this.#lastRead_ms = performance.now();
    const announced = this.#announced;
    try {
      const [facts] = await Promise.all([this.#read(), this.#readBoard()]);
      const position = { day: facts.day ?? announced.day, seq: facts.seq ?? announced.seq };
      // The answer may come from a process that has not read the latest events: never show older facts than the shown ones.
      if (position.day > this.#shown.day || (position.day === this.#shown.day && position.seq >= this.#shown.seq)) {
        this.#shown = position;
        this.#truth_ms = performance.now();
        this.truthAt_ms = this.clock.now();
        this.#onFacts(facts);
      }
      if (!this.#isCurrent(this.#announced)) this.#readAgain = true;
    } catch (reason) {
      if (reason instanceof Refused) this.#onRefused(reason);
      else if (reason?.name !== "Unreached" && reason?.name !== "AbortError") throw reason;
    } finally {
      this.#reading = null;
      this.#check();
      if (this.#readAgain) {
        this.#readAgain = false;
        this.#readSoon();
      }
    }
  }

  /** Check the socket, poll if it is silent, and update the state of the link. */
  #check() {
    this.#socket.look();
    const now_ms = performance.now();
    if (this.#isSilent && !this.#reading && now_ms - this.#lastRead_ms > POLL_MS) this.#readSoon();
    const fresh = now_ms - this.#truth_ms <= SILENCE_MS;
    const link = fresh ? "live" : this.#link === "connecting" && now_ms < SILENCE_MS * 2 ? "connecting" : "silent";
    if (link === this.#link) return;
    this.#link = link;
    this.#onLink(link);
  }
}

/** Whether a board is older than another one, by its journal position, then by its time. */
function isBefore(board, other) {
  if (board.day !== other.day) return board.day < other.day;
  return board.seq === other.seq ? Date.parse(board.at) < Date.parse(other.at) : board.seq < other.seq;
}
