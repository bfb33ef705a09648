/**
 * The texts of the pages, in Fluent: one file for each page and language, in `/pages/texts/`.
 *
 * Load them once with `await texts("common", "counter")`, then use `say("counter-next", { number })`. When the language is switched, the
 * texts of the other language are loaded, and the event `paihao:language` on the document tells the page to draw itself again.
 */

import { FluentBundle, FluentResource } from "/pages/vendor/fluent/index.js";
import { chosenLanguage, keepLanguage } from "/pages/language.js";

// Without texts a page can show nothing, not even an error, so loading is repeated until it succeeds.
const RETRY_MS = 1500;
const LOCALES = { zh: "zh-CN", en: "en" };
// Attributes of elements that a message may set, by attributes with the same names.
const ATTRIBUTES = ["aria-label", "title", "placeholder", "alt"];

/** Loaded texts by locale. @type {Map<string, FluentBundle>} */
const bundles = new Map();
/** Started loadings by locale and file. @type {Map<string, Promise<void>>} */
const loading = new Map();
/** Files that the page uses. @type {Set<string>} */
const names = new Set();
let language = chosenLanguage();
/** The language chosen last. Its texts may still be loading. */
let chosen = language;

document.documentElement.lang = LOCALES[language];

/** @returns {"zh" | "en"} the page's language */
export function languageNow() {
  return language;
}

/** @returns {"zh-CN" | "en"} the tag of the page's language */
export function localeNow() {
  return LOCALES[language];
}

/**
 * Load texts in the page's language.
 * @param {...string} wanted names of files
 */
export async function texts(...wanted) {
  for (const name of wanted) names.add(name);
  await load(language);
}

/**
 * Load texts in all languages, for a page that shows several. It uses `sayIn`.
 * @param {...string} wanted names of files
 */
export async function textsInAll(...wanted) {
  for (const name of wanted) names.add(name);
  await Promise.all(Object.keys(LOCALES).map(load));
}

/**
 * A text by its id, in a given language.
 * @param {"zh" | "en"} wanted
 * @param {string} id
 * @param {Record<string, string | number>} [args]
 * @returns {string}
 */
export function sayIn(wanted, id, args) {
  const bundle = bundles.get(LOCALES[wanted]);
  const message = bundle?.getMessage(id);
  if (!message?.value) {
    console.warn(`texts: no ${id}`);
    return id;
  }
  return bundle.formatPattern(message.value, args);
}

/**
 * A text by its id, in the page's language.
 * @param {string} id
 * @param {Record<string, string | number>} [args]
 * @returns {string} the id itself if there is no such text, which the tests of the texts exclude
 */
export function say(id, args) {
  return sayIn(language, id, args);
}

/**
 * Whether there is a text with this id.
 * @param {string} id
 */
export function hasText(id) {
  return Boolean(bundles.get(LOCALES[language])?.getMessage(id)?.value);
}

/**
 * Fill in the texts that the markup asks for with `data-say="id"`, and the attributes of these messages.
 * @param {ParentNode} [root]
 */
export function sayInto(root = document) {
  const bundle = bundles.get(LOCALES[language]);
  for (const element of root.querySelectorAll("[data-say]")) {
    const message = bundle?.getMessage(element.dataset.say);
    if (!message) {
      console.warn(`texts: no ${element.dataset.say}`);
      continue;
    }
    if (message.value) element.textContent = bundle.formatPattern(message.value);
    for (const name of ATTRIBUTES) {
      if (message.attributes[name]) element.setAttribute(name, bundle.formatPattern(message.attributes[name]));
    }
  }
}

/**
 * Show the page in another language, and remember it.
 * @param {"zh" | "en"} wanted
 */
export async function useLanguage(wanted) {
  chosen = wanted;
  await load(wanted);
  if (chosen !== wanted) return; // another language was chosen in the meantime
  language = wanted;
  keepLanguage(wanted);
  document.documentElement.lang = LOCALES[wanted];
  document.dispatchEvent(new CustomEvent("paihao:language", { detail: { language: wanted } }));
}

async function load(wanted) {
  const locale = LOCALES[wanted];
  await Promise.all(
    [...names].map((name) => {
      const file = `${locale}/${name}`;
      if (!loading.has(file)) loading.set(file, loadFile(locale, name));
      return loading.get(file);
    }),
  );
}

async function loadFile(locale, name) {
  const text = await textOf(`/pages/texts/${locale}/${name}.ftl`);
  if (!bundles.has(locale)) bundles.set(locale, new FluentBundle(locale, { useIsolating: false }));
  const faults = bundles.get(locale).addResource(new FluentResource(text));
  for (const fault of faults) console.warn(`texts ${locale}/${name}:`, fault);
}

async function textOf(address) {
  for (;;) {
    const text = await fetch(address).then((response) => (response.ok ? response.text() : null)).catch(() => null);
    if (text !== null) return text;
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}
