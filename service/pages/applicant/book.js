/**
 * The acts of booking: a place is kept as soon as a time is chosen, so that nobody loses it while typing.
 *
 * Who stands by and books instead keeps the number meanwhile, and not the place: the one call that books the time gives the
 * number up, so that nothing can happen between the two.
 */

import { Refused, newKey } from "/pages/api.js";
import { keep, kept } from "/pages/keep.js";
import { ticketAddress } from "/pages/phone.js";
import { localeNow } from "/pages/texts.js";

// A hold of which this is said is none any more: another is asked for in its place.
const GONE = new Set(["hold-expired", "wrong-state", "appointment-not-found"]);
const TAKEN = new Set(["slot-full", "slot-not-offered"]);

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
    if (reason instanceof Refused && TAKEN.has(reason.code)) taken(app, slot);
    if (reason instanceof Refused && appointment && GONE.has(reason.code)) app.go({ step: "appointment", appointment }, { replace: true }); // there it is said how it is
    app.refuse(reason, () => choose(app, slot));
    return;
  }
  app.go(appointment ? { step: "appointment", appointment } : { step: step === "review" ? "review" : "details", service: app.place.service });
}

/** A time that was offered is none any more: the choice is taken back, and the times are read anew. */
function taken(app, { starts_at }) {
  if (app.booking.now.starts_at === starts_at) app.booking.set({ on: app.times.on(starts_at), starts_at: null });
  if (!app.offered) return;
  app.offered = { ...app.offered, slots: app.offered.slots?.map((slot) => (slot.starts_at === starts_at ? { ...slot, free: 0 } : slot)), read_ms: -Infinity };
  if (["time", "move"].includes(app.place.step)) app.show();
}

/** Keep a place for a while: the one that is kept already is moved. */
export async function hold(app, starts_at) {
  const { service } = app.place;
  const count = countOf(app);
  const { hold: held, invitation, standby } = app.booking.now;
  if (standby) {
    app.booking.set({ starts_at, keys: null, hold: { service, starts_at, count } });
    return;
  }
  if (held?.id && held.service === service) {
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

/** Make what was chosen an appointment; returns its id. */
export async function confirm(app) {
  const { applicant = {}, hold: held, standby } = app.booking.now;
  const person = { name: applicant.name?.trim(), phone: applicant.phone?.trim() || undefined, email: applicant.email?.trim() || undefined, locale: localeNow() };
  const who = person.name ? { applicant: person } : {};
  const booked = await (standby ? bookFromStandby(app, who) : confirmHold(app, who));
  const { id, code, starts_at, service, count } = booked;
  keep("appointments", id, { hall: app.id, token: booked.token ?? held.token, code, starts_at, service, count });
  if (standby) keep("tickets", standby, { ...kept("tickets", standby), over: true });
  app.booking.clear({ made: true });
  return id;
}

/** A hold that is none any more is given up; the refusal then has `hall_closed` where the hall has closed its day. */
async function confirmHold(app, who) {
  const { hold: held } = app.booking.now;
  const body = { state: "booked", ...who };
  try {
    return (await app.call("PATCH", `appointments/${held.id}`, { body, token: held.token, key: keyFor(app, "confirm", body) })).body;
  } catch (reason) {
    if (!(reason instanceof Refused) || !GONE.has(reason.code)) throw reason;
    const seen = await app.call("GET", `appointments/${held.id}`, { token: held.token }).then(({ body: one }) => one, () => null);
    app.booking.set({ hold: null });
    app.offered = null; // its day may offer none any more
    throw new Refused({ ...reason.problem, hall_closed: seen?.hall_closed ?? false });
  }
}

/** Book a time for which a ticket on standby leaves, both or neither. */
async function bookFromStandby(app, who) {
  const { hold: chosen, invitation, standby } = app.booking.now;
  const { service, starts_at, count } = chosen;
  const body = { service, starts_at, count, ticket: standby, ...who, ...(invitation ? { invitation } : {}) };
  return (await app.call("POST", "appointments", { body, token: kept("tickets", standby)?.token ?? "", key: keyFor(app, "book", body) })).body;
}

/** The header by which places kept for invited people are seen and had; nothing without an invitation. */
export function invited(app) {
  const { invitation } = app.booking.now;
  return invitation ? { "Paihao-Invitation": invitation } : {};
}

/**
 * Take the code of an invitation, if the hall gave it.
 * @param {string} typed
 * @throws {Refused} code-not-found
 */
export async function useInvitation(app, typed) {
  const code = typed.normalize("NFKC").trim();
  if (!/^[ -~]{1,32}$/.test(code)) throw new Refused({ code: "code-not-found", title: "", status: 404 });
  await app.call("GET", "slots", { query: { from: app.today, to: app.today }, headers: { "Paihao-Invitation": code } });
  app.booking.set({ invitation: code });
}

/** An appointment goes on at another time. */
export async function move(app, id, starts_at) {
  const own = kept("appointments", id);
  const moved = await app.call("PATCH", `appointments/${id}`, { body: { starts_at }, token: own?.token });
  keep("appointments", id, { ...own, starts_at: moved.body.starts_at });
}

/** Keep how an appointment was seen; one that is not booked any more is over. */
export function keepAppointment(id, { code, starts_at, service, count, state }) {
  keep("appointments", id, { ...kept("appointments", id), code, starts_at, service, count, over: state !== "booked" });
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
  location.assign(ticketAddress(id, token));
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
