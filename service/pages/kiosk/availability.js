/** What the hall offers at the moment: expected waits, the reasons why no numbers are given out, and where a ticket starts. */

import { noneOpen } from "/display/staffed.js";
import { isStaffed, outlookOf } from "/pages/outlook.js";
import { isOffline, now_ms, state, when } from "./state.js";
import { both, languages, ofHall } from "./words.js";

/**
 * The facts that an outlook depends on. With a board, the state of the counters comes from it: it is newer than the hall's answer.
 * @returns {{staffed: boolean, now_ms: number, ends_at: string | null}}
 */
function conditions() {
  const { hall, live } = state;
  const staffed = live?.board ? !hall.open || !noneOpen(live.board) : isStaffed(hall);
  return { staffed, now_ms: now_ms(), ends_at: hall.day_ends_at };
}

/** The outlook for a person who takes a number of this service now. */
export function outlookOfService(service) {
  const waiting = state.live?.board?.waiting.find((entry) => entry.service === service.id);
  return outlookOf(waiting ?? { admission: service.admission, shown: service.wait?.shown ?? null }, conditions());
}

/** The outlook for a ticket that was just issued. */
export function outlookOfTicket({ admission, wait }) {
  return outlookOf({ admission, shown: wait?.shown ?? null }, conditions());
}

/**
 * Why no number can be taken now, and what to do instead; empty while numbers are given out. It is also empty for an invitation,
 * which is a check-in, and for an offline kiosk, whose stock has opening hours of its own.
 * @returns {import("./words.js").Said[][]}
 */
export function closedReasons() {
  const { hall, invitation, live } = state;
  if (invitation || isOffline()) return [];
  const suspended = live?.board ? live.board.suspended : hall.suspended ? {} : null;
  if (suspended) return [suspended.text ? ofHall(suspended.text) : both("refused-hall-suspended"), both("refused-hall-suspended-about")];
  if (hall.doors_open) return [];
  return [both("refused-hall-closed"), hall.opens_at ? both("refused-hall-closed-about", (language) => ({ when: when.due(hall.opens_at, language) })) : both("refused-hall-closed-none-about")];
}

/**
 * Name of the ticket's first stage, by language. Null when no open counter serves this stage, when a language lacks the name, and
 * for the last stage of the hall, which every ticket passes.
 */
export function firstStage({ stage }) {
  const { live } = state;
  if (!live?.board) return null;
  const { names, counters } = live.board;
  const isServed = counters.some(({ id, state: counterState }) => counterState === "open" && names.counters[id]?.stage === stage);
  if (!isServed || Object.keys(names.stages).at(-1) === stage) return null;
  const words = Object.fromEntries(ofHall(names.stages[stage]).map(({ key: language, text }) => [language, text]));
  return languages().every((language) => words[language]) ? words : null;
}

/** Address at which the holder of a ticket watches it; null if the ticket has no token or the kiosk knows no such address. */
export function urlOfTicket({ id, token }) {
  const template = state.kiosk?.ticket_url;
  return template && token ? template.replace("{ticket}", id).replace("{token}", token) : null;
}
