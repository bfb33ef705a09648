/**
 * The numbers this kiosk has in stock, and what it has still to tell the service; kept in the browser, over reloads.
 *
 * A number leaves the stock in one transaction of the database, so that it is given once whatever the page does. It stays here
 * until the service has it: a slip is paper in somebody's hand, and must not be forgotten.
 */

const VERSION = 1;
const SLIPS = "slips";
const UNDO = "undo";
// Slips that the service has not heard of for so long are of a day that has ended: nothing can be done with them any more.
const KEPT_MS = 3 * 86_400_000;

/** @typedef {{from_at: string, until_at: string}} Doors a span in which numbers may be given out */
/**
 * @typedef {{id?: number, number: string, code: string, ticket: string, token: string, day: string, doors: Doors[], state: "free" | "given",
 *   service?: string, count?: number, issued_at?: string}} Slip
 */

/** The stock of one hall's kiosk. A browser that keeps nothing has none. */
export class Stock {
  /** @type {Promise<IDBDatabase | null>} */
  #database;

  /** @param {string} hall */
  constructor(hall) {
    this.#database = opened(`paihao.kiosk.${hall}`).catch(() => null);
  }

  /**
   * Put leased numbers in; what was left of other days goes out. Days are the service's: the kiosk's own clock may stand wrong.
   * @param {{items: {number: string, code: string, ticket: string, token: string}[], doors: Doors[], day: string}} lease
   */
  add({ items, doors, day }) {
    return this.#do([SLIPS], async (store) => {
      for (const slip of await all(store(SLIPS))) {
        const isOver = slip.state === "free" ? slip.day !== day : Date.parse(day) - Date.parse(slip.day) > KEPT_MS;
        if (isOver) store(SLIPS).delete(slip.id);
      }
      for (const item of items) store(SLIPS).add({ ...item, doors, day, state: "free" });
    });
  }

  /** @param {number} now_ms @returns {Promise<number>} how many there are to give out, now or when the doors open today */
  async left(now_ms) {
    return (await this.#slips()).filter((slip) => slip.state === "free" && slip.doors.some(({ until_at }) => now_ms < Date.parse(until_at))).length;
  }

  /**
   * Take the next number out.
   * @param {{service: string, count: number}} wish
   * @param {number} now_ms
   * @returns {Promise<Slip | {opens_at: string | null} | null>} without a number: when the doors open; null: there is none
   */
  give({ service, count }, now_ms) {
    return this.#do([SLIPS], async (store) => {
      const free = (await all(store(SLIPS))).filter(({ state }) => state === "free");
      const isOpen = ({ from_at, until_at }) => Date.parse(from_at) <= now_ms && now_ms < Date.parse(until_at);
      const slip = free.find(({ doors }) => doors.some(isOpen));
      if (slip) {
        const given = { ...slip, state: "given", service, count, issued_at: new Date(now_ms).toISOString() };
        store(SLIPS).put(given);
        return given;
      }
      if (free.length === 0) return null;
      const next = free[0].doors.find(({ from_at }) => now_ms < Date.parse(from_at));
      return { opens_at: next?.from_at ?? null };
    });
  }

  /** @returns {Promise<Slip[]>} those given out that the service does not know, in order */
  async given() {
    return (await this.#slips()).filter(({ state }) => state === "given");
  }

  /** @param {number[]} ids the service knows them */
  told(ids) {
    return this.#do([SLIPS], (store) => ids.forEach((id) => store(SLIPS).delete(id)));
  }

  /**
   * Remember a take that was not answered, and whose person has a number of the stock instead: it is to be taken back.
   * @param {{key: string, body: object}} take
   */
  undo(take) {
    return this.#do([UNDO], (store) => void store(UNDO).add({ ...take, at: Date.now() }));
  }

  /** @returns {Promise<{id: number, key: string, body: object}[]>} */
  async toUndo() {
    return (await this.#do([UNDO], (store) => all(store(UNDO)))) ?? [];
  }

  /** @param {number} id it is taken back */
  undone(id) {
    return this.#do([UNDO], (store) => void store(UNDO).delete(id));
  }

  async #slips() {
    return (await this.#do([SLIPS], (store) => all(store(SLIPS)))) ?? [];
  }

  /** One transaction; null where the browser keeps nothing. */
  async #do(names, work) {
    const database = await this.#database;
    if (database === null) return null;
    const transaction = database.transaction(names, "readwrite");
    const done = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
    const result = await work((name) => transaction.objectStore(name));
    await done;
    return result;
  }
}

function opened(name) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, VERSION);
    request.onupgradeneeded = () => {
      for (const store of [SLIPS, UNDO]) request.result.createObjectStore(store, { keyPath: "id", autoIncrement: true });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function all(store) {
  return new Promise((resolve, reject) => {
    const request = store.getAll();
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
