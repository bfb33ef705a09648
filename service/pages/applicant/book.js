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
import { forgetHold, isElsewhere, noteHold } from "/pages/applicant/holds.js";

// A hold of which this is said is none any more: another is asked for in its place.
const GONE = new Set(["hold-expired", "wrong-state", "appointment-not-found"]);
const TAKEN = new Set(["slot-full", "slot-not-offered"]);

/** How many come together. */
export function countOf(app) {
  const { service } = app.place;
  return Math.min(app.booking.now.count ?? 1, app.service(service)?.count_max ?? 1);
}

/** The ticket on standby that is given up when what is under way is booked; null when it is for another service. */
export function standbyOf(app) {
  const { standby } = app.booking.now;
  return standby && standby.service === app.place.service ? standby.ticket : null;
}

/** The place that is held for what is under way; null when there is none. */
export function heldFor(app) {
  const { hold: held } = app.booking.now;
  return held?.id && held.service === app.place.service && left_ms(app) > 0 ? held : null;
}

/**
 * Take a time that was offered, in place of another. Who has gone elsewhere before the answer stays there: the time is kept for a while.
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
    if (reason instanceof Refused && TAKEN.has(reason.code)) taken(app, slot);
    if (reason instanceof Refused && appointment && GONE.has(reason.code)) app.go({ step: "appointment", appointment }, { replace: true }); // there it is said how it is
    app.refuse(reason, () => choose(app, slot));
    return;
  }
  if (JSON.stringify(app.place) !== place) return;
  app.go(appointment ? { step: "appointment", appointment } : { step: step === "review" ? "review" : "details", service });
}

/** A time that was offered is none any more: the choice is taken back, and the times are read anew. */
function taken(app, { starts_at }) {
  if (app.booking.now.starts_at === starts_at) app.booking.set({ on: app.times.on(starts_at), starts_at: null });
  if (!app.offered) return;
  app.offered = { ...app.offered, slots: app.offered.slots?.map((slot) => (slot.starts_at === starts_at ? { ...slot, free: 0 } : slot)), read_ms: -Infinity };
  if (["time", "move"].includes(app.place.step)) app.show();
}

/**
 * Keep a place for a while, in place of the one that is kept already: that is moved, or given up when it is of another service.
 * What another page of this browser has before it stays as it is.
 */
export async function hold(app, starts_at) {
  const { service } = app.place;
  const count = countOf(app);
  if (app.booking.now.standby && standbyOf(app) === null) app.booking.endStandby(); // this is for somebody else, say
  const { hold: held, invitation } = app.booking.now;
  if (standbyOf(app) && (await standsBy(app))) {
    app.booking.set({ starts_at, keys: null, hold: { service, starts_at, count } });
    giveUp(app, held);
    return;
  }
  if (held?.id && held.service === service) {
    if (held.starts_at === starts_at && held.count === count && left_ms(app) > 0) return;
    if (!isElsewhere(held.id, app.clock.now())) {
      try {
        const moved = await app.call("PATCH", `appointments/${held.id}`, { body: { starts_at, count }, token: held.token });
        heldNow(app, moved.body, held.token);
        return;
      } catch (reason) {
        if (!(reason instanceof Refused) || !GONE.has(reason.code)) throw reason;
        dropHold(app);
      }
    }
  }
  const body = { service, starts_at, count, hold: true, ...(invitation ? { invitation } : {}) };
  const made = await app.call("POST", "appointments", { body, key: keyFor(app, "hold", body) });
  heldNow(app, made.body, made.body.token);
  giveUp(app, held);
}

function heldNow(app, { id, service, starts_at, count, expires_at, code }, token) {
  const now = { id, token, service, starts_at, count, expires_at, code };
  app.booking.set({ starts_at, keys: null, hold: now });
  noteHold(now);
}

/** What was held for this page is no more, or is no hold any more: it has it before it no longer. */
export function dropHold(app) {
  const { hold: held } = app.booking.now;
  if (held?.id) forgetHold(held.id);
  app.booking.set({ hold: null });
}

/** Let others have a place that was kept for this page, and for it alone; nobody waits for that, and it ends by itself. */
async function giveUp(app, held) {
  if (!held?.id) return;
  forgetHold(held.id);
  if (isElsewhere(held.id, app.clock.now()) || kept("appointments", held.id)) return;
  try {
    const { body: seen } = await app.call("GET", `appointments/${held.id}`, { token: held.token });
    if (seen.state === "held") await app.call("DELETE", `appointments/${held.id}`, { token: held.token });
  } catch {
    // it is over, or not reached
  }
}

/**
 * Whether the number still stands by. One that is over is none to be given up: what is booked is booked without it.
 * @throws {Refused} wrong-state: it is in the queue now, or was given up for a booking already; that is to be looked at first
 */
async function standsBy(app) {
  const ticket = standbyOf(app);
  const seen = await app.call("GET", `tickets/${ticket}`, { token: kept("tickets", ticket)?.token ?? "" }).then(({ body }) => body, (reason) => {
    if (reason instanceof Refused && ["ticket-not-found", "token-invalid"].includes(reason.code)) return null;
    throw reason;
  });
  if (seen?.state === "waiting" && seen.admission === "standby") return true;
  if (seen && (!["left", "done"].includes(seen.state) || seen.left_reason === "booked")) throw new Refused({ code: "wrong-state", title: "", status: 409 });
  app.booking.endStandby();
  return false;
}

/** How long the place is still kept, in milliseconds; 0 or less when it is not. */
export function left_ms(app) {
  const { hold: held } = app.booking.now;
  return held ? Date.parse(held.expires_at) - app.clock.now() : 0;
}

/** Make what was chosen an appointment; returns its id. */
export async function confirm(app) {
  const { applicant = {} } = app.booking.now;
  const standby = standbyOf(app);
  const person = { name: applicant.name?.trim(), phone: applicant.phone?.trim() || undefined, email: applicant.email?.trim() || undefined, locale: localeNow() };
  const who = person.name ? { applicant: person } : {};
  const booked = await (standby ? bookFromStandby(app, who) : confirmHold(app, who));
  const { id, code, starts_at, service, count } = booked;
  keep("appointments", id, { hall: app.id, token: booked.token, code, starts_at, service, count });
  if (standby) keep("tickets", standby, { ...kept("tickets", standby), over: true });
  dropHold(app);
  app.booking.clear({ made: true });
  return id;
}

/** A hold that is none any more is given up; the refusal then has `hall_closed` where the hall has closed its day. */
async function confirmHold(app, who) {
  const { hold: held } = app.booking.now;
  const body = { state: "booked", ...who };
  try {
    const { body: booked } = await app.call("PATCH", `appointments/${held.id}`, { body, token: held.token, key: keyFor(app, "confirm", body) });
    return { ...booked, token: held.token };
  } catch (reason) {
    if (!(reason instanceof Refused) || !GONE.has(reason.code)) throw reason;
    const seen = await app.call("GET", `appointments/${held.id}`, { token: held.token }).then(({ body: one }) => one, () => null);
    dropHold(app);
    app.offered = null; // its day may offer none any more
    throw new Refused({ ...reason.problem, hall_closed: seen?.hall_closed ?? false });
  }
}

/** Book a time for which a ticket on standby leaves, both or neither; one that has left meanwhile is not asked for. */
async function bookFromStandby(app, who) {
  const { hold: chosen, invitation } = app.booking.now;
  const standby = standbyOf(app);
  const { service, starts_at, count } = chosen;
  const body = { service, starts_at, count, ticket: standby, ...who, ...(invitation ? { invitation } : {}) };
  try {
    return (await app.call("POST", "appointments", { body, token: kept("tickets", standby)?.token ?? "", key: keyFor(app, "book", body) })).body;
  } catch (reason) {
    if (!(reason instanceof Refused) || !["wrong-state", "ticket-not-found"].includes(reason.code) || (await standsBy(app))) throw reason;
    await hold(app, starts_at);
    return confirmHold(app, who);
  }
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
  dropHold(app);
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
