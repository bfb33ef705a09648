/** The first step: services of the hall, and the person's own tickets and appointments. */

import { make, makeSvg } from "/display/element.js";
import { Refused } from "/pages/api.js";
import { storeOwn, storeTicket, storedOwn, storedOfHall } from "/pages/phone-store.js";
import { comesFor, serviceOf } from "/pages/outlook.js";
import { button, nameOf, named, rangeText, ticketAddress } from "/pages/phone.js";
import { say } from "/pages/texts.js";
import { storeAppointment, useInvitation } from "/pages/applicant/book.js";

/** `as_of_at` of the hall when a ticket or appointment was checked last, by its id. */
const checkedAt = new Map();

export function home(app) {
  const { hall } = app;
  for (const { id, token } of booked(app).filter(({ starts_at }) => app.times.on(starts_at) === app.today)) checkAppointment(app, id, token);
  for (const { id, token } of ended(app)) checkTicket(app, id, token);
  return {
    title: named(hall.name),
    main: [...own(app), stateOf(app), make("h2", {}, say("what-for")), make("ul.choices", {}, hall.services.map((one) => make("li", {}, choice(app, one)))), invitation(app), make("p", {}, make("a", { href: `/halls/${encodeURIComponent(app.id)}/wall` }, say("to-rules")))],
  };
}

/** The line that says whether the hall is open, or when it opens. */
export function stateOf(app) {
  const { hall } = app;
  const opens = hall.opens_at ? `${app.dayWords(app.times.on(hall.opens_at))} ${app.times.time(hall.opens_at)}` : null;
  const tag = hall.suspended ? make("span.tag", {}, say("state-suspended")) : hall.open ? make("span.tag.open", {}, say("state-open")) : make("span.tag", {}, say("state-closed"));
  const more = hall.suspended ? nameOf(app.suspended?.text) || say("state-suspended-hint") : hall.open ? null : hall.doors_open ? say("state-doors-open", { opens }) : opens ? say("state-opens", { opens }) : null;
  return make("p.state", {}, tag, more ? make("span", {}, more) : null);
}

/** The text below the name of a service. */
function statusText(app, service) {
  const { online_url, wait, bookable } = service;
  if (online_url) return say("online-no-visit");
  switch (app.outlook(service)) {
    case "range":
      return say("wait-now", { range: rangeText(wait.shown) });
    case "standby":
      return say("standby-now");
    case "full":
      return say(bookable ? "full-now-bookable" : "full-now");
    case "late":
      return say("late-now");
    default:
      return bookable ? say("bookable") : "";
  }
}

function choice(app, service) {
  const { id, name, prefix } = service;
  const href = `?${new URLSearchParams([...[...new URLSearchParams(location.search)].filter(([key]) => key === "lang"), ["service", id]])}`;
  const status = statusText(app, service);
  const arrow = makeSvg("svg", { class: "go", viewBox: "0 0 24 24", "aria-hidden": "true" }, makeSvg("path", { class: "stroke", d: "M9 5l7 7-7 7" }));
  const link = make("a.choice", { href, "data-service": id }, make("span.prefix", { "aria-hidden": "true", "data-length": prefix.length }, prefix), make("span.tear", { "aria-hidden": "true" }), make("span.what", {}, make("b", {}, named(name)), status ? make("span.small.quiet", {}, status) : null), arrow);
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    app.go({ step: "service", service: id });
  });
  return link;
}

/** Coming appointments that are stored on this phone. */
function booked(app) {
  return storedOfHall("appointments", app.id).filter(({ over, starts_at }) => !over && starts_at && app.times.on(starts_at) >= app.today);
}

/** Check whether an appointment of today is still valid, because its day may be closed. Done once for each reading of the hall. */
async function checkAppointment(app, id, token) {
  const { as_of_at } = app.hall;
  if (checkedAt.get(id) === as_of_at) return;
  checkedAt.set(id, as_of_at);
  const appointment = await app.call("GET", `appointments/${id}`, { token }).then(({ body }) => body, () => null); // on an error the stored state stays
  if (appointment === null || (appointment.state === "booked" && appointment.starts_at === storedOwn("appointments", id)?.starts_at)) return;
  storeAppointment(id, appointment);
  if (app.place.step === "home") app.drawAgain();
}

/** Tickets that are over or of a past day, and not settled yet: with some of them the person may return until a date. */
function ended(app) {
  return storedOfHall("tickets", app.id).filter(({ day, over, settled }) => !settled && (over || day < app.today));
}

/** Check with the service whether the person may return with a ticket. Done once for each reading of the hall. */
async function checkTicket(app, id, token) {
  const { as_of_at } = app.hall;
  if (checkedAt.get(id) === as_of_at) return;
  checkedAt.set(id, as_of_at);
  const before = storedOwn("tickets", id);
  try {
    const { body: ticket } = await app.call("GET", `tickets/${id}`, { token });
    storeTicket(id, { hall: app.id, token }, ticket);
  } catch (reason) {
    if (!(reason instanceof Refused) || !["ticket-not-found", "token-invalid"].includes(reason.code)) return; // the stored state stays
    storeOwn("tickets", id, { ...before, over: true, return_by_on: null });
  }
  const now = storedOwn("tickets", id);
  // A visit that ended today may be reopened by an undo, so it is not settled yet.
  if (now.day < app.today && !(now.return_by_on >= app.today)) storeOwn("tickets", id, { ...now, settled: true });
  if ((now.return_by_on !== (before.return_by_on ?? null) || now.service !== before.service) && app.place.step === "home") app.drawAgain();
}

/** The date until which the person may return with a ticket; null if they may not, or if the hall no longer offers the service. */
function returnBy(app, { service, return_by_on }) {
  if (!(return_by_on >= app.today)) return null;
  return { always: return_by_on, today: app.today }[comesFor(app.hall, service, (at) => app.times.on(at) === app.today)] ?? null;
}

/** Links to the person's tickets of today, to those with which they may return, and to coming appointments. */
function own(app) {
  const taken = storedOfHall("tickets", app.id).filter(({ day, over }) => day === app.today && !over);
  return [
    ...taken.map(({ id, token, number }) => make("a.own", { href: ticketAddress(id, token) }, make("span.small", {}, say("own-ticket")), make("b", {}, number ?? ""))),
    ...ended(app).filter((one) => returnBy(app, one) !== null).map((one) => make("a.own", { href: ticketAddress(one.id, one.token) }, make("span.small", {}, say("own-return", { day: app.dateWords(returnBy(app, one)) })), make("b", {}, one.number ?? ""))),
    ...booked(app).map(({ id, starts_at, service }) => {
      const link = make("a.own", { href: `#appointment=${id}` }, make("span.small", {}, say("own-appointment")), make("b", {}, app.momentWords(starts_at)), make("span", {}, nameOf(serviceOf(app.hall, service)?.name)));
      link.addEventListener("click", (event) => {
        event.preventDefault();
        app.go({ step: "appointment", appointment: id });
      });
      return link;
    }),
  ];
}

/** The field for the code of an invitation. */
export function invitation(app) {
  const { invitation: code } = app.booking.now;
  if (code) {
    return make("div.message.row", {}, make("span", {}, say("invitation-used", { code })), button("plain", say("invitation-drop"), () => {
      app.booking.set({ invitation: null });
      app.show();
    }));
  }
  const field = make("input.input", { id: "invitation", autocomplete: "off", autocapitalize: "characters", spellcheck: "false", maxlength: 32 });
  const use = make("button.button", { type: "submit" }, say("invitation-use"));
  const form = make("form.inline", {}, make("div.field", {}, make("label", { for: "invitation" }, say("invitation-label")), field), use);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!field.value.trim()) return field.focus();
    app.act(use, async () => {
      await useInvitation(app, field.value);
      app.show();
    });
  });
  return make("details.more", {}, make("summary", {}, say("invitation-have")), form);
}
