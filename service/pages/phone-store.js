/**
 * Data stored on an applicant's phone: the person's tickets and appointments with their tokens, and the booking in progress.
 *
 * Tokens are only here and in the fragment of addresses, which no server receives. In a browser without storage the data lasts until the
 * page is left.
 */

const OWN = "paihao-own";
const BOOKING = "paihao-booking";
const SEEN = "paihao-seen";
// Older entries are deleted, unless the person may still return with them.
const KEPT_MS = 62 * 86_400_000;

/**
 * @typedef {{hall: string, token: string, at: number, number?: string, code?: string, starts_at?: string, service?: string, return_by_on?: string | null}} StoredItem
 * @typedef {"tickets" | "appointments"} Kind
 */
const memory = new Map();

function read(store, name) {
  try {
    return JSON.parse(store().getItem(name) ?? "null") ?? memory.get(name) ?? null;
  } catch {
    return memory.get(name) ?? null;
  }
}

function write(store, name, value) {
  memory.set(name, value);
  try {
    store().setItem(name, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

const local = () => localStorage;
const session = () => sessionStorage;

function own() {
  return { tickets: {}, appointments: {}, ...read(local, OWN) };
}

/**
 * Store a ticket or an appointment of this person.
 * @param {Kind} kind
 * @param {string} id
 * @param {Omit<StoredItem, "at">} what merged with what is stored
 * @returns {boolean} whether it was stored beyond the life of the page
 */
export function storeOwn(kind, id, what) {
  const all = own();
  all[kind][id] = { ...all[kind][id], ...what, at: Date.now() };
  const today = new Date().toISOString().slice(0, 10);
  for (const [otherId, { at, return_by_on }] of Object.entries(all[kind])) if (Date.now() - at > KEPT_MS && !(return_by_on >= today)) delete all[kind][otherId];
  return write(local, OWN, all);
}

/**
 * Store the state of a ticket: whether it is over, and until which date the person may return with it; null if they may not, or have.
 * @param {string} id
 * @param {{hall: string, token: string}} owner
 * @param {any} ticket as the API answers it
 */
export function storeTicket(id, { hall, token }, { number, day, service, state, return_by_on, returned_at }) {
  storeOwn("tickets", id, { hall, token, number, day, service, over: ["done", "left"].includes(state), return_by_on: returned_at ? null : (return_by_on ?? null) });
}

/** Read a stored ticket or appointment. @param {Kind} kind @param {string} id @returns {StoredItem | null} */
export function storedOwn(kind, id) {
  return own()[kind][id] ?? null;
}

/** Read all of a hall, newest first. @param {Kind} kind @param {string} hall @returns {(StoredItem & {id: string})[]} */
export function storedOfHall(kind, hall) {
  const found = Object.entries(own()[kind]).map(([id, entry]) => ({ id, ...entry }));
  return found.filter((entry) => entry.hall === hall).sort((first, second) => second.at - first.at);
}

/** Delete a stored ticket or appointment. @param {Kind} kind @param {string} id */
export function removeOwn(kind, id) {
  const all = own();
  delete all[kind][id];
  write(local, OWN, all);
}

/**
 * Store what the page of a ticket shows, for a later start without network. Only the last ticket is stored.
 * @param {string} id
 * @param {object} what
 */
export function storeSnapshot(id, what) {
  write(local, SEEN, { id, ...what });
}

/** Read what the page of a ticket showed last. @param {string} id @returns {any} null if nothing is stored */
export function storedSnapshot(id) {
  const last = read(local, SEEN);
  return last?.id === id ? last : null;
}

/** The booking in progress in this tab, at one hall. */
export class BookingDraft {
  #name;

  /** @param {string} hall */
  constructor(hall) {
    this.#name = `${BOOKING}-${hall}`;
  }

  /** @returns {any} the fields that are set; empty at first */
  get now() {
    return read(session, this.#name) ?? {};
  }

  /** Change fields. @param {object} changes null removes a field */
  set(changes) {
    write(session, this.#name, Object.fromEntries(Object.entries({ ...this.now, ...changes }).filter(([, value]) => value !== null && value !== undefined)));
  }

  /** Do not give up a standby number for this booking. A time chosen for that purpose has no hold, so the choice is removed too. */
  endStandby() {
    const { hold } = this.now;
    this.set({ standby: null, hold: hold?.id ? hold : null });
  }

  /** Draw the number of the next history entry. Numbers increase. @returns {number} */
  nextEntry() {
    const entry = (this.now.entry ?? 0) + 1;
    this.set({ entry });
    return entry;
  }

  /** Whether a history entry belongs to a finished booking. @param {number} [entry] */
  isMade(entry = 0) {
    return entry <= (this.now.made ?? -1);
  }

  /** End the booking. Fields that the next booking needs too are kept. @param {{made?: boolean}} [options] `made`: it became an appointment */
  clear({ made = false } = {}) {
    const { entrance, entry, made: before } = this.now;
    write(session, this.#name, {});
    this.set({ entrance, entry, made: made ? entry : before });
  }
}
