/** Which calls are new, and which call is the newest now. Pure: no page and no clock; times are arguments. */

/** @typedef {{number: string, counter: string, zone?: string, at: string, again: number}} Call */

// A screen that was just switched on still announces the calls made while it started.
const FRESH_MS = 10_000;
// Numbers are unique in a day; with more entries than this the oldest are of an earlier day.
const NUMBERS_MAX = 5000;

/** Remembers every call seen, across connections, so that each is announced once. */
export class CallLog {
  /** @type {Map<string, {at_ms: number, again: number}>} */
  #seen = new Map();
  #empty = true;

  /**
   * Take over a board's calls.
   * @param {Call[]} called newest first
   * @param {number} at_ms when the board was made, by the same clock as the calls
   * @returns {Call[]} the calls to announce, oldest first
   */
  news(called, at_ms) {
    const first = this.#empty;
    this.#empty = false;
    return called.filter((call) => this.#isNew(call) && (!first || at_ms - Date.parse(call.at) < FRESH_MS)).reverse();
  }

  #isNew(call) {
    const at_ms = Date.parse(call.at);
    const seen = this.#seen.get(call.number);
    // After a reconnect the server may still be catching up: a call older than the one seen is not new.
    if (seen && (at_ms < seen.at_ms || (at_ms === seen.at_ms && call.again <= seen.again))) return false;
    this.#seen.delete(call.number); // so that the map stays in order of the last change
    this.#seen.set(call.number, { at_ms, again: call.again });
    if (this.#seen.size > NUMBERS_MAX) this.#seen.delete(this.#seen.keys().next().value);
    return true;
  }
}

const TURN_MS = 3000;

/** The banner: of calls that come almost at the same time, each is shown as the newest for three seconds, in turn. */
export class Turns {
  /** @type {string[]} */
  #next = [];
  /** @type {string | null} */
  #shown = null;
  #since_ms = -Infinity;

  /** @param {Call[]} calls oldest first */
  add(calls) {
    for (const { number } of calls) {
      if (!this.#next.includes(number)) this.#next.push(number);
    }
  }

  /**
   * The call to show as the newest now.
   * @param {Call[]} called newest first
   * @param {number} now_ms
   * @returns {{call: Call | null, fresh: boolean}} fresh: it is shown for the first time
   */
  pick(called, now_ms) {
    const find = (number) => called.find((call) => call.number === number) ?? null;
    this.#next = this.#next.filter((number) => find(number) !== null);
    const shown = find(this.#shown);
    if (this.#next.length > 0 && (shown === null || now_ms - this.#since_ms >= TURN_MS)) {
      this.#shown = this.#next.shift();
      this.#since_ms = now_ms;
      return { call: find(this.#shown), fresh: true };
    }
    if (shown === null) {
      this.#shown = called[0]?.number ?? null;
      this.#since_ms = -Infinity;
      return { call: called[0] ?? null, fresh: false };
    }
    return { call: shown, fresh: false };
  }
}
