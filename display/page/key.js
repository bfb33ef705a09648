/**
 * The key of a device's page: the token of the device. The page was opened once with `#key=` in its address.
 *
 * The key is stored in this browser and removed from the address, where people could read it. A revoked key is deleted.
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

  /** Delete the key: it is no longer valid. */
  forget() {
    this.#value = null;
    remember(this.#name, null);
  }
}

/** @param {string} name @returns {string | null} the stored value */
export function recall(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null; // the browser does not allow storage
  }
}

/** @param {string} name @param {string | null} value null to forget */
export function remember(name, value) {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    // the browser does not allow storage: the key lasts as long as the page
  }
}
