/**
 * Notes in the browser's storage about which pages use which hold.
 *
 * A duplicated tab has the same booking, and so the same hold, as the original. A new choice in one tab must not move or cancel the hold
 * that the other tab is about to confirm. Each page therefore keeps a note while it is open. A note that is left behind, for example by
 * a crash, only means that the hold lasts its ten minutes.
 */

import { newKey } from "/pages/api.js";

const NOTE = "paihao-hold-";
/** Id of this page. A duplicate has another one, and so has this page after a reload. */
const page = newKey();

/**
 * Note the hold of this page now and when the page is shown again, and remove the note when the page is left.
 * @param {import("/pages/phone-store.js").BookingDraft} booking
 */
export function noteHolds(booking) {
  const noteCurrent = () => {
    const { hold } = booking.now;
    if (hold?.id) noteHold(hold);
  };
  noteCurrent();
  addEventListener("pageshow", noteCurrent);
  addEventListener("pagehide", () => {
    const { hold } = booking.now;
    if (hold?.id) forgetHold(hold.id);
  });
}

/** Note that this page uses a hold. @param {{id: string, expires_at: string}} hold */
export function noteHold({ id, expires_at }) {
  try {
    localStorage.setItem(`${NOTE}${id}-${page}`, expires_at);
  } catch {
    // without storage the notes of other pages are unknown too
  }
}

/** Remove the note of this page about a hold. @param {string} id */
export function forgetHold(id) {
  try {
    localStorage.removeItem(`${NOTE}${id}-${page}`);
  } catch {
    // without storage there is no note
  }
}

/**
 * Whether another page uses a hold, or whether this is unknown.
 * @param {string} id
 * @param {number} now_ms current time of the hall's clock
 */
export function isUsedElsewhere(id, now_ms) {
  try {
    const notes = Object.keys(localStorage).filter((name) => name.startsWith(NOTE));
    for (const name of notes) if (!(Date.parse(localStorage.getItem(name)) > now_ms)) localStorage.removeItem(name);
    return notes.some((name) => name.startsWith(`${NOTE}${id}-`) && name !== `${NOTE}${id}-${page}` && localStorage.getItem(name) !== null);
  } catch {
    return true;
  }
}
