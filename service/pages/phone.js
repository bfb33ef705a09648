/**
 * Parts of the pages for phones: bar, dock, QR codes, and the bar of the expected wait.
 *
 * They use the texts of `common.ftl`.
 */

import { make, makeSvg } from "/display/element.js";
import { languageNow, say } from "/pages/texts.js";
import { pick } from "/pages/language.js";

const part = (id) => document.getElementById(id);
const QUIET = 4;

/**
 * A text of the hall as an element, marked with its language.
 * @param {Record<string, string> | null | undefined} texts
 * @param {string} [tag]
 */
export function named(texts, tag = "span") {
  const { text, lang } = pick(texts, languageNow());
  return make(tag, { lang }, text);
}

/** A text of the hall as plain text. */
export function nameOf(texts) {
  return pick(texts, languageNow()).text;
}

/** A text with its first letter in upper case. @param {string} words */
export function upper(words) {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The Back arrow. @param {() => void} act */
export function backButton(act) {
  const button = make("button.button", { type: "button", "aria-label": say("back") }, makeSvg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, makeSvg("path", { class: "stroke", d: "M15 5l-7 7 7 7" })));
  button.addEventListener("click", act);
  return button;
}

/**
 * A button with an act.
 * @param {string} kind classes after `button.`, as `primary.wide`
 * @param {string} words
 * @param {(button: HTMLButtonElement) => unknown} act
 * @param {Record<string, unknown>} [attributes]
 */
export function button(kind, words, act, attributes = {}) {
  const made = make(`button.button${kind ? `.${kind}` : ""}`, { type: "button", ...attributes }, words);
  made.addEventListener("click", () => made.getAttribute("aria-disabled") !== "true" && act(made));
  return made;
}

/** A drawing of the steps with the current one. @param {number} at number of the current step @param {number} of number of steps */
export function steps(at, of) {
  const width = (72 - 2.5 * (of - 1)) / of;
  const bars = Array.from({ length: of }, (_, place) => makeSvg("rect", { class: place < at ? "did" : null, x: place * (width + 2.5), width, height: 6, rx: 3 }));
  return make("span.step", {}, makeSvg("svg", { class: "steps", viewBox: "0 0 72 6", role: "img", "aria-label": say("step-of", { at, of }) }, bars), make("span.small.quiet", { "aria-hidden": "true" }, `${at} / ${of}`));
}

/** The list of papers to bring. @param {{id: string, name: Record<string, string>}[]} papers */
export function papersList(papers) {
  const dot = () => makeSvg("svg", { viewBox: "0 0 10 10", "aria-hidden": "true" }, makeSvg("circle", { class: "solid", cx: 5, cy: 5, r: 4 }));
  return make("ul.papers", {}, papers.map(({ id, name }) => make("li", {}, dot(), nameOf(name) ? named(name) : make("span", {}, id))));
}

/**
 * A drawing of a QR code, with its quiet zone.
 * @param {string[]} modules
 * @param {string} label
 */
export function qr(modules, label) {
  const side = modules.length + 2 * QUIET;
  const dark = modules.flatMap((row, y) => [...row].map((module, x) => (module === "1" ? `M${x + QUIET} ${y + QUIET}h1v1h-1z` : ""))).join("");
  return makeSvg("svg", { class: "qr", viewBox: `0 0 ${side} ${side}`, role: "img", "aria-label": label, "shape-rendering": "crispEdges" }, makeSvg("rect", { class: "ground", width: side, height: side }), makeSvg("path", { class: "dark", d: dark }));
}

/** A drawing of the wait on an axis from now to one hour. The length of the axis doubles if the wait is longer. */
export function waitBar({ from_min, to_min }) {
  let end = 60;
  while (end < to_min) end *= 2;
  const percent = (minutes) => `${Math.round((minutes / end) * 10_000) / 100}%`;
  const width = Math.max(to_min - from_min, end / 60);
  const ticks = [25, 50, 75].map((x) => makeSvg("line", { class: "tick", x1: `${x}%`, x2: `${x}%`, y1: 0, y2: "100%" }));
  const bar = makeSvg(
    "svg",
    { class: "range", role: "img", "aria-label": say("minutes-range", { from: from_min, to: to_min }) },
    makeSvg("rect", { class: "track", width: "100%", height: "100%", rx: 3 }),
    ticks,
    makeSvg("rect", { class: "span", x: percent(from_min), width: percent(width), height: "100%", rx: 3 }),
  );
  const axis = make("p.axis", { "aria-hidden": "true" }, make("span", {}, say("axis-now")), make("span", {}, `${end / 4}`), make("span", {}, `${end / 2}`), make("span", {}, make("span", {}, `${(end / 4) * 3}`), make("span", {}, say("minutes-short", { minutes: end }))));
  return make("div", {}, make("div", {}, bar), axis);
}

/** A range without a line break inside: `10–20`, `09:00–10:00`. */
export function span(from, to) {
  return `${from}\u2060–\u2060${to}`;
}

/** A range of minutes: `10–20`. */
export function rangeText({ from_min, to_min }) {
  return span(from_min, to_min);
}

/** Address of a ticket's page, in the language of this page. @param {string} id @param {string} token */
export function ticketAddress(id, token) {
  return `/t/${id}?lang=${languageNow()}#${token}`;
}

/** A ticket's number in large letters. The style sheet chooses the size by its length. @param {string} text */
export function largeNumber(text) {
  return make("p.number", { "data-length": text.length }, text);
}

/**
 * Draw the page: bar, main part and dock.
 * @param {object} view
 * @param {string | Node} view.title
 * @param {(() => void) | null} view.back
 * @param {Node | null} [view.end] further content of the bar, beside the language switch
 * @param {(Node | string | null)[]} view.main
 * @param {(Node | string | null)[]} [view.dock]
 */
export function draw({ title, back, end, main, dock = [] }) {
  const heading = make("h1", { tabindex: "-1" }, title);
  const switching = document.activeElement?.closest(".langs a")?.dataset.lang;
  part("bar").className = back ? "phone-bar" : "phone-bar first";
  part("bar").replaceChildren(...[back ? backButton(back) : null, heading, end ? make("span.end", {}, end, make("language-switch")) : make("language-switch")].filter(Boolean));
  if (switching) stayAtLanguages(switching);
  part("main").replaceChildren(...main.filter(Boolean));
  part("dock").replaceChildren(...dock.filter(Boolean));
}

/** Keep the focus on the language switch after a switch. If only the link to the other language is shown, focus that link. */
function stayAtLanguages(language) {
  const ways = [...part("bar").querySelectorAll(".langs a")].filter((way) => way.getClientRects().length > 0);
  (ways.find((way) => way.dataset.lang === language) ?? ways[0]).focus({ preventScroll: true });
}
