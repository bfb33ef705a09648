/** The number of staffed counters over a date: from the weekday's plan, and from changes for the date itself. */

import { localOf, spanOf, weekdayOf } from "./times.js";
import { put } from "./values.js";

/**
 * @typedef {object} Segment
 * @property {number} from minutes of the hall's day
 * @property {number} to
 * @property {number} plan counters of the weekday's plan
 * @property {number} counters counters on this date
 */

/**
 * Opening times on a date, without regard to public holidays, which only the service knows.
 * @returns {{from: number, to: number}[]} in order, without overlap
 */
export function windowsOn(form, on) {
  const exception = form.exceptions[on];
  const spans = exception ? exception.spans : form.hours[weekdayOf(on)] ?? [];
  const found = spans.map((span) => spanOf(span, form.day_starts_at_local)).filter(({ from, to }) => from < to);
  found.sort((first, second) => first.from - second.from);
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
 * @returns {Segment[]} in order, without gaps inside the opening times; neighbours differ
 */
export function segmentsOn(form, on) {
  const week = bands(form, form.staffing.week[weekdayOf(on)] ?? []);
  const dates = bands(form, form.staffing.dates[on] ?? []);
  const all = form.counters.order.length;
  const segments = [];
  for (const window of windowsOn(form, on)) {
    const edges = [...week, ...dates].flatMap(({ from, to }) => [from, to]).filter((edge) => edge > window.from && edge < window.to);
    const places = [...new Set([window.from, ...edges, window.to])].sort((first, second) => first - second);
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
 * A form with changed staffing on a date.
 * @param {any} form
 * @param {string} on
 * @param {{from: number, to: number}} span in minutes
 * @param {(counters: number) => number} change
 */
export function withStaffing(form, on, span, change) {
  const changed = segmentsOn(form, on)
    .flatMap((segment) => cut(segment, span))
    .map((segment) => (segment.from >= span.from && segment.to <= span.to ? { ...segment, counters: Math.max(0, change(segment.counters)) } : segment));
  return withSegments(form, on, changed);
}

/** A form without changes of the staffing on a date. */
export function withPlannedStaffing(form, on) {
  return put(form, ["staffing", "dates", on], undefined);
}

/**
 * The run of neighbouring segments with the same difference from the plan. `by`: the difference.
 * @param {Segment[]} segments
 * @param {number} place
 */
export function runOf(segments, place) {
  const by = differenceOf(segments[place]);
  let [first, last] = [place, place];
  while (first > 0 && segments[first - 1].to === segments[first].from && differenceOf(segments[first - 1]) === by) first -= 1;
  while (last + 1 < segments.length && segments[last + 1].from === segments[last].to && differenceOf(segments[last + 1]) === by) last += 1;
  return { from: segments[first].from, to: segments[last].to, by };
}

const differenceOf = ({ counters, plan }) => counters - plan;

function withSegments(form, on, segments) {
  const starts = form.day_starts_at_local;
  const own = [];
  // Without bands for the weekday, all counters count as staffed until the date has bands. These must then cover the whole date.
  const mustCoverAll = (form.staffing.week[weekdayOf(on)] ?? []).length === 0;
  for (const { from, to, plan, counters } of segments) {
    if (counters === plan && !(mustCoverAll && segments.some((segment) => differenceOf(segment) !== 0))
) continue;
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
