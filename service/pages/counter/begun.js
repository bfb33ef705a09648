/** What was begun with the person here and is not sent yet: kept in this tab, so that a page that is read anew has not lost it. */

const STORE = "paihao-counter-begun";

/**
 * @param {string} ticket
 * @returns {{missing?: string[], pauseAfter?: object | null}} empty for anybody else than was kept last
 */
export function begunWith(ticket) {
  try {
    const kept = JSON.parse(sessionStorage.getItem(STORE) ?? "null");
    return kept?.ticket === ticket ? kept : {};
  } catch {
    return {};
  }
}

/** @param {string} ticket @param {{missing?: string[], pauseAfter?: object | null}} parts those that have changed */
export function keepBegun(ticket, parts) {
  try {
    sessionStorage.setItem(STORE, JSON.stringify({ ...begunWith(ticket), ticket, ...parts }));
  } catch {
    // A browser that keeps nothing for us loses it, as it would without us.
  }
}

/** It was sent, or given up. */
export function forgetBegun() {
  try {
    sessionStorage.removeItem(STORE);
  } catch {
    // Nothing was kept.
  }
}
