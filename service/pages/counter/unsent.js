/** Inputs about the person at the counter that are not sent yet. They are kept in the session storage, so that a reload does not lose them. */

const STORE = "paihao-counter-begun";

/**
 * Read the unsent inputs about a ticket.
 * @param {string} ticket
 * @returns {{missing?: string[], pauseAfter?: object | null}} empty if they are about another ticket
 */
export function unsentOf(ticket) {
  try {
    const kept = JSON.parse(sessionStorage.getItem(STORE) ?? "null");
    return kept?.ticket === ticket ? kept : {};
  } catch {
    return {};
  }
}

/** Keep inputs about a ticket. @param {string} ticket @param {{missing?: string[], pauseAfter?: object | null}} parts the changed ones */
export function keepUnsent(ticket, parts) {
  try {
    sessionStorage.setItem(STORE, JSON.stringify({ ...unsentOf(ticket), ticket, ...parts }));
  } catch {
    // Without storage a reload loses the inputs.
  }
}

/** Delete the inputs: they were sent or discarded. */
export function forgetUnsent() {
  try {
    sessionStorage.removeItem(STORE);
  } catch {
    // Without storage there is nothing to delete.
  }
}
