/** What a kiosk says no to: the fact, and the way forward. */

import { both, ofHall } from "./words.js";

/** @typedef {{title: import("./words.js").Said[], about: import("./words.js").Said[], url: string | null, retry: boolean}} Refusal retry: a code may be typed at once */

const SAID = new Set([
  "hall-closed", "hall-full", "hall-suspended", "online-only", "code-used", "code-not-found", "too-early", "wrong-day", "appointment-missed", "appointment-not-found",
  "hold-expired", "wrong-state", "service-not-found", "busy", "storage-unavailable", "rate-limited",
]);

/**
 * What the service refused.
 * @param {import("/pages/api.js").Refused} reason
 * @param {import("./when.js").When} when
 * @returns {Refusal}
 */
export function refusalOf({ code, problem }, when) {
  const id = SAID.has(code) ? code : "other";
  const slot = problem.slots?.[0]?.starts_at;
  const args = (language) => ({
    when: problem.opens_at ? when.due(problem.opens_at, language) : "",
    slot: slot ? when.due(slot, language) : "",
    day: problem.on ? when.day(problem.on, language) : "",
  });
  const about = id === "hall-full" && !slot ? "hall-full-none" : id === "hall-closed" && !problem.opens_at ? "hall-closed-none" : id;
  return {
    title: id === "hall-suspended" && problem.text ? ofHall(problem.text) : both(`refused-${id}`, args),
    about: both(`refused-${about}-about`, args),
    url: problem.url ?? null,
    retry: code === "code-not-found",
  };
}

/** The camera cannot be used. @returns {Refusal} */
export function refusalOfCamera() {
  return { title: both("refused-camera"), about: both("refused-camera-about"), url: null, retry: true };
}

/** The kiosk is cut off, or has used up its numbers as well. @param {"refused-cut" | "refused-used-up"} words @returns {Refusal} */
export function refusalOfCut(words) {
  return { title: both(words), about: both(`${words}-about`), url: null, retry: false };
}
