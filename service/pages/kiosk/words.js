/** The kiosk's words, everything in both languages: the one that was chosen leads, the other stands beside it. */

import { make } from "/display/element.js";
import { Words } from "/display/words.js";
import { languageNow, sayIn } from "/pages/texts.js";

const TAGS = { zh: "zh-CN", en: "en" };

/** @typedef {import("/display/words.js").Said} Said */

/** @returns {("zh" | "en")[]} the leading one first */
export function languages() {
  return languageNow() === "zh" ? ["zh", "en"] : ["en", "zh"];
}

/**
 * A text of ours in both languages.
 * @param {string} id
 * @param {Record<string, string | number> | ((key: "zh" | "en") => Record<string, string | number>)} [args]
 * @returns {Said[]}
 */
export function both(id, args) {
  return languages().map((key) => ({ tag: TAGS[key], key, text: sayIn(key, id, typeof args === "function" ? args(key) : args) }));
}

/**
 * A text of the hall's in both languages, or in what there is.
 * @param {Record<string, string> | null | undefined} texts
 * @returns {Said[]}
 */
export function ofHall(texts) {
  return new Words(languages().map((key) => TAGS[key])).of(texts);
}

/**
 * One text after the other, as spans.
 * @param {Said[]} said
 * @returns {HTMLElement[]}
 */
export function spans(said) {
  return said.map(({ tag, text }, index) => make(`span.${index === 0 ? "first" : "second"}`, { lang: tag }, text));
}

/** @param {Said[]} said @returns {string} as one line, for a name nobody sees */
export function label(said) {
  return said.map(({ text }) => text).join(" ");
}
