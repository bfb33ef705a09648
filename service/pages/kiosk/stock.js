/**
 * The kiosk's stock of numbers for use without network, and the reports that the service still has to get. Both are stored in the
 * browser's IndexedDB and survive a reload.
 *
 * A number is taken from the stock in one database transaction, so that it is given out only once. Its slip stays stored until the
 * service has confirmed it: a person holds this number on paper.
 */

const VERSION = 1;
const SLIPS = "slips";
const UNDO = "undo";
// Unreported slips that are older than this are deleted: their day has ended, and the service would refuse them.
const KEPT_MS = 3 * 86_400_000;

/** @typedef {{from_at: string, until_at: string}} Doors a period in which numbers may be given out */
/**
 * @typedef {{id?: number, number: string, code: string, ticket: string, token: string, day: string, doors: Doors[], state: "free" | "given",
 *   service?: string, count?: number, issued_at?: string}} Slip
 */

/** The stock of one hall's kiosk. It is always empty in a browser without IndexedDB. */
export class Stock {
  /** @type {Promise<IDBDatabase | null>} */
  #database;

  /** @param {string} hall */
  constructor(hall) {
    this.#database = openDatabase(`paihao.kiosk.${hall}`).catch(() => null);
  }

  /**
   * Add leased numbers, and delete unused numbers of other days. The day comes from the service, because the kiosk's own clock may be
   * wrong.
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

  /** Count the numbers that can be given out now or later today. @param {number} now_ms @returns {Promise<number>} */
  async left(now_ms) {
    return (await this.#slips()).filter((slip) => slip.state === "free" && slip.doors.some(({ until_at }) => now_ms < Date.parse(until_at))).length;
  }

  /**
   * Take the next number from the stock.
   * @param {{service: string, count: number}} request
   * @param {number} now_ms
   * @returns {Promise<Slip | {opens_at: string | null} | null>} only `opens_at`: the doors are closed until then; null: the stock is empty
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

  /** @returns {Promise<Slip[]>} slips given out that the service has not confirmed, oldest first */
  async unreported() {
    return (await this.#slips()).filter(({ state }) => state === "given");
  }

  /** Delete slips that the service has confirmed. @param {number[]} ids */
  markReported(ids) {
    return this.#do([SLIPS], (store) => ids.forEach((id) => store(SLIPS).delete(id)));
  }

  /**
   * Store a request that had no answer and must be undone: the person has a number of the stock instead.
   * @param {{key: string, body: object}} request
   */
  undo(request) {
    return this.#do([UNDO], (store) => void store(UNDO).add({ ...request, at: Date.now() }));
  }

  /** @returns {Promise<{id: number, key: string, body: object}[]>} the requests that must be undone */
  async toUndo() {
    return (await this.#do([UNDO], (store) => all(store(UNDO)))) ?? [];
  }

  /** Delete a request that was undone. @param {number} id */
  undone(id) {
    return this.#do([UNDO], (store) => void store(UNDO).delete(id));
  }

  async #slips() {
    return (await this.#do([SLIPS], (store) => all(store(SLIPS)))) ?? [];
  }

  /** Run one transaction. @returns {Promise<any>} the result of `work`; null without a database */
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

function openDatabase(name) {

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
