/** Draws the parts of the counter's page that have no module of their own: frame, main button, grid, alarms, connection. */

import { make, redraw } from "/display/element.js";
import { pick } from "/pages/language.js";
import { languageNow, say, sayInto } from "/pages/texts.js";
import { canMarkNoShow, counterId, part, state, stoppedReason, suspension } from "./state.js";

// Places of the grid, when an act needs the second row.
const GRID_PLACES = 8;

/** Draw what is shown before a clerk has signed in. */
export function drawFrame() {
  sayInto();
  const stage = { id: counterId, stage: state.counter?.stage ?? "" };
  const title = state.words && state.counter ? state.words.counter(stage) : say("counter-untitled", { counter: counterId });
  part("title").textContent = title;
  const number = state.ticket ? ` ${state.ticket.number}` : "";
  document.title = `${title}${number} · ${pick(state.hall?.name, languageNow()).text || say("paihao")}`;
}

/** The text in place of a person: closed, break, nobody waits, or why nobody is called. */
export function drawNobody(acts, shown) {
  const { counter, times, words } = state;
  const stopped = shown === "idle" ? stoppedReason() : null;
  const suspended = stopped === "suspended" ? suspension() : null;
  const until = (at) => (at ? say("paused-until", { time: times.time(at) }) : "");
  const about = suspended
    ? [pick(suspended.text, languageNow()).text, until(suspended.until_at)].filter(Boolean).join(" · ")
    : shown === "paused"
      ? [counter.reason ? words.code(counter.reason) : "", until(counter.until_at) || say("paused-since", { time: times.time(counter.since_at) })].filter(Boolean).join(" · ")
      : stopped
        ? say(`nobody-about-${stopped}`)
        : say(`nobody-about-${shown === "closed" && stoppedReason() === "over" ? "over" : shown}`);
  return make("div.stub.ghost.nobody", {}, make("div", {}, make("p.say", {}, stopped ? acts.stoppedText(stopped) : say(`nobody-${shown}`)), make("p.quiet", {}, about)));
}

/** Draw the main button. @param {ReturnType<import("./acts.js").Acts["main"]>} main */
export function drawMain(main) {
  const button = part("main");
  button.hidden = main === null;
  if (main === null) return;
  if (main.run) button.removeAttribute("aria-disabled");
  else button.setAttribute("aria-disabled", "true");
  redraw(button, [languageNow(), main.label, main.then], () => [
    make("span", {}, main.label, " ", ...(main.run ? [make("kbd", { "aria-hidden": "true" }, "Enter")] : [])),
    ...(main.then ? [make("span.then", {}, make("b", {}, main.then[0]), make("span", {}, main.then[1]))] : []),
  ]);
}

/** Draw the grid. @param {import("./acts.js").Acts} acts @param {string} shown the view */
export function drawActs(acts, shown) {
  const grid = acts.grid(shown, { canMark: canMarkNoShow() });
  const focused = document.activeElement?.dataset?.act;
  const isNew = redraw(part("acts"), [languageNow(), grid.map((act) => act && [act.id, act.label, act.pressed])], () =>
    Array.from({ length: grid.length > 4 ? GRID_PLACES : grid.length }, (_, place) => grid[place] ?? null).map((act) =>
      act ? make("button.button", { type: "button", "data-act": act.id, "aria-pressed": act.pressed === undefined ? null : String(act.pressed) }, make("span", {}, act.label), act.key ? make("kbd", { "aria-hidden": "true" }, act.key) : null) : make("span.gap"),
    ),
  );
  if (isNew && focused) (document.querySelector(`[data-act="${focused}"]`) ?? part("main")).focus();
}

export function drawAlarm(alarm) {
  const where = alarm.counter ? state.words.counterById(alarm.counter) : (alarm.kiosk ?? say("alarm-hall"));
  return make(
    "p.alarm",
    {},
    make("b", {}, say("alarm-at", { where, time: state.times.time(alarm.at) })),
    state.roles.has("staff") ? make("button.button", { type: "button", "data-alarm": alarm.id }, say("alarm-clear")) : null,
  );
}

/** A printer that needs paper or help, until it reports that it prints again. */
export function drawPrinter({ name, state: paper, at }) {
  return make("p.alarm", {}, make("b", {}, say(`printer-${paper}`, { name, time: state.times.time(at) })));
}

/** Draw the state of the connection. @param {import("/pages/live.js").Link} link */
export function drawLink(link) {
  document.body.dataset.link = link;
  part("link").className = link === "live" ? "live" : "live silent";
  part("link").textContent = say({ live: "connected", connecting: "connecting", silent: "not-connected" }[link]);
  const silent = link === "silent";
  part("stale").hidden = !silent;
  if (silent) redraw(part("stale"), [languageNow(), state.live.truthAt_ms], () => [make("span", {}, Number.isNaN(state.live.truthAt_ms) ? say("stale-never") : say("stale", { time: state.times.time(state.live.truthAt_ms) }))]);
}
