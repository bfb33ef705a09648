/** The card of an appointment, with its code in large letters, to read out or to print. */

import { make } from "/display/element.js";
import { grouped } from "/pages/codes.js";
import { say } from "/pages/texts.js";

/**
 * Make the card.
 * @param {import("/pages/manage/parts.js").Ui} ui
 * @param {{code: string, starts_at: string, count: number}} appointment
 * @param {string} title
 * @param {string} service name of the service
 */
export function card(ui, appointment, title, service) {
  const on = ui.times.on(appointment.starts_at);
  return make(
    "div.stub.booked-card",
    { "data-code": appointment.code },
    make("div.card-who", {}, make("p", {}, title), make("p.number", {}, make("span", { "aria-hidden": "true" }, grouped(appointment.code)), make("span.hidden", {}, say("bookings-code-spelt", { code: [...appointment.code].join(" ") })))),
    make("i.perf"),
    make("div.card-when", {}, make("p.card-time", {}, make("b", {}, `${ui.times.day(on)} ${ui.times.time(appointment.starts_at)}`)), make("p", {}, `${service} · ${say("bookings-people", { count: appointment.count })}`), make("p.small.quiet", {}, say("bookings-read-out"))),
  );
}
