/** The acts of booking: a place is kept as soon as a time is chosen, so that nobody loses it while typing. */

import { Refused, newKey } from "/pages/api.js";
import { keep, kept } from "/pages/keep.js";
import { localeNow } from "/pages/texts.js";

// A hold of which this is said is none any more: another is asked for in its place.
const GONE = new Set(["hold-expired", "wrong-state", "appointment-not-found"]);

/** How many come together. */
export function countOf(app) {
  const { service } = app.place;
  return Math.min(app.booking.now.count ?? 1, app.service(service)?.count_max ?? 1);
}

/** Take a time that was offered, in place of another. @param {any} app @param {{starts_at: string}} slot */
export async function choose(app, slot) {
  const { step, appointment } = app.place;
  try {
    if (appointment) await move(app, appointment, slot.starts_at);
    else await hold(app, slot.starts_at);
  } catch (reason) {
    app.refuse(reason, () => choose(app, slot));
    return;
  }
  app.go(appointment ? { step: "appointment", appointment } : { step: step === "review" ? "review" : "details", service: app.place.service });
}

/** Keep a place for a while: the one that is kept already is moved. */
export async function hold(app, starts_at) {
  const { service } = app.place;
  const count = countOf(app);
  const { hold: held, invitation } = app.booking.now;
  if (held?.service === service) {
    if (held.starts_at === starts_at && held.count === count && left_ms(app) > 0) return;
    try {
      const moved = await app.call("PATCH", `appointments/${held.id}`, { body: { starts_at, count }, token: held.token });
      heldNow(app, moved.body, held.token);
      return;
    } catch (reason) {
      if (!(reason instanceof Refused) || !GONE.has(reason.code)) throw reason;
      app.booking.set({ hold: null });
    }
  }
  const body = { service, starts_at, count, hold: true, ...(invitation ? { invitation } : {}) };
  const made = await app.call("POST", "appointments", { body, key: keyFor(app, "hold", body) });
  heldNow(app, made.body, made.body.token);
}

function heldNow(app, { id, service, starts_at, count, expires_at, code }, token) {
  app.booking.set({ starts_at, keys: null, hold: { id, token, service, starts_at, count, expires_at, code } });
}

/** How long the place is still kept, in milliseconds; 0 or less when it is not. */
export function left_ms(app) {
  const { hold: held } = app.booking.now;
  return held ? Date.parse(held.expires_at) - app.clock.now() : 0;
}

/** Make the hold an appointment; returns its id. */
export async function confirm(app) {
  const { hold: held, applicant = {} } = app.booking.now;
  const person = { name: applicant.name?.trim(), phone: applicant.phone?.trim() || undefined, email: applicant.email?.trim() || undefined, locale: localeNow() };
  const body = { state: "booked", ...(person.name ? { applicant: person } : {}) };
  const booked = await app.call("PATCH", `appointments/${held.id}`, { body, token: held.token, key: keyFor(app, "confirm", body) });
  const { id, code, starts_at, service, count } = booked.body;
  keep("appointments", id, { hall: app.id, token: held.token, code, starts_at, service, count });
  const { standby } = app.booking.now;
  app.booking.clear();
  // Who stood by has a time now: the place in the queue is for others. Not done, it costs nobody anything.
  if (standby) await app.call("DELETE", `tickets/${standby}`, { token: kept("tickets", standby)?.token ?? "" }).catch(() => undefined);
  return id;
}

/** Give a hold up: somebody else can have the place at once. */
export async function letGo(app) {
  const { hold: held } = app.booking.now;
  app.booking.set({ hold: null });
  if (held) await app.call("DELETE", `appointments/${held.id}`, { token: held.token }).catch(() => undefined); // it ends by itself
}

/** An appointment goes on at another time. */
export async function move(app, id, starts_at) {
  const own = kept("appointments", id);
  const moved = await app.call("PATCH", `appointments/${id}`, { body: { starts_at }, token: own?.token });
  keep("appointments", id, { ...own, starts_at: moved.body.starts_at });
}

/** Give an appointment up. */
export async function cancel(app, id) {
  const own = kept("appointments", id);
  await app.call("DELETE", `appointments/${id}`, { token: own?.token });
  keep("appointments", id, { ...own, over: true });
}

/** Take a number, or with an invitation be let in with papers looked at; then the page of the ticket takes over. */
export async function take(app) {
  const { service } = app.place;
  const { entrance, invitation } = app.booking.now;
  const shown = entrance ? { entrance } : {};
  const count = countOf(app);
  const body = invitation ? { code: invitation, service, ...shown } : { service, count, channel: entrance ? "qr" : "web", ...shown };
  const path = invitation ? "check-ins" : "tickets";
  const given = await app.call("POST", path, { body, key: keyFor(app, "take", body) });
  ticketGiven(app, given.body);
}

/** Be here for an appointment. */
export async function checkIn(app, { code }) {
  const { entrance } = app.booking.now;
  const body = { code, ...(entrance ? { entrance } : {}) };
  const given = await app.call("POST", "check-ins", { body, key: keyFor(app, "check-in", body) });
  ticketGiven(app, given.body);
}

function ticketGiven(app, { id, token, number, day }) {
  keep("tickets", id, { hall: app.id, token, number, day });
  app.booking.clear();
  location.assign(`/t/${id}#${token}`);
}

/** One key for one act, kept over a reload: the same request again has no second effect. */
function keyFor(app, act, body) {
  const said = JSON.stringify(body);
  const { keys = {} } = app.booking.now;
  if (keys[act]?.said !== said) {
    keys[act] = { said, key: newKey() };
    app.booking.set({ keys });
  }
  return keys[act].key;
}
