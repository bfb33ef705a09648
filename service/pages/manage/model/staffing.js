/** How many counters are staffed through a date: the weekday's plan, and what was said for the date itself. */

import { localOf, spanOf, weekdayOf } from "./times.js";
import { put } from "./values.js";

/**
 * @typedef {object} Segment
 * @property {number} from place in the day, in minutes
 * @property {number} to
 * @property {number} plan counters of the weekday's plan
 * @property {number} counters counters on this date
 */

/**
 * When the hall is open on a date, public holidays aside (only the service knows them).
 * @returns {{from: number, to: number}[]} in order, apart
 */
export function windowsOn(form, on) {
  const exception = form.exceptions[on];
  const spans = exception ? exception.spans : form.hours[weekdayOf(on)] ?? [];
  const found = spans.map((span) => spanOf(span, form.day_starts_at_local)).filter(({ from, to }) => from < to);
  found.sort((one, other) => one.from - other.from);
  const merged = [];
  for (const { from, to } of found) {
    const last = merged.at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else merged.push({ from, to });
  }
  return merged;
}

/**
 * The staffing of a date within its opening hours.
 * @returns {Segment[]} in order, without gaps inside a window; neighbours differ
 */
export function segmentsOn(form, on) {
  const week = bands(form, form.staffing.week[weekdayOf(on)] ?? []);
  const dates = bands(form, form.staffing.dates[on] ?? []);
  const all = form.counters.order.length;
  const segments = [];
  for (const window of windowsOn(form, on)) {
    const edges = [...week, ...dates].flatMap(({ from, to }) => [from, to]).filter((edge) => edge > window.from && edge < window.to);
    const places = [...new Set([window.from, ...edges, window.to])].sort((one, other) => one - other);
    for (let i = 0; i + 1 < places.length; i += 1) {
      const [from, to] = [places[i], places[i + 1]];
      const plan = week.length === 0 ? all : staffed(week, from);
      const own = dates.filter((band) => band.from <= from && from < band.to);
      const counters = own.length > 0 ? staffed(own, from) : plan;
      const last = segments.at(-1);
      if (last && last.to === from && last.plan === plan && last.counters === counters) last.to = to;
      else segments.push({ from, to, plan, counters });
    }
  }
  return segments;
}

/**
 * The form with other staffing on a date.
 * @param {any} form
 * @param {string} on
 * @param {{from: number, to: number}} span in minutes
 * @param {(counters: number) => number} change
 */
export function staffedAnew(form, on, span, change) {
  const changed = segmentsOn(form, on)
    .flatMap((segment) => cut(segment, span))
    .map((one) => (one.from >= span.from && one.to <= span.to ? { ...one, counters: Math.max(0, change(one.counters)) } : one));
  return withSegments(form, on, changed);
}

/** The form with nothing said for a date. */
export function staffedAsPlanned(form, on) {
  return put(form, ["staffing", "dates", on], undefined);
}

/**
 * Until when a difference from the plan holds: the end of the run of segments with the same one.
 * @param {Segment[]} segments
 * @param {number} place
 */
export function runOf(segments, place) {
  const by = segments[place].counters - segments[place].plan;
  let [first, last] = [place, place];
  while (first > 0 && segments[first - 1].to === segments[first].from && differs(segments[first - 1]) === by) first -= 1;
  while (last + 1 < segments.length && segments[last + 1].from === segments[last].to && differs(segments[last + 1]) === by) last += 1;
  return { from: segments[first].from, to: segments[last].to, by };
}

const differs = ({ counters, plan }) => counters - plan;

function withSegments(form, on, segments) {
  const starts = form.day_starts_at_local;
  const own = [];
  // Where the week has no bands, every counter is taken as staffed, until the date says something: then say it all.
  const everything = (form.staffing.week[weekdayOf(on)] ?? []).length === 0;
  for (const { from, to, plan, counters } of segments) {
    if (counters === plan && !(everything && segments.some((one) => differs(one) !== 0))) continue;
    const last = own.at(-1);
    if (last && last.to === from && last.counters === counters) last.to = to;
    else own.push({ from, to, counters });
  }
  const written = own.map(({ from, to, counters }) => ({ from: localOf(from, starts), to: localOf(to, starts), counters }));
  return put(form, ["staffing", "dates", on], written.length > 0 ? written : undefined);
}

function cut(segment, { from, to }) {
  const places = [segment.from, ...[from, to].filter((edge) => edge > segment.from && edge < segment.to), segment.to];
  return places.slice(1).map((end, i) => ({ ...segment, from: places[i], to: end }));
}

function bands(form, rows) {
  return rows.map((row) => ({ ...spanOf(row, form.day_starts_at_local), counters: row.counters }));
}

function staffed(rows, place) {
  return rows.filter((band) => band.from <= place && place < band.to).reduce((sum, band) => sum + band.counters, 0);
}
