/** Texts for fields and values of the form, for the list of changes and the merge dialog. */

import { isNumbered } from "/display/words.js";
import { pick } from "/pages/language.js";
import { languageNow, localeNow, say } from "/pages/texts.js";
import { entriesOf, isListed } from "./model/form.js";
import { fieldOf, isStageOfDuration } from "./model/schema.js";
import { at } from "./model/values.js";

const SEPARATOR = " · ";
const MONDAY = Date.UTC(2024, 0, 1);
const HAN = /[\u3400-\u9fff]/;

/** Name of a weekday. @param {string | number} day ISO number (Monday 1) @returns {string} `周一`, `Monday` */
export function weekdayName(day, length = "long") {
  return new Date(MONDAY + (Number(day) - 1) * 86_400_000).toLocaleDateString(localeNow(), { weekday: length, timeZone: "UTC" });
}

let thisYear = new Date().getUTCFullYear();

/** Set the current year by the service's clock: that of this machine may be wrong. @param {string} at current instant */
export function setCurrentYear(at) {
  thisYear = new Date(at).getUTCFullYear();
}

/** Name of a date. @param {string} on `2026-11-23` @returns {string} `11月23日周一`, `Mon 23 Nov`; with the year if it is not the current one */
export function dateName(on) {
  const at = new Date(`${on}T12:00:00Z`);
  if (Number.isNaN(at.getTime())) return on;
  const day = at.toLocaleDateString(localeNow() === "en" ? "en-GB" : localeNow(), {
    timeZone: "UTC",
    month: localeNow() === "en" ? "short" : "long",
    day: "numeric",
    year: at.getUTCFullYear() === thisYear ? undefined : "numeric",
  });
  return say("date-with-weekday", { date: day, weekday: at.toLocaleDateString(localeNow(), { timeZone: "UTC", weekday: "short" }) });
}

/** Name of a language in itself, without the region. @param {string} tag @returns {string} */
export function languageName(tag) {
  try {
    const { language, script } = new Intl.Locale(tag);
    return new Intl.DisplayNames([tag], { type: "language" }).of(script ? `${language}-${script}` : language) ?? tag;
  } catch {
    return tag;
  }
}

/**
 * Name of an item with an id, in the page's language.
 * @param {any} row
 * @param {any} [form] contains the texts of codes
 */
export function itemName(row, form) {
  if (!row) return "";
  const { text } = pick(row.name ?? form?.texts?.[row.id], languageNow());
  return text || row.id || say("thing-new");
}

/** Name of a counter as in calls. @param {string} id @param {string} stage name of its stage @returns {string} `3 号窗口`, `Pre-check P1` */
export function counterName(id, stage) {
  // A name in another language does not fit the Chinese form for numbers: `Desk 1`, not `1 号Desk`.
  const isOwn = !stage || languageNow() === "en" || HAN.test(stage);
  return say(isNumbered(id) && isOwn ? "counter-numbered" : "counter-named", { counter: id || say("thing-new"), stage: stage || say("counter") });
}

/**
 * Label of a path of the form.
 * @param {import("./model/values.js").Path} path
 * @param {...any} forms where names are looked up; the first form that contains the item is used
 */
export function labelOf(path, ...forms) {
  const field = fieldOf(path);
  if (!field) return path.join(SEPARATOR);
  const steps = field.path;
  const things = [];
  steps.forEach((step, place) => {
    const before = steps[place - 1];
    const inner = steps.slice(0, place + 1);
    if (before === "rows") things.push(labelOfItem(inner, forms));
    else if (before === "hours" || before === "week") things.push(weekdayName(step));
    else if (before === "exceptions" || before === "dates") things.push(dateName(step));
    else if (isStageOfDuration(steps, place)) things.push(idName("stages", step, forms));
    else if (before === "texts") things.push(pick(at(forms.find((form) => at(form, inner)), inner), languageNow()).text || step);
  });
  const language = steps.length > 1 && (steps.at(-2) === "name" || steps.at(-3) === "texts") ? languageName(steps.at(-1)) : null;
  const label = language ? say("field-in-language", { field: say(field.text), language }) : say(field.text);
  return field.kind === "row" ? [label, ...things].join(SEPARATOR) : [...things, label].join(SEPARATOR);
}

/** Days and times of a row. @param {{on?: string | null, weekdays?: number[] | null, from: string, to: string}} row @returns {string} `Mon, Tue 09:00–12:00` */
export function spanOfDays(row) {
  const days = row.on ? dateName(row.on) : (row.weekdays ?? []).length === 7 ? say("hours-every-day") : weekdaysText(row.weekdays ?? []);
  return `${days} ${spanText(row)}`.trim();
}

function weekdaysText(weekdays) {
  return weekdays.map((day) => weekdayName(day, "short")).join(say("list-separator"));
}

function labelOfItem(path, forms) {
  const form = forms.find((candidate) => at(candidate, path)) ?? forms[0];
  const row = at(form, path);
  if (path[0] === "booking" && row) return spanOfDays(row);
  return path[0] === "counters" ? row?.id || say("thing-new") : itemName(row, form) || path.at(-1);
}

/**
 * Text of a value.
 * @param {import("./model/values.js").Path} path
 * @param {any} value undefined: there is none
 * @param {...any} forms
 */
export function valueOf(path, value, ...forms) {
  if (value === undefined || value === null || value === "") return say("value-none");
  const kind = fieldOf(path)?.kind;
  switch (kind) {
    case "minutes":
      return say("value-minutes", { minutes: round(value / 60) });
    case "minutes-of":
      return say("value-minutes", { minutes: round((value.mean ?? value) / 60) });
    case "days":
      return say("value-days", { days: value });
    case "hours":
      return say("value-hours", { hours: round(value / 3600) });
    case "weekdays":
      return value.length === 7 ? say("hours-every-day") : weekdaysText(value);
    case "date":
      return dateName(value);
    case "percent":
      return say("value-percent", { percent: round(value * 100) });
    case "yes-no":
      return say(value ? "value-yes" : "value-no");
    case "admission":
      return say(value === "all" ? "admission-all" : "admission-fit");
    case "spans":
      return value.length === 0 ? say("value-closed") : value.map(spanText).join(say("list-separator"));
    case "bands":
      return value.length === 0 ? say("value-none") : value.map(bandText).join(say("list-separator"));
    case "exception":
      return value.closed || value.spans.length === 0 ? say("value-closed") : value.spans.map(spanText).join(say("list-separator"));
    case "words":
      return value.map(languageName).join(say("list-separator"));
    case "order":
      return value.map((key) => labelOfItem([...path.slice(0, -1), "rows", key], forms)).join(say("list-separator"));
    case "ids":
      return [value].flat().map((id) => idName(path.at(-1), id, forms)).join(say("list-separator"));
    case "row":
      return say("value-there");
    case "text-map":
      return pick(value, languageNow()).text;
    default:
      return isListed(value) ? entriesOf(value).map(([, row]) => itemName(row)).join(say("list-separator")) : String(value);
  }
}

/** @param {{from: string, to: string}} span @returns {string} `09:00–12:00` */
export function spanText({ from, to }) {
  return `${from}–${to}`;
}

function bandText(band) {
  return say("value-band", { span: spanText(band), counters: band.counters });
}

const LIST_OF = { zone: "zones", stage: "stages", stages: "stages", services: "services" };

function idName(field, id, forms) {
  for (const form of forms) {
    const found = entriesOf(form?.[LIST_OF[field]]).find(([, row]) => row.id === id);
    if (found) return itemName(found[1], form);
  }
  return id;
}

export function round(value) {
  return Math.round(value * 100) / 100;
}
