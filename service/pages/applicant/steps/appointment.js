/** The person's own appointment: time, code, and acts. */

import { make } from "/display/element.js";
import { Refused } from "/pages/api.js";
import { grouped } from "/pages/codes.js";
import { storedOwn } from "/pages/phone-store.js";
import { button, named, papersList, qr, ticketAddress } from "/pages/phone.js";
import { save } from "/pages/save.js";
import { say } from "/pages/texts.js";
import { ask, choose as offer } from "/pages/ui.js";
import { cancel, checkIn, storeAppointment, move } from "/pages/applicant/book.js";

const READ_EVERY_MS = 30_000;
// A person who is late is offered times that are this many minutes later.
const LATER_MIN = [30, 60, 120];

/** The last reading: `{id, booking, modules}`; `booking`: the appointment; `modules`: rows of its QR code. */
let known = null;

export function appointment(app) {
  const { appointment: id } = app.place;
  const own = storedOwn("appointments", id);
  const timer = setInterval(() => document.visibilityState === "visible" && read(app, id), READ_EVERY_MS);
  const leave = () => {
    clearInterval(timer);
    known = null;
  };
  if (known?.id !== id) read(app, id);
  if (known?.id !== id) return { title: say("own-appointment"), leave: () => clearInterval(timer), main: [make("p", { role: "status" }, say("loading"))], dock: [] };
  const { booking, modules } = known;
  const serviceInfo = app.service(booking.service);
  const main = [card(app, booking, modules, serviceInfo)];
  if (booking.state === "booked" && !booking.hall_closed) main.push(make("p", {}, say("arrive-hint", { minutes: Math.round(app.rules.check_in_before_s / 60) })), ...(serviceInfo?.papers.length ? [make("h2", {}, say("please-bring")), papersList(serviceInfo.papers)] : []));
  return { title: say("own-appointment"), leave, main, dock: dock(app, booking, own) };
}

function card(app, booking, modules, serviceInfo) {
  const on = app.times.on(booking.starts_at);
  const when = make("p.when", {}, make("small", {}, app.dateWords(on)), app.times.time(booking.starts_at));
  const state = { booked: null, held: say("appointment-held"), cancelled: say("appointment-cancelled"), expired: say("appointment-cancelled"), missed: say("appointment-missed"), checked_in: say("appointment-checked-in") }[booking.state];
  const closed = booking.hall_closed ? make("p.message", {}, say(booking.state === "cancelled" ? "appointment-cancelled-closed" : "appointment-hall-closed")) : null;
  const number = make("p.code", {}, grouped(booking.code));
  const code = booking.state !== "booked" ? [] : booking.hall_closed ? [number] : [qr(modules, say("code-label", { code: booking.code })), number, make("p.small.quiet", {}, say("code-hint"))];
  return make("section.mine", { "data-state": booking.state }, state ? make("h2", {}, state) : make("h2", {}, say("appointment-booked")), closed, serviceInfo ? named(serviceInfo.name, "p") : null, when, booking.count > 1 ? make("p", {}, say("people", { count: booking.count })) : null, code);
}

function dock(app, booking, own) {
  if (booking.state === "checked_in") {
    const ticket = storedOwn("tickets", booking.ticket);
    return [ticket ? make("a.button.primary.wide", { href: ticketAddress(booking.ticket, ticket.token) }, say("to-my-ticket")) : make("p", {}, say("checked-in-elsewhere"))];
  }
  if (booking.state !== "booked") return [button("primary.wide", say("book-again"), () => app.go(app.service(booking.service) ? { step: "service", service: booking.service } : { step: "home" }))];
  const late = button("", say("late"), (pressed) => app.act(pressed, () => runLate(app, booking)), { id: "late" });
  const change = button("", say("change-time"), () => {
    app.booking.set({ starts_at: null, on: app.times.on(booking.starts_at) });
    app.go({ step: "move", appointment: booking.id });
  }, { id: "change" });
  const calendar = button("", say("add-to-calendar"), (pressed) => app.act(pressed, () => toCalendar(app, booking, own)), { id: "calendar" });
  const give = button("stop", say("cancel-appointment"), (pressed) => app.act(pressed, () => runCancel(app, booking)), { id: "cancel" });
  const isNear = Date.parse(booking.starts_at) - app.clock.now() <= app.rules.check_in_before_s * 1000;
  const here = isNear && !booking.hall_closed ? button("primary.wide", say("i-am-here"), (pressed) => app.act(pressed, () => checkIn(app, booking)), { id: "here" }) : null;
  return [here, make("div.two", {}, change, late), make("div.two", {}, calendar, give)];
}

async function read(app, id) {
  const own = storedOwn("appointments", id);
  try {
    await app.readHall();
    const [{ body: booking }, drawn] = await Promise.all([app.call("GET", `appointments/${id}`, { token: own?.token ?? "" }), known?.id === id ? known : app.call("GET", `appointments/${id}/qr`, { token: own?.token ?? "" })]);
    const before = known;
    known = { id, booking, modules: drawn.modules ?? drawn.body.modules };
    storeAppointment(id, booking);
    if (app.place.step === "appointment" && app.place.appointment === id && JSON.stringify(before) !== JSON.stringify(known)) app.show();
  } catch (reason) {
    if (app.place.appointment !== id || app.place.step !== "appointment" || known?.id === id) return; // keep the shown appointment
    app.refuse(reason instanceof Refused && ["token-invalid", "token-missing"].includes(reason.code) ? new Refused({ ...reason.problem, code: "appointment-not-found" }) : reason, () => read(app, id));
  }
}

/** Read the appointment again, and show it. */
async function readAgain(app, id) {
  known = null;
  await read(app, id);
}

async function toCalendar(app, booking, own) {
  const file = await app.call("GET", `appointments/${booking.id}.ics`, { token: own?.token });
  save(file.text, "text/calendar", `${booking.code}.ics`);
}

async function runCancel(app, booking) {
  const done = await ask({
    title: say("cancel-title"),
    body: [make("p", {}, app.momentWords(booking.starts_at)), make("p", {}, say("cancel-about"))],
    confirm: say("cancel-appointment"),
    leaving: say("keep-appointment"),
    kind: "stop",
    act: async () => {
      await cancel(app, booking.id);
      return true;
    },
  });
  if (done) await readAgain(app, booking.id);
}

/** Show the consequences of being late, and offer a later time. */
async function runLate(app, booking) {
  const { grace_s, missed_after_s, credit_s } = app.rules;
  const until = (after_s) => app.times.time(Date.parse(booking.starts_at) + after_s * 1000);
  const later = await laterTimes(app, booking);
  const chosen = await offer({
    title: say("late-title"),
    body: [make("ul.costs", {}, [say("late-grace", { until: until(grace_s), minutes: Math.round(credit_s.appointment / 60) }), say("late-kept", { until: until(missed_after_s) }), say("late-over", { until: until(missed_after_s) })].map((words) => make("li", {}, words))), make("p", {}, later.length ? say("late-later") : say("late-no-later"))],
    leaving: say("late-leave"),
    choices: later.map((slot) => ({ id: slot.starts_at, label: app.offerWords(slot.starts_at) })),
  });
  if (!chosen) return;
  await move(app, booking.id, chosen);
  await readAgain(app, booking.id);
}

/** Free times half an hour later or more, within the next 7 days. */
async function laterTimes(app, booking) {
  const on = app.times.on(booking.starts_at);
  const to = new Date(Date.parse(`${on}T12:00:00Z`) + 7 * 86_400_000).toISOString().slice(0, 10);
  const { body } = await app.call("GET", "slots", { query: { service: booking.service, from: on, to, count: booking.count } });
  const after = Math.max(Date.parse(booking.starts_at), app.clock.now());
  const found = LATER_MIN.map((minutes) => body.slots.find(({ starts_at, free }) => free > 0 && Date.parse(starts_at) >= after + minutes * 60_000));
  return [...new Set(found)].filter((slot) => slot !== undefined);
}
