/**
 * Checks of the form while it is edited, so that faults appear at their field in the page's language.
 *
 * The service checks everything again. Faults that only the service can find come back from the dry run.
 */

import { CODES, entriesOf, WEEKDAYS } from "./form.js";
import { spanOf } from "./times.js";

/** @typedef {{path: import("./values.js").Path, text: string, args?: Record<string, string | number>}} Fault */

const CODE = /^[a-z0-9-]{1,32}$/;
const COUNTER = /^[A-Za-z0-9-]{1,16}$/;
const PREFIX = /^[A-Z]{1,3}$/;
const URL_FORM = /^https?:\/\/\S/;
const LANGUAGE = /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/;
const COUNTRY = /^[A-Z]{2}$/;

/**
 * Find the faults of a form.
 * @param {any} form
 * @param {(path: import("./values.js").Path) => boolean} isEdited of two equal values, the edited one gets the fault
 * @returns {Fault[]} empty when this page finds no fault
 */
export function faultsOf(form, isEdited) {
  return [...faultsOfHall(form), ...faultsOfTimes(form), ...faultsOfPlaces(form), ...faultsOfServices(form, isEdited), ...faultsOfBooking(form), ...faultsOfCodes(form)];
}

function* faultsOfHall(form) {
  for (const language of form.languages) {
    if (!LANGUAGE.test(language)) yield { path: ["languages"], text: "fault-language", args: { language } };
    else if (!form.name[language]) yield { path: ["name", language], text: "fault-name-missing" };
  }
  if (form.languages.length === 0) yield { path: ["languages"], text: "fault-languages-missing" };
  if (!isZone(form.time_zone)) yield { path: ["time_zone"], text: "fault-time-zone" };
  if (form.day_starts_at_local === "24:00") yield { path: ["day_starts_at_local"], text: "fault-day-starts" };
  if (form.country && !COUNTRY.test(form.country)) yield { path: ["country"], text: "fault-country" };
  if (form.holidays && !form.country) yield { path: ["country"], text: "fault-country-missing" };
}

function* faultsOfTimes(form) {
  const starts = form.day_starts_at_local;
  const days = [];
  for (const day of WEEKDAYS) days.push([["hours", day], form.hours[day] ?? []], [["staffing", "week", day], form.staffing.week[day] ?? []]);
  for (const [on, { closed, spans }] of Object.entries(form.exceptions)) if (!closed) days.push([["exceptions", on], spans]);
  for (const [on, bands] of Object.entries(form.staffing.dates)) days.push([["staffing", "dates", on], bands]);
  for (const [path, spans] of days) {
    for (const span of spans) {
      const { from, to } = spanOf(span, starts);
      if (to <= from) yield { path, text: "fault-span", args: { from: span.from, to: span.to } };
    }
  }
}

function* faultsOfPlaces(form) {
  for (const list of ["zones", "stages"]) yield* faultsOfIds(form[list], [list], CODE, "fault-code");
  yield* faultsOfIds(form.counters, ["counters"], COUNTER, "fault-counter-number");
  const [zones, stages, services] = ["zones", "stages", "services"].map((list) => idsOf(form[list]));
  if (zones.size === 0) yield { path: ["zones"], text: "fault-zones-missing" };
  if (stages.size === 0) yield { path: ["stages"], text: "fault-stages-missing" };
  if (services.size === 0) yield { path: ["services"], text: "fault-services-missing" };
  for (const [key, counter] of entriesOf(form.counters)) {
    const path = ["counters", "rows", key];
    if (!zones.has(counter.zone)) yield { path: [...path, "zone"], text: "fault-zone-unknown", args: { id: counter.zone } };
    if (!stages.has(counter.stage)) yield { path: [...path, "stage"], text: "fault-stage-unknown", args: { id: counter.stage } };
    if (counter.services.length === 0) yield { path: [...path, "services"], text: "fault-counter-services" };
    for (const id of counter.services) {
      if (!services.has(id)) yield { path: [...path, "services"], text: "fault-service-unknown", args: { id } };
    }
  }
}

function* faultsOfServices(form, isEdited) {
  yield* faultsOfIds(form.services, ["services"], CODE, "fault-code");
  const stages = idsOf(form.stages);
  const prefixes = new Map();
  for (const [key, service] of entriesOf(form.services)) {
    const path = ["services", "rows", key];
    if (!PREFIX.test(service.prefix)) yield { path: [...path, "prefix"], text: "fault-prefix" };
    else if (prefixes.has(service.prefix)) {
      const before = ["services", "rows", prefixes.get(service.prefix), "prefix"];
      yield { path: isEdited(before) ? before : [...path, "prefix"], text: "fault-prefix-twice", args: { prefix: service.prefix } };
    }
    prefixes.set(service.prefix, key);
    if (service.stages.length === 0) yield { path: [...path, "stages"], text: "fault-service-stages" };
    for (const id of service.stages) {
      if (!stages.has(id)) yield { path: [...path, "stages"], text: "fault-stage-unknown", args: { id } };
    }
    if (service.online_url && !URL_FORM.test(service.online_url)) yield { path: [...path, "online_url"], text: "fault-url" };
    yield* faultsOfIds(service.papers, [...path, "papers"], CODE, "fault-code");
  }
}

function* faultsOfBooking(form) {
  for (const name of ["places", "reserved"]) {
    for (const [key, row] of entriesOf(form.booking?.[name])) {
      const path = ["booking", name, "rows", key];
      const { from, to } = spanOf(row, form.day_starts_at_local);
      if (!row.on && (row.weekdays ?? []).length === 0) yield { path: [...path, "weekdays"], text: "fault-weekdays" };
      if (to <= from) yield { path: [...path, "to"], text: "fault-span", args: { from: row.from, to: row.to } };
      if (name === "reserved" && !row.partner) yield { path: [...path, "partner"], text: "fault-partner" };
      if (name === "reserved" && !(row.share > 0)) yield { path: [...path, "share"], text: "fault-small" };
    }
  }
}

function* faultsOfCodes(form) {
  for (const name of CODES) yield* faultsOfIds(form.codes[name], ["codes", name], CODE, "fault-code");
}

function* faultsOfIds(list, path, pattern, text) {
  const seen = new Set();
  for (const [key, { id }] of entriesOf(list)) {
    const own = [...path, "rows", key, "id"];
    if (!pattern.test(id)) yield { path: own, text };
    else if (seen.has(id)) yield { path: own, text: "fault-twice", args: { id } };
    seen.add(id);
  }
}

function idsOf(list) {
  return new Set(entriesOf(list).map(([, { id }]) => id));
}

function isZone(zone) {
  try {
    return Boolean(new Intl.DateTimeFormat("en", { timeZone: zone }));
  } catch {
    return false;
  }
}
