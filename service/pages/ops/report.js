/** The report of a hall for a day or up to two months: each day, and the total. */

import { make } from "/display/element.js";
import { inHall } from "/pages/api.js";
import { pick } from "/pages/language.js";
import { languageNow, say } from "/pages/texts.js";
import { HallTimes, number } from "/pages/times.js";
import { field, whileBusy, wordsOf } from "/pages/ui.js";

const WEEK_DAYS = 7;
const DAY_MS = 86_400_000;

/**
 * Make the view of a report. It reads its data, and reads again when its dates change.
 * @param {object} hall of `GET /v1/ops`
 * @returns {HTMLElement[]}
 */
export function reportView(hall) {
  const times = new HallTimes(hall.time_zone);
  const name = pick(hall.name, languageNow());
  const from = make("input.input.date", { type: "date", id: "report-from", max: hall.day, value: new Date(Date.parse(hall.day) - (WEEK_DAYS - 1) * DAY_MS).toISOString().slice(0, 10), required: true });
  const to = make("input.input.date", { type: "date", id: "report-to", max: hall.day, value: hall.day, required: true });
  const show = make("button.button", { type: "submit" }, say("report-show"));
  const message = make("p.message", { role: "status", hidden: true });
  const found = make("div.report", { id: "report" });
  const form = make("form.line.dates", {}, field(say("report-from"), from), field(say("report-to"), to), show);
  const read = () =>
    whileBusy(show, async () => {
      try {
        const { body } = await inHall(hall.id)("GET", "report", { query: { from: from.value, to: to.value } });
        message.hidden = true;
        found.replaceChildren(...figures(body, times));
      } catch (reason) {
        message.hidden = false;
        message.textContent = reason.code === "body-invalid" ? say("report-dates") : wordsOf(reason);
      }
    });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    read();
  });
  read();
  return [
    make("div.line", {}, make("h2", { lang: name.lang, id: "day-title", tabindex: "-1" }, name.text || hall.id), make("span.quiet.grow", {}, say("report-of")), make("a.button", { href: `#${hall.id}` }, say("report-leave"))),
    form,
    message,
    found,
  ];
}

function figures({ items, total }, times) {
  if (items.length === 0) return [make("p.message", {}, say("report-none"))];
  const { visits, waits, lasted, appointments, promises, exceptions, overtime } = total;
  const chosen = Object.values(exceptions.chosen).reduce((sum, count) => sum + count, 0);
  const green = Object.values(exceptions.green).reduce((sum, count) => sum + count, 0);
  const online = Object.values(total.sent_online).reduce((sum, count) => sum + count, 0);
  const facts = [
    ["report-issued", number(visits.issued)],
    ["report-served", number(visits.served)],
    ["report-no-show", number(visits.no_show)],
    ["report-left", number(leftOf(visits))],
    ["report-waits", spread(waits)],
    ["report-lasted", spread(lasted)],
    ["report-booked", number(appointments.booked)],
    ["report-in-time", share(appointments.called_in_time, appointments.checked_in)],
    ["report-missed", number(appointments.missed)],
    ["report-promises", share(promises.held, promises.scored)],
    ["report-rating", total.ratings.mean === null ? "–" : say("report-rating-of", { mean: total.ratings.mean.toFixed(1), number: total.ratings.number })],
    ["report-exceptions", number(chosen + green)],
    ["report-overtime", say("minutes", { minutes: Math.round(overtime.serving_s / 60) })],
    ["report-counters", say("hours", { hours: (total.counters.reduce((sum, counter) => sum + counter.open_s, 0) / 3600).toFixed(1) })],
    ["report-online", number(online)],
  ];
  const dayHeads = ["day", "issued", "served", "no-show", "left", "p50", "p90", "in-time", "promises"];
  const days = items.map((day) => [
    times.day(day.day), number(day.visits.issued), number(day.visits.served), number(day.visits.no_show), number(leftOf(day.visits)),
    minutes(day.waits.p50_s), minutes(day.waits.p90_s), share(day.appointments.called_in_time, day.appointments.checked_in), share(day.promises.held, day.promises.scored),
  ]);
  const hourHeads = ["hour", "booked", "walk-ins", "calls", "most", "open"];
  const hours = total.hours.map((hour) => [
    `${hour.hour}:00`, number(hour.booked), number(hour.walk_ins), number(hour.calls), number(hour.waiting_most), (hour.open_s / 3600).toFixed(1),
  ]);
  return [
    make("dl.facts", {}, facts.map(([id, text]) => make("div", {}, make("dt", {}, say(id)), make("dd", {}, text)))),
    titled("report-days", dayHeads, days),
    titled("report-hours", hourHeads, hours),
  ];
}

function titled(id, heads, rows) {
  return make(
    "section",
    {},
    make("h3", {}, say(id)),
    make("div.scrolled", { tabindex: "0", role: "group", "aria-label": say(id) }, make("table.table", {}, make("thead", {}, make("tr", {}, heads.map((head, n) => make(n === 0 ? "th" : "th.num", { scope: "col" }, say(`report-column-${head}`))))), make("tbody", {}, rows.map(([first, ...rest]) => make("tr", {}, make("th", { scope: "row" }, first), rest.map((text) => make("td.num", {}, text))))))),
  );
}

function leftOf({ left }) {
  return left.self + left.unserved + left.booked;
}

function minutes(seconds) {
  return seconds === null ? "–" : number(Math.round(seconds / 60));
}

function share(some, of) {
  return of === 0 ? "–" : say("percent", { share: Math.round((100 * some) / of) });
}

function spread({ number: many, p50_s, p90_s }) {
  return many === 0 ? "–" : say("report-spread", { p50: Math.round(p50_s / 60), p90: Math.round(p90_s / 60) });
}
