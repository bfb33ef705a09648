/** A service: papers to bring, whether it is online, and the two ways: book a time, or take a number now. */

import { make } from "/display/element.js";
import { button, named, papersList, rangeText, span, waitBar } from "/pages/phone.js";
import { say } from "/pages/texts.js";
import { field } from "/pages/ui.js";
import { countOf, takeNumber } from "/pages/applicant/book.js";
import { invitation, stateOf } from "/pages/applicant/steps/home.js";

// With fewer time spans than this, the best one is not named.
const SPANS_MIN = 3;
const BEST = 2;
/** Text ids that replace the wait, by outlook. */
const OUTLOOK_TEXTS = { standby: "standby-if-now", full: "full-if-now", late: "late-if-now" };

export function service(app) {
  const { hall } = app;
  const serviceInfo = app.service(app.place.service);
  if (serviceInfo.online_url) return online(serviceInfo);
  const outlook = app.outlook(serviceInfo);
  const wait = outlook === "range" ? serviceInfo.wait.shown : null;
  return {
    title: named(serviceInfo.name),
    main: [
      make("p.quiet", {}, say("takes-about", { minutes: Math.max(1, Math.round(serviceInfo.duration_s / 60)) })),
      ...(serviceInfo.papers.length ? [make("h2", {}, say("please-bring")), papersList(serviceInfo.papers)] : []),
      serviceInfo.count_max > 1 ? count(app, serviceInfo) : null,
      make("h2", {}, say("walk-in-now")),
      stateOf(app),
      wait ? make("p", {}, say("wait-if-now"), " ", make("b.nb", {}, say("minutes-range", { from: wait.from_min, to: wait.to_min }))) : null,
      wait ? waitBar(wait) : null,
      outlook === "unknown" ? make("p.quiet", {}, say("wait-unknown")) : null,
      outlook in OUTLOOK_TEXTS ? make("p", { id: "outlook" }, make("b", {}, say(OUTLOOK_TEXTS[outlook]))) : null,
      quiet(app),
      invitation(app),
    ],
    dock: dock(app, serviceInfo, wait, outlook),
  };
}

function online(serviceInfo) {
  return {
    title: named(serviceInfo.name),
    main: [
      make("div.message", {}, make("p", {}, make("b", {}, say("online-title"))), make("p", {}, say("online-about"))),
      ...(serviceInfo.papers.length ? [make("h2", {}, say("please-have")), papersList(serviceInfo.papers)] : []),
    ],
    dock: [make("a.button.primary.wide", { href: serviceInfo.online_url }, say("online-open"))],
  };
}

function dock(app, serviceInfo, wait, outlook) {
  const { hall } = app;
  const { entrance } = app.booking.now;
  const why = hall.suspended || !hall.doors_open ? say("take-closed") : hall.entrance && !entrance ? say("take-at-door") : null;
  const words = wait ? say("take-now-wait", { range: rangeText(wait) }) : say(outlook === "standby" ? "take-standby" : "take-now");
  const now = button(serviceInfo.bookable ? "wide" : "primary.wide", words, (pressed) => app.act(pressed, () => takeNumber(app)), { id: "take", "aria-disabled": why ? "true" : null, "aria-describedby": why ? "take-why" : null });
  const book = serviceInfo.bookable ? button("primary.wide", say("book-a-time"), () => app.go({ step: "time", service: serviceInfo.id }), { id: "book" }) : null;
  return [why ? make("p.why", { id: "take-why" }, why) : null, now, book];
}

/** The time of the rest of the day with the shortest waits, or with the fewest people if waits are unknown; nothing without history. */
function quiet(app) {
  const spans = app.hall.expected.filter(({ to_at }) => Date.parse(to_at) > app.clock.now());
  const known = spans.filter(({ wait_p90_s }) => wait_p90_s !== null);
  const among = known.length > 0 ? known : spans;
  if (among.length < SPANS_MIN) return null;
  const an_hour = ({ from_at, to_at, people }) => people / (Date.parse(to_at) - Date.parse(from_at));
  const best = [...among].sort((first, second) => first.wait_p90_s - second.wait_p90_s || an_hour(first) - an_hour(second)).slice(0, BEST).sort((one, other) => Date.parse(one.from_at) - Date.parse(other.from_at));
  const words = best.map(({ from_at, to_at }) => span(app.times.time(from_at), app.times.time(to_at))).join(say("list-join"));
  return make("p.quiet", { id: "quiet" }, say(known.length > 0 ? "short-waits" : "quiet-hours", { hours: words }));
}

function count(app, serviceInfo) {
  const most = Math.min(serviceInfo.count_max, 20);
  const select = make("select.input", { id: "count" }, Array.from({ length: most }, (_, place) => make("option", { value: place + 1, selected: place + 1 === countOf(app) }, say("people", { count: place + 1 }))));
  select.addEventListener("change", () => app.booking.set({ count: Number(select.value) }));
  return field(say("count-label"), select);
}
