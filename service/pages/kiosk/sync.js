/**
 * What a kiosk and the service owe each other: numbers given out while it was cut off, takes that are to be taken back, and a
 * stock that is full again. One pass at a time, in this order; what fails is tried again by the next.
 */

import { Refused, Unreached } from "/pages/api.js";

const STOCK = 50;
const STOCK_LOW = 30;
const AT_ONCE = 100;
const PATIENCE_MS = 8000;

/** Keeps the stock and the service in step. */
export class Sync {
  #stock;
  #act;
  #device;
  #now_ms;
  #onTrouble;
  /** @type {Promise<void> | null} */
  #running = null;

  /**
   * @param {object} options
   * @param {import("./stock.js").Stock} options.stock
   * @param {(method: string, path: string, options?: object) => Promise<{body: any}>} options.act a call with the kiosk's key
   * @param {() => string | null} options.device its id; null while it is not known
   * @param {() => number} options.now_ms
   * @param {(numbers: string[]) => void} options.onTrouble numbers that the service does not take: staff have to help
   */
  constructor({ stock, act, device, now_ms, onTrouble }) {
    this.#stock = stock;
    this.#act = act;
    this.#device = device;
    this.#now_ms = now_ms;
    this.#onTrouble = onTrouble;
  }

  /** One pass; those who ask while one is under way wait for it. */
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
      await this.#takeBack();
      await this.#fillUp(device);
    };
    // Two windows of one kiosk share the stock.
    await (navigator.locks ? navigator.locks.request("paihao.kiosk.sync", pass) : pass());
  }

  async #report(device) {
    for (let given = await this.#stock.given(); given.length > 0; given = await this.#stock.given()) {
      const slips = given.slice(0, AT_ONCE);
      const items = slips.map(({ number, code, service, count, issued_at }) => ({ number, code, service, count, issued_at }));
      const { body } = await this.#act("POST", `devices/${device}/tickets`, { body: { items }, patience_ms: PATIENCE_MS });
      const trouble = body.items.filter(({ problem }) => problem).map(({ number }) => number);
      if (trouble.length > 0) this.#onTrouble(trouble);
      await this.#stock.told(slips.map(({ id }) => id));
    }
  }

  /** Ask again with the same key what came of a take, and give its number back: the person has another. */
  async #takeBack() {
    for (const { id, key, body } of await this.#stock.toUndo()) {
      try {
        const { body: ticket } = await this.#act("POST", "tickets", { body, key, patience_ms: PATIENCE_MS });
        await this.#act("DELETE", `tickets/${ticket.id}`, { token: ticket.token, patience_ms: PATIENCE_MS });
      } catch (reason) {
        if (!(reason instanceof Refused)) throw reason; // refused: there is nothing to give back
      }
      await this.#stock.undone(id);
    }
  }

  async #fillUp(device) {
    const left = await this.#stock.left(this.#now_ms());
    if (left >= STOCK_LOW) return;
    const { body } = await this.#act("POST", `devices/${device}/lease`, { body: { count: STOCK - left }, patience_ms: PATIENCE_MS });
    await this.#stock.add(body);
  }
}
