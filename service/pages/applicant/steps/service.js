/** A service: what to bring, whether the visit is needed at all, and the two ways: a time, or a number now. */

import { make } from "/display/element.js";
import { button, named, papersList, rangeText, waitBar } from "/pages/phone.js";
import { say } from "/pages/texts.js";
import { field } from "/pages/ui.js";
import { countOf, take } from "/pages/applicant/book.js";
import { invitation, stateOf } from "/pages/applicant/steps/home.js";

export function service(app) {
  const { hall } = app;
  const one = app.service(app.place.service);
  if (one.online_url) return online(one);
  const wait = hall.doors_open && !hall.suspended ? one.wait.shown : null;
  return {
    title: named(one.name),
    main: [
      make("p.quiet", {}, say("takes-about", { minutes: Math.max(1, Math.round(one.duration_s / 60)) })),
      ...(one.papers.length ? [make("h2", {}, say("please-bring")), papersList(one.papers)] : []),
      one.count_max > 1 ? count(app, one) : null,
      make("h2", {}, say("walk-in-now")),
      stateOf(app),
      wait ? make("p", {}, say("wait-if-now"), " ", make("b.nb", {}, say("minutes-range", { from: wait.from_min, to: wait.to_min }))) : null,
      wait ? waitBar(wait) : null,
      hall.doors_open && !wait && !hall.suspended ? make("p.quiet", {}, say("wait-unknown")) : null,
      invitation(app),
    ],
    dock: dock(app, one, wait),
  };
}

function online(one) {
  return {
    title: named(one.name),
    main: [
      make("div.message", {}, make("p", {}, make("b", {}, say("online-title"))), make("p", {}, say("online-about"))),
      ...(one.papers.length ? [make("h2", {}, say("please-have")), papersList(one.papers)] : []),
    ],
    dock: [make("a.button.primary.wide", { href: one.online_url }, say("online-open"))],
  };
}

function dock(app, one, wait) {
  const { hall } = app;
  const { entrance } = app.booking.now;
  const why = hall.suspended ? say("state-suspended-hint") : !hall.doors_open ? say("take-closed") : hall.entrance && !entrance ? say("take-at-door") : null;
  const words = wait ? say("take-now-wait", { range: rangeText(wait) }) : say("take-now");
  const now = button(one.bookable ? "wide" : "primary.wide", words, (pressed) => app.act(pressed, () => take(app)), { id: "take", "aria-disabled": why ? "true" : null, "aria-describedby": why ? "take-why" : null });
  const book = one.bookable ? button("primary.wide", say("book-a-time"), () => app.go({ step: "time", service: one.id }), { id: "book" }) : null;
  return [why ? make("p.why", { id: "take-why" }, why) : null, now, book];
}

function count(app, one) {
  const most = Math.min(one.count_max, 20);
  const select = make("select.input", { id: "count" }, Array.from({ length: most }, (_, place) => make("option", { value: place + 1, selected: place + 1 === countOf(app) }, say("people", { count: place + 1 }))));
  select.addEventListener("change", () => app.booking.set({ count: Number(select.value) }));
  return field(say("count-label"), select);
}
