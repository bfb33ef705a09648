/** The kiosk's texts, each in both languages: first in the chosen one, then in the other. */

import { make } from "/display/element.js";
import { Words } from "/display/words.js";
import { languageNow, sayIn } from "/pages/texts.js";

const TAGS = { zh: "zh-CN", en: "en" };

/** @typedef {import("/display/words.js").Said} Said */

/** @returns {("zh" | "en")[]} the chosen language first */
export function languages() {
  return languageNow() === "zh" ? ["zh", "en"] : ["en", "zh"];
}

/**
 * A text of the page in both languages.
 * @param {string} id
 * @param {Record<string, string | number> | ((key: "zh" | "en") => Record<string, string | number>)} [args]
 * @returns {Said[]}
 */
export function both(id, args) {
  return languages().map((key) => ({ tag: TAGS[key], key, text: sayIn(key, id, typeof args === "function" ? args(key) : args) }));
}

/**
 * A text of the hall in both languages, or in those it has.
 * @param {Record<string, string> | null | undefined} texts
 * @returns {Said[]}
 */
export function ofHall(texts) {
  return new Words(languages().map((key) => TAGS[key])).of(texts);
}

/**
 * Make a span of each text.
 * @param {Said[]} texts
 * @returns {HTMLElement[]}
 */
export function spans(texts) {
  return texts.map(({ tag, text }, index) => make(`span.${index === 0 ? "first" : "second"}`, { lang: tag }, text));
}

/** Join texts into one line, for an accessible name. @param {Said[]} texts @returns {string} */
export function label(texts) {
  return texts.map(
({ text }) => text).join(" ");
}
