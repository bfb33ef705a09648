/** The socket to the hall's board: connects, receives, notices silence, reconnects. */

const PROTOCOL = "paihao.board.v1";
// The server sends at least every 2 s. The page must show silence 5 s after the last frame, and checks four times a second.
export const SILENCE_MS = 4500;
// A connection is closed later than that, and at a random time: a server that was only busy must not get all screens at once.
const GIVE_UP_MS = 6000;
const GIVE_UP_SPREAD_MS = 2000;
const CONNECT_MS = 5000;
const RETRY_FIRST_MS = 250;
const RETRY_MAX_MS = 5000;
// After a restart all screens of a city lose their connection at the same moment. They must not reconnect at the same moment.
const RESTART_SPREAD_MS = 1000;
// A wrong zone must be corrected by people; reconnecting does not help.
const UNKNOWN_ZONE_RETRY_MS = 30_000;
// If two checks are further apart than this, the browser delayed the timers, and perhaps the frames as well.
const HELD_BACK_MS = 2000;

const RESTARTING = 1012;
const UNKNOWN_ZONE = 4404;

/** @typedef {{type: "board" | "alive", day: string, seq: number, at: string}} Frame */

/** The frames of one board, in order, over as many connections as needed. */
export class BoardSocket {
  #address;
  #protocols;
  #read;
  #onFrame;
  #onUnknownZone;
  #socket = null;
  #opened_ms = 0;
  #patience_ms = 0;
  #heard_ms;
  #looked_ms;
  #failures = 0;
  #timer = 0;
  /** @type {{day: string, seq: number} | null} the last frame of this connection */
  #last = null;

  /**
   * @param {object} options
   * @param {(failures: number) => string} options.address the address to connect to, called at each attempt
   * @param {() => string[]} [options.protocols] called at each attempt; by default the board's subprotocols
   * @param {(data: string) => Frame | null} [options.read] parses a message; by default a board's frame
   * @param {(frame: Frame) => void} options.onFrame called with each frame that is not older than the one before
   * @param {() => void} options.onUnknownZone
   */
  constructor({ address, protocols = () => [PROTOCOL], read = parse, onFrame, onUnknownZone }) {
    this.#address = address;
    this.#protocols = protocols;
    this.#read = read;
    this.#onFrame = onFrame;
    this.#onUnknownZone = onUnknownZone;
    this.#heard_ms = this.#looked_ms = performance.now();
  }

  /** @returns {number} ms since the last frame, by a monotonic clock */
  get silent_ms() {
    return performance.now() - this.#heard_ms;
  }

  /** Connect now; an existing connection is dropped. */
  open() {
    this.#leave();
    this.#opened_ms = performance.now();
    this.#patience_ms = GIVE_UP_MS + Math.random() * GIVE_UP_SPREAD_MS;
    this.#last = null;
    let socket;
    try {
      socket = new WebSocket(this.#address(this.#failures), this.#protocols());
    } catch {
      this.#retry(); // an invalid address: it may be corrected in the hall's settings
      return;
    }
    this.#socket = socket;
    socket.addEventListener("message", (event) => this.#socket === socket && this.#receive(event.data));
    socket.addEventListener("close", (event) => this.#socket === socket && this.#closed(event.code));
  }

  /** Check for silence; to be called a few times a second. A silent connection is dropped, because a cut cable closes none. */
  look() {
    const now_ms = performance.now();
    const heldBack = now_ms - this.#looked_ms > HELD_BACK_MS;
    this.#looked_ms = now_ms;
    if (heldBack || this.#socket === null) return; // frames may be queued behind this task: handle them first
    const allowed_ms = this.#last === null ? CONNECT_MS : this.#patience_ms;
    if (now_ms - Math.max(this.#heard_ms, this.#opened_ms) > allowed_ms) {
      this.#leave();
      this.#retry();
    }
  }

  /** Connect without waiting for the next attempt: the network is back. */
  hurry() {
    if (this.#socket === null) this.#schedule(Math.random() * RESTART_SPREAD_MS);
  }

  #receive(data) {
    const frame = this.#read(data);
    if (frame === null) return;
    this.#heard_ms = performance.now();
    this.#failures = 0;
    const { day, seq } = frame;
    if (this.#last && (day < this.#last.day || (day === this.#last.day && seq < this.#last.seq))) return;
    this.#last = { day, seq };
    this.#onFrame(frame);
  }

  #closed(code) {
    this.#socket = null;
    if (code === UNKNOWN_ZONE) {
      this.#onUnknownZone();
      this.#schedule(UNKNOWN_ZONE_RETRY_MS * (1 + Math.random()));
    } else if (code === RESTARTING && this.#failures === 0) {
      this.#failures = 1;
      this.#schedule(Math.random() * RESTART_SPREAD_MS);
    } else {
      this.#retry();
    }
  }

  #retry() {
    this.#schedule(backOff_ms(this.#failures));
    this.#failures += 1;
  }

  #schedule(delay_ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.open(), delay_ms);
  }

  #leave() {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null; // first, so that its close event is ignored
    socket?.close();
  }
}

/**
 * The wait before another attempt: doubled each time, half of it random.
 * @param {number} failures attempts that failed in a row before this wait
 */
export function backOff_ms(failures) {
  const full_ms = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** Math.min(failures, 10));
  return full_ms * (0.5 + Math.random() / 2);
}

/** @returns {Frame | null} null if it is not a valid frame */
function parse(data) {
  try {
    const frame = JSON.parse(data);
    return (frame?.type === "board" || frame?.type === "alive") && !Number.isNaN(Date.parse(frame.at)) ? frame : null;
  } catch {
    return null;
  }
}
