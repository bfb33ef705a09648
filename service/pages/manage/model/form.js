/**
 * The hall document as a form, in which each field that people edit is one value at one path.
 *
 * - `hours`: spans by weekday; `exceptions`: by date; `staffing`: bands by weekday and by date.
 * - Lists of items with ids (`zones`, `services`, a service's `papers`, …) are `{order, rows}`, so that an item keeps its path when
 *   others are added or removed. A new item has a temporary key (`+1`) until it is saved.
 * - The spans of booking (`places`, `reserved`) have no ids. Their keys are made of their days and times as they were read.
 *
 * Other parts of the document are kept unchanged.
 */

import { isObject, same } from "./values.js";

/** @typedef {import("./values.js").Path} Path */
/** @typedef {{order: string[], rows: Record<string, any>}} Listed */

export const WEEKDAYS = ["1", "2", "3", "4", "5", "6", "7"];
const LISTS = ["zones", "stages", "services", "counters"];
/** Lists of codes. Each code has a text for people. */
export const CODES = ["reasons", "missing", "ratings"];
const BOOKING_LISTS = ["places", "reserved"];

/**
 * Make the form of a document.
 * @param {any} document as the service answers it
 * @returns {any} the form
 */
export function toForm(document) {
  const form = { ...document };
  for (const list of LISTS) form[list] = listById(document[list] ?? []);
  for (const service of Object.values(form.services.rows)) service.papers = listById(service.papers ?? []);
  form.codes = { ...document.codes };
  for (const name of CODES) form.codes[name] = listById((document.codes?.[name] ?? []).map((id) => ({ id })));
  if (document.booking) form.booking = { ...document.booking, ...mapPresent(document.booking, BOOKING_LISTS, listBySpan) };
  form.hours = byWeekday(document.hours ?? [], ({ from, to }) => ({ from, to }));
  form.staffing = {
    week: byWeekday((document.staffing ?? []).filter((band) => !band.on), bandOf),
    dates: byDate((document.staffing ?? []).filter((band) => band.on), bandOf),
  };
  form.exceptions = exceptionsOf(document.exceptions ?? []);
  return form;
}

/**
 * Make the document of a form.
 * @param {any} form
 * @param {{document: any, form: any}} base the version from which the form was made: unchanged parts are taken from its document
 * @returns {{document: any, pathOf: (path: string) => Path}} `pathOf`: translates a path of the document into one of the form
 */
export function toDocument(form, base) {
  const document = { ...form };
  const origins = new Map();
  for (const list of LISTS) document[list] = rowsOf(form[list], [list], origins);
  document.services.forEach((service, place) => {
    const [path] = origins.get(`services[${place}]`);
    service.papers = rowsOf(service.papers, [...path, "papers"], origins, `services[${place}].papers`);
    if (service.duration_s?.stages) service.duration_s = { ...service.duration_s, stages: durationsOfOtherStages(service, form) };
  });
  document.codes = { ...form.codes };
  for (const name of CODES) {
    const rows = rowsOf(form.codes[name], ["codes", name], origins, `codes.${name}`);
    document.codes[name] = rows.map(({ id }) => id);
    // A new code carries its text with it. In the document all texts are in `texts`.
    for (const { id, name: words } of rows) if (words && Object.keys(words).length > 0) document.texts = { ...document.texts, [id]: words };
  }
  if (form.booking) document.booking = { ...form.booking, ...mapPresent(form.booking, BOOKING_LISTS, (list, name) => rowsOf(list, ["booking", name], origins).map(withAllServices)) };
  const spans = [
    ["hours", () => weeklyRows(form.hours)],
    ["staffing", () => [...weeklyRows(form.staffing.week, ["staffing", "week"]), ...datedRows(form.staffing.dates)]],
    ["exceptions", () => exceptionRows(form.exceptions)],
  ];
  for (const [name, write] of spans) {
    const written = write();
    const untouched = same(form[name], base.form[name]);
    document[name] = untouched ? base.document[name] ?? [] : written.map(({ row }) => row);
    if (!untouched) written.forEach(({ path }, place) => origins.set(`${name}[${place}]`, [path]));
  }
  return { document, pathOf: (path) => formPath(path, origins) };
}

/**
 * Replace the temporary keys of new items by their ids, so that a merge compares new items of two managers by id.
 * @param {any} form
 */
export function rekeyed(form) {
  const made = { ...form };
  for (const list of LISTS) made[list] = rekeyedList(form[list]);
  for (const [key, service] of Object.entries(made.services.rows)) {
    made.services.rows[key] = { ...service, papers: rekeyedList(service.papers) };
  }
  made.codes = { ...form.codes };
  for (const name of CODES) made.codes[name] = rekeyedList(form.codes[name]);
  return made;
}

/**
 * Items of a list in their order.
 * @param {Listed | undefined} list
 * @returns {[string, any][]} key and row
 */
export function entriesOf(list) {
  if (!list) return [];
  const rest = Object.keys(list.rows).filter((key) => !list.order.includes(key));
  return [...list.order, ...rest].filter((key) => Object.hasOwn(list.rows, key)).map((key) => [key, list.rows[key]]);
}

/** A list with one more item at its end, and the key of this item. */
export function withRow(list, row) {
  let number = 1;
  while (Object.hasOwn(list.rows, `+${number}`)) number += 1;
  const key = `+${number}`;
  return { key, list: { order: [...list.order, key], rows: { ...list.rows, [key]: row } } };
}

/** A list without an item. */
export function withoutRow(list, key) {
  const { [key]: _, ...rows } = list.rows;
  return { order: list.order.filter((other) => other !== key), rows };
}

/** A list with an item moved one place up (-1) or down (1). */
export function movedRow(list, key, by) {
  const order = [...list.order];
  const from = order.indexOf(key);
  const to = from + by;
  if (from < 0 || to < 0 || to >= order.length) return list;
  order.splice(from, 1);
  order.splice(to, 0, key);
  return { ...list, order };
}

/** @returns {boolean} whether the key is that of an item that was never saved */
export function isNew(key) {
  return key.startsWith("+");
}

function listById(items) {
  const rows = {};
  for (const item of items) rows[item.id] = { ...item };
  return { order: items.map(({ id }) => id), rows };
}

function mapPresent(whole, names, make) {
  return Object.fromEntries(names.filter((name) => whole[name] !== undefined).map((name) => [name, make(whole[name], name)]));
}

/** A list of items without ids, with keys made of their days and times. */
function listBySpan(items) {
  const rows = {};
  for (const item of items) {
    const key = `${item.on ?? `w${(item.weekdays ?? []).join("")}`}-${item.from}-${item.to}${item.partner ? `-${item.partner}` : ""}`.replaceAll(":", "");
    let free = key;
    for (let number = 2; Object.hasOwn(rows, free); number += 1) free = `${key}-${number}`;
    rows[free] = { ...item };
  }
  return { order: Object.keys(rows), rows };
}

/** @returns {string[]} the stages of a service that have durations of their own: all but the last one that is not optional */
export function otherStages(service, form) {
  const optional = new Set(entriesOf(form.stages).filter(([, row]) => row.optional).map(([, { id }]) => id));
  const main = service.stages.findLast((id) => !optional.has(id)) ?? service.stages.at(-1);
  return service.stages.filter((id) => id !== main);
}

/** The durations of a service's other stages, without those of stages that it no longer has or that are now its main one. */
function durationsOfOtherStages(service, form) {
  const others = otherStages(service, form);
  return Object.fromEntries(Object.entries(service.duration_s.stages).filter(([id]) => others.includes(id)));
}

/** An empty choice of services means all services, which the document writes as null. */
function withAllServices(row) {
  return Array.isArray(row.services) && row.services.length === 0 ? { ...row, services: null } : row;
}

function rowsOf(list, path, origins, name = path.join(".")) {
  return entriesOf(list).map(([key, row], place) => {
    origins.set(`${name}[${place}]`, [[...path, "rows", key]]);
    return { ...row };
  });
}

function rekeyedList(list) {
  const names = new Map();
  for (const key of Object.keys(list.rows)) {
    const { id } = list.rows[key];
    const free = isNew(key) && id && !Object.hasOwn(list.rows, id) && ![...names.values()].includes(id);
    names.set(key, free ? id : key);
  }
  return {
    order: list.order.map((key) => names.get(key) ?? key),
    rows: Object.fromEntries(Object.entries(list.rows).map(([key, row]) => [names.get(key), row])),
  };
}

const bandOf = ({ from, to, counters }) => ({ from, to, counters });
const byStart = (first, second) => (first.from < second.from ? -1 : first.from > second.from ? 1 : 0);

function byWeekday(rows, take) {
  const days = {};
  for (const day of WEEKDAYS) days[day] = rows.filter((row) => row.weekdays.includes(Number(day))).map(take).sort(byStart);
  return days;
}

function byDate(rows, take) {
  const dates = {};
  for (const row of rows) (dates[row.on] ??= []).push(take(row));
  for (const bands of Object.values(dates)) bands.sort(byStart);
  return dates;
}

function exceptionsOf(rows) {
  const dates = {};
  for (const { on, closed, from, to } of rows) {
    const date = (dates[on] ??= { closed: false, spans: [] });
    if (closed) date.closed = true;
    else date.spans.push({ from, to });
  }
  for (const date of Object.values(dates)) if (date.spans.length > 0) date.closed = false;
  return dates;
}

/** Rows of the document for spans by weekday. Weekdays with the same spans share rows. */
function weeklyRows(days, path = ["hours"]) {
  const groups = [];
  for (const day of WEEKDAYS) {
    const spans = days[day] ?? [];
    const group = groups.find((other) => same(other.spans, spans));
    if (group) group.weekdays.push(Number(day));
    else groups.push({ spans, weekdays: [Number(day)] });
  }
  return groups.flatMap(({ spans, weekdays }) =>
    spans.map((span) => ({ row: { weekdays, ...span }, path: [...path, String(weekdays[0])] })),
  );
}

function datedRows(dates) {
  return Object.keys(dates).sort().flatMap((on) => dates[on].map((band) => ({ row: { on, ...band }, path: ["staffing", "dates", on] })));
}

function exceptionRows(dates) {
  return Object.keys(dates).sort().flatMap((on) => {
    const { closed, spans } = dates[on];
    const rows = closed || spans.length === 0 ? [{ on, closed: true }] : spans.map((span) => ({ on, ...span }));
    return rows.map((row) => ({ row, path: ["exceptions", on] }));
  });
}

/** Translate a path of the document, as `services[0].papers[1].name`, into a path of the form. */
function formPath(path, origins) {
  const steps = path.replace(/^\$\.?/, "").match(/[^.[\]]+|\[[^\]]*\]/g) ?? [];
  let name = "";
  let found = [];
  for (const step of steps) {
    const listPlace = /^\[\d+\]$/.test(step);
    name += listPlace ? step : `${name && "."}${step}`;
    const origin = listPlace ? origins.get(name) : undefined;
    if (origin) [found] = origin;
    else if (!listPlace && step !== "[...]") found = [...found, step];
  }
  return found;
}

/** Whether a value is a list of items, as `{order, rows}`. */
export function isListed(value) {
  return isObject(value) && Array.isArray(value.order) && isObject(value.rows);
}
