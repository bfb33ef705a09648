/**
 * What a phone keeps for its person: the tickets and appointments that are theirs, with the tokens that prove it, and the booking
 * they are in the middle of.
 *
 * Tokens are kept here and in the part of an address that no server sees, and nowhere else. A browser that keeps nothing for us
 * still works until the page is left.
 */

const OWN = "paihao-own";
const BOOKING = "paihao-booking";
const SEEN = "paihao-seen";
// What is older is over, unless one may still come back by it.
const KEPT_MS = 62 * 86_400_000;

/**
 * @typedef {{hall: string, token: string, at: number, number?: string, code?: string, starts_at?: string, service?: string, return_by_on?: string | null}} Kept
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
 * Keep what is this person's.
 * @param {Kind} kind
 * @param {string} id
 * @param {Omit<Kept, "at">} what
 * @returns {boolean} whether it outlives the page
 */
export function keep(kind, id, what) {
  const all = own();
  all[kind][id] = { ...all[kind][id], ...what, at: Date.now() };
  const today = new Date().toISOString().slice(0, 10);
  for (const [one, { at, return_by_on }] of Object.entries(all[kind])) if (Date.now() - at > KEPT_MS && !(return_by_on >= today)) delete all[kind][one];
  return write(local, OWN, all);
}

/**
 * Keep how a ticket was seen: whether it is over, and until when one may come back by it; null when one may not, or has.
 * @param {string} id
 * @param {{hall: string, token: string}} whose
 * @param {any} ticket
 */
export function keepTicket(id, { hall, token }, { number, day, service, state, return_by_on, returned_at }) {
  keep("tickets", id, { hall, token, number, day, service, over: ["done", "left"].includes(state), return_by_on: returned_at ? null : (return_by_on ?? null) });
}

/** @param {Kind} kind @param {string} id @returns {Kept | null} */
export function kept(kind, id) {
  return own()[kind][id] ?? null;
}

/** @param {Kind} kind @param {string} hall @returns {(Kept & {id: string})[]} of one hall, the newest first */
export function keptOf(kind, hall) {
  const found = Object.entries(own()[kind]).map(([id, one]) => ({ id, ...one }));
  return found.filter((one) => one.hall === hall).sort((one, other) => other.at - one.at);
}

/** @param {Kind} kind @param {string} id */
export function forget(kind, id) {
  const all = own();
  delete all[kind][id];
  write(local, OWN, all);
}

/**
 * Keep what a page showed of a ticket, for when it is opened while the network is away; that of the last ticket only.
 * @param {string} id
 * @param {object} what
 */
export function keepSeen(id, what) {
  write(local, SEEN, { id, ...what });
}

/** @param {string} id @returns {any} what was shown of this ticket, null when nothing is kept */
export function seen(id) {
  const last = read(local, SEEN);
  return last?.id === id ? last : null;
}

/** The booking under way in this tab, at one hall. */
export class Booking {
  #name;

  /** @param {string} hall */
  constructor(hall) {
    this.#name = `${BOOKING}-${hall}`;
  }

  /** @returns {any} nothing set at first */
  get now() {
    return read(session, this.#name) ?? {};
  }

  /** @param {object} changes null takes away */
  set(changes) {
    write(session, this.#name, Object.fromEntries(Object.entries({ ...this.now, ...changes }).filter(([, value]) => value !== null && value !== undefined)));
  }

  /** No number is given up for what is booked; a time chosen in the place of one, which nobody holds, is chosen no longer. */
  endStandby() {
    const { hold } = this.now;
    this.set({ standby: null, hold: hold?.id ? hold : null });
  }

  /** A number for an entry of the browser's history: greater than those before. @returns {number} */
  nextEntry() {
    const entry = (this.now.entry ?? 0) + 1;
    this.set({ entry });
    return entry;
  }

  /** Whether an entry of the history is of a booking that is made. @param {number} [entry] */
  isMade(entry = 0) {
    return entry <= (this.now.made ?? -1);
  }

  /** All of it is over, but for what holds for the next as well. @param {{made?: boolean}} [how] made: it became an appointment */
  clear({ made = false } = {}) {
    const { entrance, entry, made: before } = this.now;
    write(session, this.#name, {});
    this.set({ entrance, entry, made: made ? entry : before });
  }
}
