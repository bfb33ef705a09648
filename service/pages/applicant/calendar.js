/** The calendar: weeks as a table, and the times of a day as buttons. */

import { make } from "/display/element.js";
import { upper } from "/pages/phone.js";
import { languageNow, localeNow, say } from "/pages/texts.js";
import { firstOfMonth } from "/pages/times.js";

const DAY_MS = 86_400_000;
// More times than this are grouped by hour: an hour is found faster than one of a hundred buttons.
const PLAIN_MAX = 24;
// A day has few free times when at most so many of its times are free, or at most a fifth.
const FEW = 5;

const noon = (on) => Date.parse(`${on}T12:00:00Z`);
const dateOf = (at_ms) => new Date(at_ms).toISOString().slice(0, 10);

/**
 * The days from today on, in whole weeks.
 * @param {any} app
 * @param {{starts_at: string, free: number}[]} slots
 * @param {string} chosen a date
 * @param {number} days number of days at most
 * @param {(on: string) => void} choose
 */
export function month(app, slots, chosen, days, choose) {
  const found = new Map();
  for (const { starts_at, free } of slots) {
    const on = app.times.on(starts_at);
    const day = found.get(on) ?? { all: 0, free: 0 };
    day.all += 1;
    day.free += free > 0 ? 1 : 0;
    found.set(on, day);
  }
  const first = noon(app.today);
  const last = dateOf(first + (Math.min(days - 1, app.rules.horizon_days)) * DAY_MS);
  const before = (new Date(first).getUTCDay() + 6) % 7;
  const rows = [];
  for (let week = first - before * DAY_MS; dateOf(week) <= last; week += 7 * DAY_MS) {
    rows.push(make("tr", {}, Array.from({ length: 7 }, (_, weekday) => {
      const on = dateOf(week + weekday * DAY_MS);
      return make("td", {}, on < app.today || on > last ? null : dayButton(app, on, found.get(on), on === chosen, choose));
    })));
  }
  const monday = noon("2024-01-01");
  const heads = Array.from({ length: 7 }, (_, weekday) => {
    const at = new Date(monday + weekday * DAY_MS);
    const long = at.toLocaleDateString(localeNow(), { timeZone: "UTC", weekday: "long" });
    return make("th", { scope: "col", abbr: long }, at.toLocaleDateString(localeNow(), { timeZone: "UTC", weekday: languageNow() === "zh" ? "narrow" : "short" }));
  });
  return make("table.month", { "aria-label": say("month-label", { from: app.dateWords(app.today), to: app.dateWords(last) }) }, make("thead", {}, make("tr", {}, heads)), make("tbody", {}, rows));
}

function dayButton(app, on, day, pressed, choose) {
  const dayNumber = Number(on.slice(8));
  const shown = dayNumber === 1 ? make("span.turn", {}, firstOfMonth(on)) : String(dayNumber);
  const kind = !day ? "closed" : day.free === 0 ? "full" : day.free <= Math.max(FEW, day.all / 5) && day.free < day.all ? "few" : "many";
  const word = kind === "closed" ? say("day-closed") : kind === "full" ? say("day-full") : say("day-free", { free: day.free });
  const label = `${app.dateWords(on)}: ${kind === "closed" ? say("day-closed-label") : kind === "full" ? say("day-full-label") : say("day-free-label", { free: day.free })}`;
  const made = make(`button.${kind}`, { type: "button", "data-on": on, "aria-label": label, "aria-pressed": day && day.free > 0 ? String(pressed) : null, disabled: !day || day.free === 0 }, shown, make("small", {}, word));
  made.addEventListener("click", () => choose(on));
  return made;
}

/**
 * The times of a day: all of them, or grouped by hour when they are many.
 * @param {any} app
 * @param {{starts_at: string, free: number, held?: boolean}[]} slots of one day; one is held for this person
 * @param {{on: string, chosen: string | null, hour: string | null, now: string | null}} shown `now` is the time an appointment has
 * @param {{take: (starts_at: string) => void, unfold: (hour: string) => void}} acts
 */
export function times(app, slots, { on, chosen, hour, now }, { take, unfold }) {
  if (slots.length === 0) return [];
  const slotOf = (slot) => slotButton(app, slot, slot.starts_at === chosen, slot.starts_at === now, take);
  if (slots.length <= PLAIN_MAX) {
    const halves = [slots.filter((slot) => app.times.time(slot.starts_at) < "12:00"), slots.filter((slot) => app.times.time(slot.starts_at) >= "12:00")];
    return halves.flatMap((half, place) => (half.length === 0 ? [] : [make("div.slots", {}, make("h2", {}, place === 0 || halves[0].length === 0 ? `${app.dateWords(on)} ${say(place === 0 ? "morning" : "afternoon")}` : upper(say("afternoon"))), half.map(slotOf))]));
  }
  const hours = Map.groupBy ? Map.groupBy(slots, hourOf(app)) : grouped(slots, hourOf(app));
  const unfolded = hour ?? (chosen ? app.times.time(chosen).slice(0, 2) : null);
  const heads = [...hours].map(([name, of]) => {
    const free = of.filter((slot) => slot.free > 0).length;
    return make("button.button", { type: "button", "data-hour": name, disabled: free === 0, "aria-expanded": free === 0 ? null : String(name === unfolded) }, make("span", {}, `${name}:00`), make("small", {}, free === 0 ? say("slot-full") : say("hour-free", { free })));
  });
  for (const head of heads) head.addEventListener("click", () => unfold(head.dataset.hour));
  const within = hours.get(unfolded);
  return [
    make("div.slots.hours", {}, make("h2", {}, app.dateWords(on)), heads),
    within ? make("div.slots", { id: "within" }, make("h3", {}, say("hour-title", { hour: `${unfolded}:00` })), within.map(slotOf)) : make("p.small.quiet", {}, say("choose-an-hour")),
  ];
}

const hourOf = (app) => (slot) => app.times.time(slot.starts_at).slice(0, 2);

/** `Map.groupBy`, for browsers without it. */
function grouped(slots, key) {
  const found = new Map();
  for (const slot of slots) found.set(key(slot), [...(found.get(key(slot)) ?? []), slot]);
  return found;
}

function slotButton(app, { starts_at, free, held = false }, pressed, isNow, take) {
  const words = isNow ? say("slot-now") : held ? say("slot-held") : free > 0 ? say("slot-free", { free }) : say("slot-full");
  const made = make("button.button", { type: "button", "data-at": starts_at, disabled: free === 0 || isNow, "aria-pressed": free > 0 && !isNow ? String(pressed) : null }, make("span", {}, app.times.time(starts_at)), make("small", {}, words));
  made.addEventListener("click", () => take(starts_at));
  return made;
}
