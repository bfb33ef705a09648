/** Which calls are new, and whose turn it is to be the newest. No page and no clock in here: times are arguments. */

/** @typedef {{number: string, counter: string, zone?: string, at: string, again: number}} Call */

// A screen that was just switched on still tells the people who were called while it started.
const FRESH_MS = 10_000;
// Numbers are unique in a day; beyond this the oldest can only be yesterday's.
const NUMBERS_MAX = 5000;

/** Remembers every call seen, across connections, so that each is told once. */
export class CallLog {
  /** @type {Map<string, {at_ms: number, again: number}>} */
  #seen = new Map();
  #empty = true;

  /**
   * Take in a board's calls.
   * @param {Call[]} called newest first
   * @param {number} at_ms when the board was made, by the same clock as the calls
   * @returns {Call[]} those to announce, oldest first
   */
  news(called, at_ms) {
    const first = this.#empty;
    this.#empty = false;
    return called.filter((call) => this.#isNew(call) && (!first || at_ms - Date.parse(call.at) < FRESH_MS)).reverse();
  }

  #isNew(call) {
    const at_ms = Date.parse(call.at);
    const seen = this.#seen.get(call.number);
    // After a reconnect a server may still be catching up: what is older than what we saw is no news.
    if (seen && (at_ms < seen.at_ms || (at_ms === seen.at_ms && call.again <= seen.again))) return false;
    this.#seen.delete(call.number); // so that the map stays in order of last news
    this.#seen.set(call.number, { at_ms, again: call.again });
    if (this.#seen.size > NUMBERS_MAX) this.#seen.delete(this.#seen.keys().next().value);
    return true;
  }
}

const TURN_MS = 3000;

/** The banner: calls that come within moments of each other are the newest in turn, each for three seconds. */
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
   * @returns {{call: Call | null, fresh: boolean}} fresh: its turn begins with this answer
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
