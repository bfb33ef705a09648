/**
 * The key of a machine's page: a device's token, with which the page was opened once as `#key=` behind its address.
 *
 * It is kept in this browser and taken out of the address, where people could read it; one that was taken back is forgotten.
 */

/** A key of one hall. */
export class Key {
  #name;
  /** @type {string | null} */
  #value;

  /** @param {string} hall */
  constructor(hall) {
    this.#name = `paihao.key.${hall}`;
    const given = new URLSearchParams(location.hash.slice(1)).get("key");
    if (given) {
      remember(this.#name, given);
      history.replaceState(null, "", location.pathname + location.search);
    }
    this.#value = given || recall(this.#name);
  }

  /** @returns {string | null} null when there is none */
  get value() {
    return this.#value;
  }

  /** It is good for nothing any more. */
  forget() {
    this.#value = null;
    remember(this.#name, null);
  }
}

/** @param {string} name @returns {string | null} what this browser has kept */
export function recall(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null; // a browser that keeps nothing
  }
}

/** @param {string} name @param {string | null} value null to forget */
export function remember(name, value) {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    // a browser that keeps nothing: it lasts as long as the page
  }
}
