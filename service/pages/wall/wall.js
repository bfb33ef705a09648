/** The rules of the order of calls on one sheet, to hang on a wall: made from the hall document, in both languages. */

import { make } from "/display/element.js";
import { usable } from "/display/usable.js";
import { call, inHall } from "/pages/api.js";
import { untilRead } from "/pages/first.js";
import { pick } from "/pages/language.js";
import { localeNow, say, sayIn, texts, textsInAll } from "/pages/texts.js";
import "/pages/theme.js";

const LANGUAGES = [["zh", "zh-CN"], ["en", "en"]];

const id = decodeURIComponent(location.pathname.split("/")[2]);
const sheet = document.getElementById("sheet");

const minutes = (seconds) => Math.round(seconds / 60);

/** The rules in order: id and arguments of each text. Rules that do not apply to the hall are left out. */
function rulesOf(hall, rules) {
  const { appointment, green, returning } = rules.credit_s;
  const bookable = hall.services.some((service) => service.bookable);
  return [
    ["rule-order", {}],
    bookable ? ["rule-appointment", { minutes: minutes(appointment), from: clock(10 * 60 - minutes(appointment)) }] : null,
    bookable ? ["rule-early", { early: minutes(rules.early_s), check: minutes(rules.check_in_before_s) }] : null,
    bookable ? ["rule-late", { grace: minutes(rules.grace_s), missed: minutes(rules.missed_after_s) }] : null,
    ["rule-green", { minutes: minutes(green) }],
    ["rule-returning", { minutes: minutes(returning), days: rules.returns_within_days }],
    ["rule-back", { minutes: minutes(rules.back_within_s), penalty: minutes(rules.park_penalty_s) }],
    ["rule-doors", { minutes: minutes(rules.doors_before_s) }],
    rules.admission === "fit" ? ["rule-standby", {}] : null,
    ["rule-reason", {}],
  ].filter((rule) => rule);
}

/** Minutes of a day as a time. */
function clock(of) {
  const whole = (of + 1440) % 1440;
  return `${String(Math.floor(whole / 60)).padStart(2, "0")}:${String(whole % 60).padStart(2, "0")}`;
}

/** The opening hours as text in one language. */
function hoursIn(which, locale, hours) {
  const day = (weekday) => new Date(Date.UTC(2024, 0, weekday)).toLocaleDateString(locale, { timeZone: "UTC", weekday: "short" });
  return hours.map(({ weekdays, from, to }) => {
    const sorted = [...weekdays].sort();
    const run = sorted.length > 2 && sorted.at(-1) - sorted[0] === sorted.length - 1;
    const days = sorted.length === 7 ? sayIn(which, "every-day") : run ? `${day(sorted[0])}–${day(sorted.at(-1))}` : sorted.map(day).join(sayIn(which, "day-join"));
    return `${days} ${from}–${to}`;
  }).join(sayIn(which, "hours-join"));
}

function both(build, tag = "p") {
  return LANGUAGES.map(([which, lang]) => make(tag, { lang }, build(which, lang)));
}

/** Names of the hall in all languages that it has. */
function namesOf({ name }) {
  const names = LANGUAGES.map(([which, own]) => {
    const { text, lang } = pick(name, which);
    return { text, lang: lang ?? own };
  });
  return names.filter(({ text }, place) => names.findIndex((other) => other.text === text) === place);
}

function show(hall, rules) {
  const title = sayIn("zh", "wall-title");
  document.title = `${title} · ${pick(hall.name, "zh").text}`;
  const print = make("button.button.print.no-print", { type: "button" }, say("print"));
  print.addEventListener("click", () => globalThis.print());
  const heading = make("h1", { lang: "zh-CN" }, title);
  sheet.replaceChildren(
    make("header", {}, make("p.hall", {}, namesOf(hall).flatMap(({ text, lang }, place) => [place ? " · " : "", make("span", { lang }, text)])), heading, make("p", { lang: "en" }, sayIn("en", "wall-title"))),
    make("ol.rules", {}, rulesOf(hall, rules).map(([rule, args]) => make("li", {}, both((which) => sayIn(which, rule, args))))),
    make("footer", {}, ...(rules.hours.length ? both((which, lang) => sayIn(which, "hours", { hours: hoursIn(which, lang, rules.hours) })) : []), ...both((which) => sayIn(which, "wall-from"))),
    print,
  );
  usable();
  document.body.dataset.ready = "";
}

function readBoth() {
  return Promise.all([call("GET", `/v1/halls/${encodeURIComponent(id)}`), inHall(id)("GET", "rules")]);
}

async function begin() {
  const spoken = Promise.all([texts("common"), textsInAll("wall")]).then(() => (document.documentElement.lang = localeNow()));
  const [hall, rules] = await untilRead(readBoth, spoken, (words) => sheet.replaceChildren(make("p.message", { role: "status" }, words)));
  show(hall.body, rules.body);
}

begin();
