/** Computations on bookable times, for the picker: next free times, days, weeks. Pure functions, without page and network. */

/** @typedef {{service: string, starts_at: string, ends_at: string, places: number, free: number}} Slot */

const DAY_MS = 86_400_000;
// A day is nearly full (`few`) when at most this fraction of its times is free.
const FEW_FRACTION = 0.25;

/**
 * Group slots by date.
 * @param {Slot[]} slots in order
 * @param {(at: string) => string} onOf the hall's date of an instant
 * @returns {Map<string, Slot[]>} by date, in order
 */
export function byDay(slots, onOf) {
  const days = new Map();
  for (const slot of slots) {
    const on = onOf(slot.starts_at);
    if (!days.has(on)) days.set(on, []);
    days.get(on).push(slot);
  }
  return days;
}

/** @param {Slot[]} slots in order @param {number} [most] @returns {Slot[]} the first that are free */
export function soonest(slots, most = 3) {
  return slots.filter(({ free }) => free > 0).slice(0, most);
}

/**
 * How full a day is: nothing to book (`closed`), `full`, `few` or `many` free times, and the number of free times.
 * @param {Slot[] | undefined} slots of the day
 * @returns {{kind: "closed" | "full" | "few" | "many", left: number}}
 */
export function fullness(slots) {
  const offered = (slots ?? []).filter(({ places }) => places > 0);
  const left = offered.filter(({ free }) => free > 0).length;
  if (offered.length === 0) return { kind: "closed", left };
  if (left === 0) return { kind: "full", left };
  return { kind: left <= offered.length * FEW_FRACTION ? "few" : "many", left };
}

/**
 * Make whole weeks, Monday first, from the week of one date to the week of another.
 * @param {string} first `2026-11-23`
 * @param {string} last
 * @returns {(string | null)[][]} null before the first and after the last
 */
export function weeksOf(first, last) {
  const weeks = [];
  const monday = shifted(first, -weekdayOf(first));
  for (let on = monday; on <= last; on = shifted(on, 7)) {
    weeks.push(Array.from({ length: 7 }, (_, day) => shifted(on, day)).map((date) => (date < first || date > last ? null : date)));
  }
  return weeks;
}

/** @param {string} on @param {number} days @returns {string} the date so many days later */
export function shifted(on, days) {
  return new Date(Date.parse(`${on}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** @returns {number} 0 for Monday */
function weekdayOf(on) {
  return (new Date(`${on}T00:00:00Z`).getUTCDay() + 6) % 7;
}

/**
 * Sort appointments by time; those of the same time keep their order.
 * @template {{starts_at: string}} Appointment
 * @param {Appointment[]} items in the order in which they were made
 * @returns {Appointment[]}
 */
export function inOrderOfTime(items) {
  return [...items].sort((first, second) => (first.starts_at < second.starts_at ? -1 : first.starts_at > second.starts_at ? 1 : 0));
}
