/** Texts of refusals on a phone: the reason, and buttons for what the person can do. */

import { Refused } from "/pages/api.js";
import { removeOwn, storedOwn } from "/pages/phone-store.js";
import { nameOf, ticketAddress } from "/pages/phone.js";
import { hasText, say } from "/pages/texts.js";
import { choose, dropHold, standbyOf } from "/pages/applicant/book.js";

/**
 * Text and buttons for a refusal.
 * @param {any} app
 * @param {unknown} reason error of `call`
 * @param {(() => unknown) | null} again repeats the act
 * @returns {{text: string, ways: {label: string, act: () => unknown}[]} | null} null: use the general text
 */
export function refusalOf(app, reason, again) {
  if (!(reason instanceof Refused)) return again ? { text: say("problem-unreached"), ways: [{ label: say("again"), act: again }] } : null;
  const { code, problem } = reason;
  const place = app.place;
  const times = (problem.slots ?? []).map((slot) => ({ label: app.offerWords(slot.starts_at), act: () => choose(app, slot) }));
  const home = { label: say("to-services"), act: () => app.go({ step: "home" }) };
  const book = { label: say("book-a-time"), act: () => app.go({ step: "time", service: place.service }) };
  switch (code) {
    case "slot-full":
      return { text: say("refused-slot-full", { count: times.length }), ways: times };
    case "slot-not-offered":
      return { text: say("refused-slot-not-offered"), ways: [book] };
    case "hall-full":
      return { text: say("refused-hall-full", { count: times.length }), ways: times.slice(0, 1) };
    case "hall-closed":
      return { text: problem.opens_at ? say("refused-hall-closed-until", { when: whenWords(app, problem.opens_at) }) : say("refused-hall-closed"), ways: app.service(place.service)?.bookable ? [book] : [] };
    case "hall-suspended":
      return { text: nameOf(problem.text) || say("problem-hall-suspended"), ways: [] };
    case "online-only":
      return { text: say("refused-online-only"), ways: [{ label: say("online-open"), act: () => location.assign(problem.url) }] };
    case "already-waiting":
      return waiting(problem.ticket);
    case "wrong-state":
    case "ticket-not-found":
      if (standbyOf(app)) return noLongerStandby(standbyOf(app));
      return place.step === "review" ? noLongerHeld(problem, book) : null;
    case "token-invalid":
      return standbyOf(app) ? noLongerStandby(standbyOf(app)) : null; // the standby number is of a past day
    case "already-booked":
      return { text: say("refused-already-booked"), ways: [home] };
    case "hold-expired":
      dropHold(app);
      return { text: say("refused-hold-expired"), ways: [book] };
    case "hold-limit":
      return { text: say("refused-hold-limit"), ways: [] };
    case "entrance-required":
      app.booking.set({ entrance: null });
      return { text: say("refused-entrance-required"), ways: app.service(place.service)?.bookable ? [book] : [] };
    case "too-early":
      return { text: say("refused-too-early", { when: whenWords(app, problem.opens_at) }), ways: [] };
    case "wrong-day":
      return { text: say("refused-wrong-day", { day: app.dateWords(problem.on) }), ways: [] };
    case "appointment-missed":
      return { text: say("refused-appointment-missed"), ways: [home] };
    case "appointment-not-found":
      if (place.step === "review") return noLongerHeld(problem, book);
      if (place.appointment) removeOwn("appointments", place.appointment);
      return { text: say("refused-appointment-not-found"), ways: [home] };
    case "code-not-found":
      app.booking.set({ invitation: null });
      return { text: say("refused-code-not-found"), ways: [] };
    case "code-used":
      app.booking.set({ invitation: null });
      return { text: say("refused-code-used"), ways: [] };
    default:
      return hasText(`problem-${code}`) || !again ? null : { text: say("problem-other", { title: problem.title || code }), ways: [] };
  }
}

/** The hold has ended early, most often because the hall has closed its day. */
function noLongerHeld(problem, book) {
  return { text: say(problem.hall_closed ? "refused-hold-closed" : "refused-hold-gone"), ways: [book] };
}

/** The standby number was called or admitted, so it cannot be given up: the person must look at its page first. */
function noLongerStandby(ticket) {
  const { token = "", number = "" } = storedOwn("tickets", ticket) ?? {};
  return { text: say("refused-not-standby", { number }), ways: [{ label: say("to-my-ticket"), act: () => location.assign(ticketAddress(ticket, token)) }] };
}

function waiting(ticket) {
  const own = storedOwn("tickets", ticket);
  if (own === null) return { text: say("refused-already-waiting-elsewhere"), ways: [] };
  return { text: say("refused-already-waiting", { number: own.number ?? "" }), ways: [{ label: say("to-my-ticket"), act: () => location.assign(ticketAddress(ticket, own.token)) }] };
}

/** An instant: the time alone when it is today. */
function whenWords(app, at) {
  const on = app.times.on(at);
  return on === app.today ? app.times.time(at) : `${app.dayWords(on)} ${app.times.time(at)}`;
}
