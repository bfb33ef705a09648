/** The draft of a booking: what a clerk has typed and chosen. It outlives a new drawing, for example in another language. */

import { newKey } from "/pages/api.js";

/**
 * @typedef {{service: string, count: number, starts_at: string | null, name: string, phone: string, channel: string, moving: object | null,
 *   on: string, made: {appointment: object, words: string} | null, key: string}} Draft `moving`: the appointment that is moved; `on`: the day
 *   of the list, empty for today; `made`: the appointment on the card, with the id of its title; `key`: idempotency key of the next request
 */
const emptyDraft = () => ({ service: "", count: 1, starts_at: null, name: "", phone: "", channel: "hotline", moving: null, on: "", made: null, key: newKey() });
const store = { draft: emptyDraft(), owner: null };

/** @returns {Draft} */
export function currentDraft() {
  return store.draft;
}

/** Continue the draft of an account. Another account starts with an empty draft. @param {string} account id */
export function useDraftOf(account) {
  if (account !== store.owner) store.draft = emptyDraft();
  store.owner = account;
}

/** Whether the clerk has changed the draft since it was sent, for example for the next caller. @param {Draft} sent */
export function hasChanged(sent) {
  return ["service", "count", "starts_at", "name", "phone", "channel", "moving"].some((field) => store.draft[field] !== sent[field]);
}
