/**
 * Synchronizes the stock with the service: reports numbers given out offline, undoes requests that had no answer, and refills the
 * stock, in this order. One pass runs at a time. The next pass repeats what failed.
 */

import { Refused, Unreached } from "/pages/api.js";

// Numbers in a full stock. With fewer than STOCK_LOW the stock is refilled.
const STOCK_MAX = 50;
const STOCK_LOW = 30;
// Slips in one report.
const REPORT_MAX = 100;
const PATIENCE_MS = 8000;

/** Synchronizes one kiosk's stock. */
export class Sync {
  #stock;
  #callHall;
  #device;
  #now_ms;
  #onTrouble;
  /** @type {Promise<void> | null} */
  #running = null;

  /**
   * @param {object} options
   * @param {import("./stock.js").Stock} options.stock
   * @param {(method: string, path: string, options?: object) => Promise<{body: any}>} options.callHall sends a request under the hall's path, with the kiosk's key
   * @param {() => string | null} options.device id of the kiosk; null until it is known
   * @param {() => number} options.now_ms
   * @param {(numbers: string[]) => void} options.onTrouble numbers that the service refused: staff must help
   */
  constructor({ stock, callHall, device, now_ms, onTrouble }) {
    this.#stock = stock;
    this.#callHall = callHall;
    this.#device = device;
    this.#now_ms = now_ms;
    this.#onTrouble = onTrouble;
  }

  /** Run a pass, or wait for the one that is running. */
  run() {
    this.#running ??= this.#pass()
      .catch((reason) => {
        if (!(reason instanceof Unreached || reason instanceof Refused)) throw reason;
      })
      .finally(() => {
        this.#running = null;
      });
    return this.#running;
  }

  async #pass() {
    const device = this.#device();
    if (device === null) return;
    const pass = async () => {
      await this.#report(device);
      await this.#undoRequests();
      await this.#refill(device);
    };
    // Two windows of one kiosk share the stock.
    await (navigator.locks ? navigator.locks.request("paihao.kiosk.sync", pass) : pass());
  }

  async #report(device) {
    for (let unreported = await this.#stock.unreported(); unreported.length > 0; unreported = await this.#stock.unreported()) {
      const slips = unreported.slice(0, REPORT_MAX);
      const items = slips.map(({ number, code, service, count, issued_at }) => ({ number, code, service, count, issued_at }));
      const { body } = await this.#callHall("POST", `devices/${device}/tickets`, { body: { items }, patience_ms: PATIENCE_MS });
      const trouble = body.items.filter(({ problem }) => problem).map(({ number }) => number);
      if (trouble.length > 0) this.#onTrouble(trouble);
      await this.#stock.markReported(slips.map(({ id }) => id));
    }
  }

  /** Repeat a request for a number with its key to learn its ticket, and cancel the ticket: the person has a number of the stock. */
  async #undoRequests() {
    for (const { id, key, body } of await this.#stock.toUndo()) {
      try {
        const { body: ticket } = await this.#callHall("POST", "tickets", { body, key, patience_ms: PATIENCE_MS });
        await this.#callHall("DELETE", `tickets/${ticket.id}`, { token: ticket.token, patience_ms: PATIENCE_MS });
      } catch (reason) {
        if (!(reason instanceof Refused)) throw reason; // refused: there is no ticket to cancel
      }
      await this.#stock.undone(id);
    }
  }

  async #refill(device) {
    const left = await this.#stock.left(this.#now_ms());
    if (left >= STOCK_LOW) return;
    const { body } = await this.#callHall("POST", `devices/${device}/lease`, { body: { count: STOCK_MAX - left }
, patience_ms: PATIENCE_MS });
    await this.#stock.add(body);
  }
}
