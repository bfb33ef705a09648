/**
 * The acts of booking. A place is held as soon as a time is chosen, so that nobody else takes it while the person types.
 *
 * A person with a standby number who books instead keeps the number, and gets no hold: a single request books the time and gives up the
 * number, so that one cannot happen without the other.
 */

import { Refused, newKey } from "/pages/api.js";
import { storeOwn, storedOwn } from "/pages/phone-store.js";
import { ticketAddress } from "/pages/phone.js";
import { localeNow } from "/pages/texts.js";
import { forgetHold, isUsedElsewhere, noteHold } from "/pages/applicant/holds.js";

// Codes of refusals that mean that the hold has ended. A new one is requested instead.
const ENDED = new Set(["hold-expired", "wrong-state", "appointment-not-found"]);
const TAKEN = new Set(["slot-full", "slot-not-offered"]);

/** The number of people who come together. */
export function countOf(app) {
  const { service } = app.place;
  return Math.min(app.booking.now.count ?? 1, app.service(service)?.count_max ?? 1);
}

/** The standby ticket that this booking gives up; null if it is for another service. */
export function standbyOf(app) {
  const { standby } = app.booking.now;
  return standby && standby.service === app.place.service ? standby.ticket : null;
}

/** The valid hold of this booking; null if there is none. */
export function heldFor(app) {
  const { hold: held } = app.booking.now;
  return held?.id && held.service === app.place.service && left_ms(app) > 0 ? held : null;
}

/**
 * Take an offered time, instead of another one if there is one. If the person opens another step before the answer, they stay there, and
 * the place stays held for a while.
 * @param {any} app @param {{starts_at: string}} slot
 */
export async function choose(app, slot) {
  const place = JSON.stringify(app.place);
  const { step, service, appointment } = app.place;
  try {
    if (appointment) await move(app, appointment, slot.starts_at);
    else await hold(app, slot.starts_at);
  } catch (reason) {
    if (JSON.stringify(app.place) !== place) return;
    if (reason instanceof Refused && TAKEN.has(reason.code)) markTaken(app, slot);
    if (reason instanceof Refused && appointment && ENDED.has(reason.code)) app.go({ step: "appointment", appointment }, { replace: true }); // that step shows its state
    app.refuse(reason, () => choose(app, slot));
    return;
  }
  if (JSON.stringify(app.place) !== place) return;
  app.go(appointment ? { step: "appointment", appointment } : { step: step === "review" ? "review" : "details", service });
}

/** An offered time is taken: undo the choice, and read the times again. */
function markTaken(app, { starts_at }) {
  if (app.booking.now.starts_at === starts_at) app.booking.set({ on: app.times.on(starts_at), starts_at: null });
  if (!app.offered) return;
  app.offered = { ...app.offered, slots: app.offered.slots?.map((slot) => (slot.starts_at === starts_at ? { ...slot, free: 0 } : slot)), read_ms: -Infinity };
  if (["time", "move"].includes(app.place.step)) app.show();
}

/**
 * Hold a place. A previous hold of the same service is moved, one of another service is cancelled. A hold that another page of this
 * browser uses is left alone.
 */
export async function hold(app, starts_at) {
  const { service } = app.place;
  const count = countOf(app);
  if (app.booking.now.standby && standbyOf(app) === null) app.booking.endStandby(); // this booking is for another service
  const { hold: held, invitation } = app.booking.now;
  if (standbyOf(app) && (await isOnStandby(app))) {
    app.booking.set({ starts_at, keys: null, hold: { service, starts_at, count } });
    cancelHold(app, held);
    return;
  }
  if (held?.id && held.service === service) {
    if (held.starts_at === starts_at && held.count === count && left_ms(app) > 0) return;
    if (!isUsedElsewhere(held.id, app.clock.now())) {
      try {
        const moved = await app.call("PATCH", `appointments/${held.id}`, { body: { starts_at, count }, token: held.token });
        setHold(app, moved.body, held.token);
        return;
      } catch (reason) {
        if (!(reason instanceof Refused) || !ENDED.has(reason.code)) throw reason;
        dropHold(app);
      }
    }
  }
  const body = { service, starts_at, count, hold: true, ...(invitation ? { invitation } : {}) };
  const made = await app.call("POST", "appointments", { body, key: keyFor(app, "hold", body) });
  setHold(app, made.body, made.body.token);
  cancelHold(app, held);
}

function setHold(app, { id, service, starts_at, count, expires_at, code }, token) {
  const current = { id, token, service, starts_at, count, expires_at, code };
  app.booking.set({ starts_at, keys: null, hold: current });
  noteHold(current);
}

/** Forget the hold of this page: it has ended, or has become an appointment. */
export function dropHold(app) {
  const { hold: held } = app.booking.now;
  if (held?.id) forgetHold(held.id);
  app.booking.set({ hold: null });
}

/** Cancel a hold that only this page uses. The page does not wait for it; if it fails, the hold expires. */
async function cancelHold(app, held) {
  if (!held?.id) return;
  forgetHold(held.id);
  if (isUsedElsewhere(held.id, app.clock.now()) || storedOwn("appointments", held.id)) return;
  try {
    const { body: appointment } = await app.call("GET", `appointments/${held.id}`, { token: held.token });
    if (appointment.state === "held") await app.call("DELETE", `appointments/${held.id}`, { token: held.token });
  } catch {
    // it has ended, or the service is unreachable
  }
}

/**
 * Whether the number is still on standby. A number that is over need not be given up: the time is then booked without it.
 * @throws {Refused} wrong-state: the number is in the queue now, or was given up for another booking; the person must look at it first
 */
async function isOnStandby(app) {
  const id = standbyOf(app);
  const ticket = await app.call("GET", `tickets/${id}`, { token: storedOwn("tickets", id)?.token ?? "" }).then(({ body }) => body, (reason) => {
    if (reason instanceof Refused && ["ticket-not-found", "token-invalid"].includes(reason.code)) return null;
    throw reason;
  });
  if (ticket?.state === "waiting" && ticket.admission === "standby") return true;
  if (ticket && (!["left", "done"].includes(ticket.state) || ticket.left_reason === "booked")) throw new Refused({ code: "wrong-state", title: "", status: 409 });
  app.booking.endStandby();
  return false;
}

/** Remaining time of the hold in milliseconds; 0 or less if it has ended. */
export function left_ms(app) {
  const { hold: held } = app.booking.now;
  return held ? Date.parse(held.expires_at) - app.clock.now() : 0;
}

/** Make the choice an appointment. @returns {Promise<string>} its id */
export async function confirm(app) {
  const { applicant = {} } = app.booking.now;
  const standby = standbyOf(app);
  const person = { name: applicant.name?.trim(), phone: applicant.phone?.trim() || undefined, email: applicant.email?.trim() || undefined, locale: localeNow() };
  const who = person.name ? { applicant: person } : {};
  const booked = await (standby ? bookFromStandby(app, who) : confirmHold(app, who));
  const { id, code, starts_at, service, count } = booked;
  storeOwn("appointments", id, { hall: app.id, token: booked.token, code, starts_at, service, count });
  if (standby) storeOwn("tickets", standby, { ...storedOwn("tickets", standby), over: true });
  dropHold(app);
  app.booking.clear({ made: true });
  return id;
}

/** Confirm the hold. If it has ended it is dropped, and the refusal has `hall_closed`: whether the hall has closed its day. */
async function confirmHold(app, who) {
  const { hold: held } = app.booking.now;
  const body = { state: "booked", ...who };
  try {
    const { body: booked } = await app.call("PATCH", `appointments/${held.id}`, { body, token: held.token, key: keyFor(app, "confirm", body) });
    return { ...booked, token: held.token };
  } catch (reason) {
    if (!(reason instanceof Refused) || !ENDED.has(reason.code)) throw reason;
    const appointment = await app.call("GET", `appointments/${held.id}`, { token: held.token }).then((reply) => reply.body, () => null);
    dropHold(app);
    app.offered = null; // that day may have no free times any more
    throw new Refused({ ...reason.problem, hall_closed: appointment?.hall_closed ?? false });
  }
}

/** Book a time and give up the standby ticket, both or neither. If the ticket has left in the meantime, book without it. */
async function bookFromStandby(app, who) {
  const { hold: chosen, invitation } = app.booking.now;
  const standby = standbyOf(app);
  const { service, starts_at, count } = chosen;
  const body = { service, starts_at, count, ticket: standby, ...who, ...(invitation ? { invitation } : {}) };
  try {
    return (await app.call("POST", "appointments", { body, token: storedOwn("tickets", standby)?.token ?? "", key: keyFor(app, "book", body) })).body;
  } catch (reason) {
    if (!(reason instanceof Refused) || !["wrong-state", "ticket-not-found"].includes(reason.code) || (await isOnStandby(app))) throw reason;
    await hold(app, starts_at);
    return confirmHold(app, who);
  }
}

/** The header that gives access to places reserved for invited people; empty without an invitation. */
export function invitationHeaders(app) {
  const { invitation } = app.booking.now;
  return invitation ? { "Paihao-Invitation": invitation } : {};
}

/**
 * Use the code of an invitation, if the hall has issued it.
 * @param {string} typed
 * @throws {Refused} code-not-found
 */
export async function useInvitation(app, typed) {
  const code = typed.normalize("NFKC").trim();
  if (!/^[ -~]{1,32}$/.test(code)) throw new Refused({ code: "code-not-found", title: "", status: 404 });
  await app.call("GET", "slots", { query: { from: app.today, to: app.today }, headers: { "Paihao-Invitation": code } });
  app.booking.set({ invitation: code });
}

/** Move an appointment to another time. */
export async function move(app, id, starts_at) {
  const own = storedOwn("appointments", id);
  const moved = await app.call("PATCH", `appointments/${id}`, { body: { starts_at }, token: own?.token });
  storeOwn("appointments", id, { ...own, starts_at: moved.body.starts_at });
}

/** Store the state of an appointment. If it is not booked any more it is over. */
export function storeAppointment(id, { code, starts_at, service, count, state }) {
  storeOwn("appointments", id, { ...storedOwn("appointments", id), code, starts_at, service, count, over: state !== "booked" });
}

/** Cancel an appointment. */
export async function cancel(app, id) {
  const own = storedOwn("appointments", id);
  await app.call("DELETE", `appointments/${id}`, { token: own?.token });
  storeOwn("appointments", id, { ...own, over: true });
}

/** Take a number, or check in with an invitation, and go to the page of the ticket. */
export async function takeNumber(app) {
  const { service } = app.place;
  const { entrance, invitation } = app.booking.now;
  const shown = entrance ? { entrance } : {};
  const count = countOf(app);
  const body = invitation ? { code: invitation, service, ...shown } : { service, count, channel: entrance ? "qr" : "web", ...shown };
  const path = invitation ? "check-ins" : "tickets";
  const { body: ticket } = await app.call("POST", path, { body, key: keyFor(app, "take", body) });
  openTicket(app, ticket);
}

/** Check in for an appointment, and go to the page of the ticket. */
export async function checkIn(app, { code }) {
  const { entrance } = app.booking.now;
  const body = { code, ...(entrance ? { entrance } : {}) };
  const { body: ticket } = await app.call("POST", "check-ins", { body, key: keyFor(app, "check-in", body) });
  openTicket(app, ticket);
}

function openTicket(app, { id, token, number, day }) {
  storeOwn("tickets", id, { hall: app.id, token, number, day });
  dropHold(app);
  app.booking.clear();
  location.assign(ticketAddress(id, token));
}

/** The idempotency key of an act. It is stored over a reload, so that the same request has no second effect. */
function keyFor(app, act, body) {
  const request = JSON.stringify(body);
  const { keys = {} } = app.booking.now;
  if (keys[act]?.said !== request) {
    keys[act] = { said: request, key: newKey() };
    app.booking.set({ keys });
  }
  return keys[act].key;
}
