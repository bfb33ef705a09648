/** The six summary figures of all halls. */

import { make } from "/display/element.js";
import { say } from "/pages/texts.js";
import { number } from "/pages/times.js";
import { nameOf } from "./list.js";
import { promisesLevel, totals } from "./model.js";

/** @typedef {{name: string, figure: string, below: string, isOver: boolean}} Sum */

/**
 * Compute the figures.
 * @param {object[]} halls
 * @param {object} watch
 * @param {number} now_ms
 * @returns {Sum[]}
 */
export function sumsOf(halls, watch, now_ms) {
  const all = totals(halls, now_ms);
  const minutes = Math.floor((all.longest_s ?? 0) / 60);
  const limit = Math.round(watch.wait_s / 60);
  const aim = { from: Math.round(100 * watch.promises_from), to: Math.round(100 * watch.promises_to) };
  return [
    sum("waiting", number(all.waiting), say("sum-waiting-of", { open: all.open, halls: halls.length })),
    sum("longest", all.worst === null ? "–" : say("minutes", { minutes }), all.worst === null ? say("sum-longest-limit", { limit }) : say("sum-longest-of", { limit, hall: nameOf(all.worst) }), (all.longest_s ?? 0) >= watch.wait_s),
    sum("counters", number(all.countersOpen), say("sum-counters-of", { planned: all.countersPlanned })),
    sum("promises", all.scored === 0 ? "–" : say("percent", { share: Math.round((100 * all.held) / all.scored) }), say("sum-promises-of", aim), promisesLevel(all.held, all.scored, watch) === "over"),
    sum("standby", number(all.standby), say("sum-standby-of", { halls: all.standbyHalls })),
    sum("screens", all.screens === 0 ? "–" : say("of", { some: all.screens - all.gone.length, of: all.screens }), screensWords(all, now_ms), all.gone.length > 0),
  ];
}

/** Draw the figures. @param {Sum[]} all @returns {HTMLElement[]} */
export function drawSums(all) {
  return all.map(({ name, figure, below, isOver }) => make(isOver ? "div.over" : "div", { "data-sum": name }, make("span", {}, say(`sum-${name}`)), make("b", {}, figure), make("small", {}, below)));
}

function sum(name, figure, below, isOver = false) {
  return { name, figure, below, isOver };
}

function screensWords({ screens, gone }, now_ms) {
  const [first] = gone;
  if (first) return say("sum-screens-gone", { hall: nameOf(first.hall), screen: first.screen.name, minutes: Math.floor((now_ms - Date.parse(first.screen.seen_at)) / 60_000) });
  return say(screens === 0 ? "sum-screens-none" : "sum-screens-all");
}
