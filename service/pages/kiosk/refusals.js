/** Texts of refusals: the reason, and what the person can do. */

import { both, ofHall } from "./words.js";

/** @typedef {{title: import("./words.js").Said[], about: import("./words.js").Said[], url: string | null, retry: boolean}} Refusal `retry`: offer to type the code again; `url`: of an online service */

// Problem codes with texts of their own (`refused-CODE`).
const CODES_WITH_TEXT = new Set([
  "hall-closed", "hall-full", "hall-suspended", "online-only", "code-used", "code-not-found", "too-early", "wrong-day", "appointment-missed", "appointment-not-found",
  "hold-expired", "wrong-state", "service-not-found", "busy", "storage-unavailable", "rate-limited",
]);

/**
 * Texts for a refusal of the service.
 * @param {import("/pages/api.js").Refused} reason
 * @param {import("./when.js").When} when
 * @returns {Refusal}
 */
export function refusalOf({ code, problem }, when) {
  const id = CODES_WITH_TEXT.has(code) ? code : "other";
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

/** Texts for a camera that cannot be used. @returns {Refusal} */
export function cameraRefusal() {
  return { title: both("refused-camera"), about: both("refused-camera-about"), url: null, retry: true };
}

/** Texts for a kiosk that is offline, or whose stock is empty too. @param {"refused-cut" | "refused-used-up"} [text] @returns {Refusal} */
export function offlineRefusal(text = "refused-cut") {
  return { title: both(text), about: both(`${text}-about`), url: null, retry: false };
}
