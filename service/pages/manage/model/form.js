/**
 * The hall document as a form: what people think of as one field is one value at one path.
 *
 * - `hours`: for each weekday its spans; `exceptions`: for each date; `staffing`: bands of each weekday and of dates.
 * - Lists of things with ids (`zones`, `services`, a service's `papers`, …) are `{order, rows}`, so that a thing keeps
 *   its path when others come and go. A new thing has a key of its own until it has been saved.
 * - Spans of booking (`places`, `reserved`) have no ids: each is known by its days and times, as they were read.
 *
 * What the form does not know stays as it is.
 */

import { isObject, same } from "./values.js";

/** @typedef {import("./values.js").Path} Path */
/** @typedef {{order: string[], rows: Record<string, any>}} Listed */

export const WEEKDAYS = ["1", "2", "3", "4", "5", "6", "7"];
const LISTS = ["zones", "stages", "services", "counters"];
/** Lists of codes, each with words of its own. */
export const CODES = ["reasons", "missing", "ratings"];
const OF_BOOKING = ["places", "reserved"];

/**
 * @param {any} document as the service answers it
 * @returns {any} the form
 */
export function toForm(document) {
  const form = { ...document };
  for (const list of LISTS) form[list] = listed(document[list] ?? []);
  for (const service of Object.values(form.services.rows)) service.papers = listed(service.papers ?? []);
  form.codes = { ...document.codes };
  for (const name of CODES) form.codes[name] = listed((document.codes?.[name] ?? []).map((id) => ({ id })));
  if (document.booking) form.booking = { ...document.booking, ...eachThere(document.booking, OF_BOOKING, keyedBySpan) };
  form.hours = byWeekday(document.hours ?? [], ({ from, to }) => ({ from, to }));
  form.staffing = {
    week: byWeekday((document.staffing ?? []).filter((band) => !band.on), bandOf),
    dates: byDate((document.staffing ?? []).filter((band) => band.on), bandOf),
  };
  form.exceptions = exceptionsOf(document.exceptions ?? []);
  return form;
}

/**
 * @param {any} form
 * @param {{document: any, form: any}} base what the form was made of: parts that say the same are written the same
 * @returns {{document: any, pathOf: (path: string) => Path}} `pathOf`: the form's path for one of the document
 */
export function toDocument(form, base) {
  const document = { ...form };
  const origins = new Map();
  for (const list of LISTS) document[list] = rowsOf(form[list], [list], origins);
  document.services.forEach((service, place) => {
    const [path] = origins.get(`services[${place}]`);
    service.papers = rowsOf(service.papers, [...path, "papers"], origins, `services[${place}].papers`);
    if (service.duration_s?.stages) service.duration_s = { ...service.duration_s, stages: ofOtherStages(service, form) };
  });
  document.codes = { ...form.codes };
  for (const name of CODES) {
    const rows = rowsOf(form.codes[name], ["codes", name], origins, `codes.${name}`);
    document.codes[name] = rows.map(({ id }) => id);
    // A new code brings its words with it; they stand with all words once it is saved.
    for (const { id, name: words } of rows) if (words && Object.keys(words).length > 0) document.texts = { ...document.texts, [id]: words };
  }
  if (form.booking) document.booking = { ...form.booking, ...eachThere(form.booking, OF_BOOKING, (list, name) => rowsOf(list, ["booking", name], origins).map(ofAllServices)) };
  const spans = [
    ["hours", () => weekly(form.hours)],
    ["staffing", () => [...weekly(form.staffing.week, ["staffing", "week"]), ...dated(form.staffing.dates)]],
    ["exceptions", () => exceptional(form.exceptions)],
  ];
  for (const [name, write] of spans) {
    const written = write();
    const untouched = same(form[name], base.form[name]);
    document[name] = untouched ? base.document[name] ?? [] : written.map(({ row }) => row);
    if (!untouched) written.forEach(({ path }, place) => origins.set(`${name}[${place}]`, [path]));
  }
  return { document, pathOf: (path) => translated(path, origins) };
}

/**
 * Give new things that have an id by now that id as their key, so that two people's new things meet.
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
 * Tell things of a list in their order.
 * @param {Listed | undefined} list
 * @returns {[string, any][]} key and row
 */
export function entriesOf(list) {
  if (!list) return [];
  const rest = Object.keys(list.rows).filter((key) => !list.order.includes(key));
  return [...list.order, ...rest].filter((key) => Object.hasOwn(list.rows, key)).map((key) => [key, list.rows[key]]);
}

/** A list with one more thing at its end, and the thing's key. */
export function withRow(list, row) {
  let number = 1;
  while (Object.hasOwn(list.rows, `+${number}`)) number += 1;
  const key = `+${number}`;
  return { key, list: { order: [...list.order, key], rows: { ...list.rows, [key]: row } } };
}

/** A list without a thing. */
export function withoutRow(list, key) {
  const { [key]: _, ...rows } = list.rows;
  return { order: list.order.filter((one) => one !== key), rows };
}

/** A list with a thing one place earlier (-1) or later (1). */
export function movedRow(list, key, by) {
  const order = [...list.order];
  const from = order.indexOf(key);
  const to = from + by;
  if (from < 0 || to < 0 || to >= order.length) return list;
  order.splice(from, 1);
  order.splice(to, 0, key);
  return { ...list, order };
}

/** @returns {boolean} whether the thing has never been saved */
export function isNew(key) {
  return key.startsWith("+");
}

function listed(things) {
  const rows = {};
  for (const thing of things) rows[thing.id] = { ...thing };
  return { order: things.map(({ id }) => id), rows };
}

function eachThere(whole, names, make) {
  return Object.fromEntries(names.filter((name) => whole[name] !== undefined).map((name) => [name, make(whole[name], name)]));
}

/** Things without ids, by what they say of when. */
function keyedBySpan(things) {
  const rows = {};
  for (const thing of things) {
    const key = `${thing.on ?? `w${(thing.weekdays ?? []).join("")}`}-${thing.from}-${thing.to}${thing.partner ? `-${thing.partner}` : ""}`.replaceAll(":", "");
    let free = key;
    for (let number = 2; Object.hasOwn(rows, free); number += 1) free = `${key}-${number}`;
    rows[free] = { ...thing };
  }
  return { order: Object.keys(rows), rows };
}

/** @returns {string[]} the stages of a service whose durations are said by themselves: all but the last that is not optional */
export function otherStages(service, form) {
  const optional = new Set(entriesOf(form.stages).filter(([, row]) => row.optional).map(([, { id }]) => id));
  const main = service.stages.findLast((id) => !optional.has(id)) ?? service.stages.at(-1);
  return service.stages.filter((id) => id !== main);
}

/** What a stage takes that a service does not pass any more, or is booked for by now, is said of nothing. */
function ofOtherStages(service, form) {
  const others = otherStages(service, form);
  return Object.fromEntries(Object.entries(service.duration_s.stages).filter(([id]) => others.includes(id)));
}

/** No service chosen is all of them. */
function ofAllServices(row) {
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
const byStart = (one, other) => (one.from < other.from ? -1 : one.from > other.from ? 1 : 0);

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

/** Weekdays with the same spans share rows. */
function weekly(days, path = ["hours"]) {
  const groups = [];
  for (const day of WEEKDAYS) {
    const spans = days[day] ?? [];
    const group = groups.find((one) => same(one.spans, spans));
    if (group) group.weekdays.push(Number(day));
    else groups.push({ spans, weekdays: [Number(day)] });
  }
  return groups.flatMap(({ spans, weekdays }) =>
    spans.map((span) => ({ row: { weekdays, ...span }, path: [...path, String(weekdays[0])] })),
  );
}

function dated(dates) {
  return Object.keys(dates).sort().flatMap((on) => dates[on].map((band) => ({ row: { on, ...band }, path: ["staffing", "dates", on] })));
}

function exceptional(dates) {
  return Object.keys(dates).sort().flatMap((on) => {
    const { closed, spans } = dates[on];
    const rows = closed || spans.length === 0 ? [{ on, closed: true }] : spans.map((span) => ({ on, ...span }));
    return rows.map((row) => ({ row, path: ["exceptions", on] }));
  });
}

/** `services[0].papers[1].name` as a path of the form. */
function translated(path, origins) {
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

/** Whether a value is a list of things with ids. */
export function isListed(value) {
  return isObject(value) && Array.isArray(value.order) && isObject(value.rows);
}
