/**
 * Which pages of this browser have a place before them that is held.
 *
 * A tab that was duplicated has the booking of the other one, and with it the same hold. Who chooses anew in one of them must not
 * move or give up what is about to be confirmed in the other, so each page leaves a note as long as it stands. A note that stays
 * behind, as of a page that crashed, costs nothing but the place's ten minutes.
 */

import { newKey } from "/pages/api.js";

const NOTE = "paihao-hold-";
/** This page: a duplicate is another one, and so is this one once it is loaded anew. */
const page = newKey();

/**
 * Note what this page has before it, now and when it is come back to, and take the note away with the page.
 * @param {import("/pages/keep.js").Booking} booking
 */
export function noteHolds(booking) {
  const now = () => {
    const { hold } = booking.now;
    if (hold?.id) noteHold(hold);
  };
  now();
  addEventListener("pageshow", now);
  addEventListener("pagehide", () => {
    const { hold } = booking.now;
    if (hold?.id) forgetHold(hold.id);
  });
}

/** @param {{id: string, expires_at: string}} hold */
export function noteHold({ id, expires_at }) {
  try {
    localStorage.setItem(`${NOTE}${id}-${page}`, expires_at);
  } catch {
    // a browser that keeps nothing: nothing is known of other pages either
  }
}

/** This page has it before it no longer. @param {string} id */
export function forgetHold(id) {
  try {
    localStorage.removeItem(`${NOTE}${id}-${page}`);
  } catch {
    // there is none
  }
}

/**
 * Whether another page has it before it, or that cannot be known.
 * @param {string} id
 * @param {number} now_ms by the hall's clock
 */
export function isElsewhere(id, now_ms) {
  try {
    const notes = Object.keys(localStorage).filter((name) => name.startsWith(NOTE));
    for (const name of notes) if (!(Date.parse(localStorage.getItem(name)) > now_ms)) localStorage.removeItem(name);
    return notes.some((name) => name.startsWith(`${NOTE}${id}-`) && name !== `${NOTE}${id}-${page}` && localStorage.getItem(name) !== null);
  } catch {
    return true;
  }
}
