/** Local times of a hall as minutes of its day. A time before `day_starts_at_local` belongs to the end of the day: it is 1440 or more. */

const DAY = 1440;
const FORM = /^(\d{1,2})(?::?(\d{2}))?$/;

/**
 * Parse a typed time: `9`, `9:05`, `0905`, `9：05`.
 * @param {string} typed
 * @returns {string | null} `HH:MM`, up to `24:00`; null if it is not a time
 */
export function readTime(typed) {
  const found = FORM.exec(typed.trim().replace("：", ":"));
  if (!found) return null;
  const [hours, minutes] = [Number(found[1]), Number(found[2] ?? 0)];
  if (minutes > 59 || hours > 24 || (hours === 24 && minutes > 0)) return null;
  return `${two(hours)}:${two(minutes)}`;
}

/** @param {string} local `HH:MM` @returns {number} minutes from 00:00; 1440 for `24:00` */
export function minutesOf(local) {
  const [hours, minutes] = local.split(":").map(Number);
  return hours * 60 + minutes;
}

/**
 * Minutes of a local time in the hall's day.
 * @param {string} local
 * @param {string} starts the hall's `day_starts_at_local`
 */
export function placeOf(local, starts) {
  const minutes = minutesOf(local);
  return minutes >= minutesOf(starts) ? minutes : minutes + DAY;
}

/**
 * Minutes of a span in the hall's day. An end that equals the start of the day means the start of the next day.
 * @param {{from: string, to: string}} span
 * @param {string} starts
 * @returns {{from: number, to: number}}
 */
export function spanOf({ from, to }, starts) {
  const end = to === starts ? minutesOf(starts) + DAY : placeOf(to, starts);
  return { from: placeOf(from, starts), to: end };
}

/**
 * The local time of minutes of the hall's day.
 * @param {number} place minutes
 * @param {string} starts
 */
export function localOf(place, starts) {
  if (place === DAY && minutesOf(starts) === 0) return "24:00";
  const minutes = place % DAY;
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** The weekday of a date. @param {string} on `YYYY-MM-DD` @returns {number} Monday 1 to Sunday 7 */
export function weekdayOf(on) {
  return new Date(`${on}T00:00:00Z`).getUTCDay() || 7;
}

/** Round down to a multiple of `step`. @param {number} minutes @param {number} step @returns {number} */
export function floorTo(minutes, step) {
  return Math.floor(minutes / step) * step;
}

function two(number) {
  return String(number).padStart(2, "0");
}
