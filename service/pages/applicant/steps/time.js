/**
 * The choice of a day and a time: the next free time, four weeks, and the times of a day.
 *
 * The same step moves an appointment, if the address names one.
 */

import { make } from "/display/element.js";
import { Refused } from "/pages/api.js";
import { storedOwn } from "/pages/phone-store.js";
import { button, nameOf, steps } from "/pages/phone.js";
import { say } from "/pages/texts.js";
import { choose, countOf, heldFor, invitationHeaders } from "/pages/applicant/book.js";
import { month, times } from "/pages/applicant/calendar.js";

const DAYS = 28;
const FRESH_MS = 20_000;

/** Whether the offered times may be out of date, by a clock that continues while the phone sleeps. */
export function isOld(app) {
  return Math.abs(app.clock.now() - app.offered.read_ms) > FRESH_MS;
}

/** The unfolded hour of a day with many times. */
let hour = null;

export function time(app) {
  const { appointment } = app.place;
  const own = appointment ? storedOwn("appointments", appointment) : null;
  const of = appointment ? own?.service : app.place.service;
  const serviceInfo = app.service(of);
  const count = appointment ? (own?.count ?? 1) : countOf(app);
  const asked = `${of} ${count} ${app.today} ${app.booking.now.invitation ?? ""}`;
  const offered = app.offered?.asked === asked ? app.offered : null;
  const held = appointment ? null : heldFor(app);
  const known = offered && { ...offered, slots: offered.slots.map((slot) => (held?.count === count && slot.starts_at === held.starts_at ? { ...slot, free: Math.max(1, slot.free), held: true } : slot)) };
  if (!known || isOld(app)) read(app, of, count, asked);
  const chosen = app.booking.now.starts_at ?? null;
  const slot = known?.slots.find(({ starts_at, free }) => starts_at === chosen && free > 0) ?? null;
  const title = appointment ? say("move-title") : say("time-title");
  const end = appointment ? undefined : steps(2, 4);
  const about = serviceInfo ? make("p.small.quiet", {}, `${nameOf(serviceInfo.name)} · ${own ? say("now-at", { when: app.momentWords(own.starts_at) }) : say("takes-about", { minutes: Math.max(1, Math.round(serviceInfo.duration_s / 60)) })}`) : null;
  if (!known) return { title, end, main: [about, make("p", { role: "status" }, say("reading-times"))], dock: [next(app, null)] };
  const free = known.slots.filter((each) => each.free > 0 && each.starts_at !== own?.starts_at);
  const on = dayShown(app, known, slot, free);
  return {
    title,
    end,
    main: [
      about,
      free.length ? soonest(app, free[0]) : make("div.message", {}, make("p", {}, make("b", {}, say("none-free"))), make("p", {}, say("none-free-hint"))),
      month(app, known.slots, on, DAYS, (wanted) => {
        hour = null;
        app.booking.set({ on: wanted, starts_at: null });
        app.show();
        document.querySelector(`.month [data-on="${wanted}"]`)?.focus();
      }),
      ...times(app, known.slots.filter(({ starts_at }) => app.times.on(starts_at) === on), { on, chosen: slot?.starts_at ?? null, hour, now: own?.starts_at ?? null }, {
        take: (starts_at) => {
          app.booking.set({ starts_at, on });
          app.show();
          document.querySelector(`.slots [data-at="${starts_at}"]`)?.focus();
        },
        unfold: (wanted) => {
          hour = hour === wanted ? null : wanted;
          app.show();
          document.querySelector(`.slots [data-hour="${wanted}"]`)?.focus();
        },
      }),
    ],
    dock: [next(app, slot)],
  };
}

/** The day whose times are shown: the chosen one, or that of the first free time. */
function dayShown(app, known, slot, free) {
  const { on } = app.booking.now;
  if (slot) return app.times.on(slot.starts_at);
  if (on && on >= app.today && known.slots.some(({ starts_at }) => app.times.on(starts_at) === on)) return on;
  return free.length ? app.times.on(free[0].starts_at) : app.today;
}

function soonest(app, slot) {
  return make("div.soonest", {}, make("p", {}, make("span.small", {}, say("soonest")), make("b", {}, app.offerWords(slot.starts_at))), button("", say("take-soonest"), (pressed) => app.act(pressed, () => choose(app, slot)), { id: "soonest" }));
}

/** The dock: the chosen time, and the button to continue. */
function next(app, slot) {
  const { appointment } = app.place;
  const sum = make("p.sum", {}, make("b", {}, slot ? app.momentWords(slot.starts_at) : say("choose-a-time")), make("span.small.quiet", {}, say("free-to-change")));
  const words = appointment ? say("move-to-this") : say("next-details");
  return make("div.dock-choice", {}, sum, button("primary.wide", words, (pressed) => slot && app.act(pressed, () => choose(app, slot)), { id: "next", "aria-disabled": slot ? null : "true" }));
}

async function read(app, service, count, asked) {
  if (app.offered?.reading === asked) return;
  app.offered = { ...(app.offered?.asked === asked ? app.offered : { asked: null }), reading: asked };
  try {
    await app.readHall();
    const to = new Date(Date.parse(`${app.today}T12:00:00Z`) + (Math.min(DAYS - 1, app.rules.horizon_days)) * 86_400_000).toISOString().slice(0, 10);
    const { body } = await app.call("GET", "slots", { query: { service, from: app.today, to, count }, headers: invitationHeaders(app) });
    app.offered = { asked, slots: body.slots, read_ms: app.clock.now() };
  } catch (reason) {
    app.offered = null;
    if (!["time", "move"].includes(app.place.step)) return;
    app.refuse(reason, () => read(app, service, count, asked));
    if (reason instanceof Refused && reason.code === "code-not-found") app.show(); // show the times that are open to everybody
    return;
  }
  if (["time", "move"].includes(app.place.step)) app.show();
}
