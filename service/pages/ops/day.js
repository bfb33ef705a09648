/** The day of a hall: alerts, charts, and the values as a table. */

import { make, makeSvg } from "/display/element.js";
import { languageNow, say } from "/pages/texts.js";
import { HallTimes, number } from "/pages/times.js";
import { pick } from "/pages/language.js";
import { dayChart } from "./chart.js";
import { figuresOf } from "./list.js";
import { longest_s, promisesLevel, waitLevel } from "./model.js";

/** Expected overtime below this is not reported: a few people always finish after closing. */
const OVERTIME_S = 600;
const SERVED_LIKELY = 0.8;
/** An expected end of intake less than this before closing is not reported. */
const INTAKE_MS = 15 * 60_000;

/**
 * Draw the day of a hall.
 * @param {object} facts
 * @param {object} facts.hall of `GET /v1/ops`
 * @param {object} facts.day of `GET …/ops`
 * @param {object | null} facts.ahead of `GET …/forecast`; null: there is no forecast
 * @param {object} facts.watch
 * @param {number} facts.now_ms
 * @param {boolean} facts.isManager whether the reader may change the hall
 * @param {boolean} facts.isUnfolded whether the table is shown
 * @param {number} width of the charts
 */
export function dayView(facts, width) {
  const { hall, day, ahead } = facts;
  const times = new HallTimes(hall.time_zone);
  const name = pick(hall.name, languageNow());
  return [
    make(
      "div.line",
      {},
      make("h2", { lang: name.lang, id: "day-title", tabindex: "-1" }, name.text || hall.id),
      make("span.quiet.grow", {}, hoursOf(hall, day, times)),
      make("a.button", { href: `#${hall.id}/report` }, say("report")),
    ),
    make("dl.facts", {}, figuresOf(hall, facts.watch, facts.now_ms).slice(0, 5).map(([text, level], n) => fact(["waiting", "longest", "counters", "promises", "screens"][n], text, level)), fact("standby", number(hall.standby), "")),
    ...alerts(facts, times),
    ...(day.halves.length === 0 ? [make("p.message", {}, say("day-closed"))] : pictures({ day, ahead, times, isUnfolded: facts.isUnfolded }, width)),
  ];
}

function fact(name, text, level) {
  return make("div", {}, make("dt", {}, say(`column-${name}`)), make("dd", {}, level === "" ? text : make(`span.tag.${level}`, {}, text)));
}

function hoursOf(hall, day, times) {
  const until = times.closing(hall.closing_at, day.opens_at);
  if (hall.open) return until ? say("open-until", { time: until }) : say("open-now");
  return hall.opens_at ? say("opens-at", { when: times.on(hall.opens_at) === hall.day ? times.time(hall.opens_at) : times.moment(hall.opens_at) }) : say("closed");
}

function pictures({ day, ahead, times, isUnfolded }, width) {
  const chart = dayChart({ day, ahead, times }, width);
  const key = (kind, words, isLine = false) => make("span.nb", {}, sample(kind, isLine), words);
  const table = make("details.as-table", { open: isUnfolded, id: "as-table" }, make("summary", {}, say("as-table")));
  const fill = () => table.append(halvesTable(day, ahead, times));
  if (isUnfolded) fill();
  else table.addEventListener("toggle", fill, { once: true });
  return [
    make(
      "p.keys.small",
      {},
      make("b", {}, say("chart-arrivals")),
      key("booked", say("key-booked")),
      key("walk", say("key-walk-ins")),
      make("span.quiet", {}, say("key-to-come")),
      key("cap", say("chart-capacity"), true),
      chart.querySelector(".cap-plan") ? key("cap-plan", say("chart-plan"), true) : null,
    ),
    make("div.chart-of", {}, chart),
    table,
  ];
}

/** @param {string} kind @param {boolean} isLine @returns {SVGElement} a sample for the key of the charts */
function sample(kind, isLine) {
  const drawn = isLine ? makeSvg("line", { class: kind, x1: 0, x2: 14, y1: 7, y2: 7 }) : makeSvg("rect", { class: kind, width: 14, height: 14 });
  return makeSvg("svg", { class: "chart key", viewBox: "0 0 14 14", "aria-hidden": "true" }, drawn);
}

/** The charts as a table of half hours, with the number of waiting people at the start of each, measured or forecast. */
function halvesTable(day, ahead, times) {
  const waited = new Map(day.line.map(({ at, waiting }) => [Date.parse(at), waiting]));
  const waits = new Map((ahead?.quarters ?? []).map((quarter) => [Date.parse(quarter.at), quarter]));
  const now_ms = Date.parse(day.at);
  const rows = day.halves.map((half) => {
    const at_ms = Date.parse(half.from_at);
    const foretold = waits.get(at_ms);
    const waiting = at_ms <= now_ms ? number(waited.get(at_ms) ?? 0) : foretold ? range(foretold.waiting_p10, foretold.waiting_p90) : "–";
    return make(
      "tr",
      {},
      make("th", { scope: "row" }, times.time(at_ms)),
      [half.booked, half.booked_to_come, half.walk_ins, half.walk_ins_to_come, half.capacity, half.planned].map((figure) => make("td.num", {}, number(Math.round(figure)))),
      make("td.num", {}, waiting),
    );
  });
  const heads = ["from", "booked", "booked-to-come", "walk-ins", "walk-ins-to-come", "capacity", "planned", "waiting"];
  return make("div.scrolled", { tabindex: "0", role: "group", "aria-label": say("as-table") }, make("table.table", {}, make("caption.hidden", {}, say("chart-arrivals")), make("thead", {}, make("tr", {}, heads.map((head) => make(head === "from" ? "th" : "th.num", { scope: "col" }, say(`half-${head}`))))), make("tbody", {}, rows)));
}

function range(from, to) {
  return from === to ? number(from) : `${number(from)}–${number(to)}`;
}

/** Alerts: values past a threshold now, and those forecast before closing. */
function alerts({ hall, ahead, watch, now_ms, isManager }, times) {
  const found = [];
  const now = (level, text) => found.push([level, say("alert-now"), text]);
  if (hall.suspended) now("over", say("alert-suspended"));
  const level = waitLevel(hall, watch, now_ms);
  if (level !== "") now(level, say("alert-wait", { minutes: Math.floor(longest_s(hall, now_ms) / 60), limit: Math.round(watch.wait_s / 60) }));
  if (hall.open && hall.counters_open !== null && hall.counters_open < hall.counters_planned) now(hall.counters_open === 0 ? "over" : "late", say("alert-counters", { missing: hall.counters_planned - hall.counters_open, open: hall.counters_open, planned: hall.counters_planned }));
  for (const screen of hall.screens_gone) now("over", say("alert-screen", { screen: screen.name, time: times.time(screen.seen_at) }));
  const kept = promisesLevel(hall.held, hall.scored, watch);
  if (kept !== "") now(kept, say("alert-promises", { held: hall.held, scored: hall.scored }));
  found.push(...foretold(ahead, watch, times));
  const act = isManager ? make("a.button", { href: `/halls/${encodeURIComponent(hall.id)}/manage` }, say("manage-hall")) : make("a.button", { href: `/halls/${encodeURIComponent(hall.id)}/screen` }, say("show-screen"));
  const rows = found.length > 0 ? found : [["", say("alert-now"), say("alert-none")]];
  return [make("ul.alerts", { "aria-label": say("alerts") }, rows.map(([kind, when, text], n) => make("li", {}, make(`span.tag${kind === "" ? "" : `.${kind}`}`, {}, when), make("span", {}, text), n === 0 ? act : null)))];
}

function foretold(ahead, watch, times) {
  if (!ahead || ahead.quarters.length === 0) return [];
  const found = [];
  const late = ahead.quarters.find(({ wait_p90_s }) => wait_p90_s !== null && wait_p90_s >= watch.wait_s);
  if (late) found.push(["late", times.time(late.at), say("alert-wait-ahead", { limit: Math.round(watch.wait_s / 60) })]);
  if (ahead.intake_closes_at && Date.parse(ahead.closing_at) - Date.parse(ahead.intake_closes_at) >= INTAKE_MS) found.push(["late", times.time(ahead.intake_closes_at), say("alert-intake")]);
  if (ahead.served !== null && ahead.served < SERVED_LIKELY && ahead.overtime_p90_s >= OVERTIME_S) found.push(["late", times.closing(ahead.closing_at), say("alert-overtime", { from: Math.round(ahead.overtime_s / 60), to: Math.round(ahead.overtime_p90_s / 60) })]);
  return found;
}
