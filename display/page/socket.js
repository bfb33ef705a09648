/** The socket to the hall's board: opens, listens, notices silence, opens again. */

const PROTOCOL = "paihao.board.v1";
// The server speaks at least every 2 s; the page must say so 5 s after the last word at the latest, and looks four times a second.
export const SILENCE_MS = 4500;
// A connection is given up later than that, and not by all screens together: a server that was only busy must not be met by a storm.
const GIVE_UP_MS = 6000;
const GIVE_UP_SPREAD_MS = 2000;
const CONNECT_MS = 5000;
const RETRY_FIRST_MS = 250;
const RETRY_MAX_MS = 5000;
// All screens of a city hear of a restart in the same moment and must not come back in the same moment.
const RESTART_SPREAD_MS = 1000;
// A wrong zone is put right by people, not by asking again.
const UNKNOWN_ZONE_RETRY_MS = 30_000;
// Two looks further apart than this mean the browser held our timers back, and perhaps the frames with them.
const HELD_BACK_MS = 2000;

const RESTARTING = 1012;
const UNKNOWN_ZONE = 4404;

/** @typedef {{type: "board" | "alive", day: string, seq: number, at: string}} Frame */

/** One board's frames, in order, over as many connections as it takes. */
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
   * @param {(failures: number) => string} options.address where to connect, asked at each attempt
   * @param {() => string[]} [options.protocols] asked at each attempt; those of a board if not said
   * @param {(data: string) => Frame | null} [options.read] what a message is; a board's frame if not said
   * @param {(frame: Frame) => void} options.onFrame each frame that is not older than the one before
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

  /** @returns {number} how long nothing was heard, by a clock that nobody sets */
  get silent_ms() {
    return performance.now() - this.#heard_ms;
  }

  /** Connect now, leaving any connection there is. */
  open() {
    this.#leave();
    this.#opened_ms = performance.now();
    this.#patience_ms = GIVE_UP_MS + Math.random() * GIVE_UP_SPREAD_MS;
    this.#last = null;
    let socket;
    try {
      socket = new WebSocket(this.#address(this.#failures), this.#protocols());
    } catch {
      this.#retry(); // an address no socket can have: it may be put right in the hall's settings
      return;
    }
    this.#socket = socket;
    socket.addEventListener("message", (event) => this.#socket === socket && this.#receive(event.data));
    socket.addEventListener("close", (event) => this.#socket === socket && this.#closed(event.code));
  }

  /** Look for silence; to be called a few times a second. A connection that says nothing is given up, as a cut cable closes none. */
  look() {
    const now_ms = performance.now();
    const heldBack = now_ms - this.#looked_ms > HELD_BACK_MS;
    this.#looked_ms = now_ms;
    if (heldBack || this.#socket === null) return; // frames may be waiting behind this very task: hear them first
    const allowed_ms = this.#last === null ? CONNECT_MS : this.#patience_ms;
    if (now_ms - Math.max(this.#heard_ms, this.#opened_ms) > allowed_ms) {
      this.#leave();
      this.#retry();
    }
  }

  /** Do not wait for the next attempt: the network is back. */
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
    this.#socket = null; // first, so that its close event is nobody's
    socket?.close();
  }
}

/**
 * How long to wait before another attempt: doubling, with half of it left to chance.
 * @param {number} failures attempts that failed in a row before this wait
 */
export function backOff_ms(failures) {
  const full_ms = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** Math.min(failures, 10));
  return full_ms * (0.5 + Math.random() / 2);
}

/** @returns {Frame | null} null for what is no frame of ours */
function parse(data) {
  try {
    const frame = JSON.parse(data);
    return (frame?.type === "board" || frame?.type === "alive") && !Number.isNaN(Date.parse(frame.at)) ? frame : null;
  } catch {
    return null;
  }
}
