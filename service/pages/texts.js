/**
 * The pages' words, in Fluent: one file a page and language, under /pages/texts/.
 *
 * `await texts("common", "counter")` once; then `say("counter-next", { number })`. After a switch of language the words of the
 * other one are loaded and `paihao:language` is told on the document: a page then draws itself anew.
 */

import { FluentBundle, FluentResource } from "/pages/vendor/fluent/index.js";
import { chosenLanguage, keepLanguage } from "/pages/language.js";

// Without words a page says nothing, not even that it has none: they are asked for until they come.
const RETRY_MS = 1500;
const LOCALES = { zh: "zh-CN", en: "en" };
// What a message may set besides the text, by attributes of the same name.
const ATTRIBUTES = ["aria-label", "title", "placeholder", "alt"];

/** @type {Map<string, FluentBundle>} by locale */
const bundles = new Map();
/** @type {Map<string, Promise<void>>} by locale and name */
const loading = new Map();
/** @type {Set<string>} */
const names = new Set();
let language = chosenLanguage();
/** Chosen last: its words may still be on their way. */
let wish = language;

document.documentElement.lang = LOCALES[language];

/** @returns {"zh" | "en"} the page's language */
export function languageNow() {
  return language;
}

/** @returns {"zh-CN" | "en"} its tag */
export function localeNow() {
  return LOCALES[language];
}

/**
 * Load words, in the page's language.
 * @param {...string} wanted names of files
 */
export async function texts(...wanted) {
  for (const name of wanted) names.add(name);
  await load(language);
}

/**
 * Load words in all languages, for a page that says everything in each: it asks with `sayIn`.
 * @param {...string} wanted names of files
 */
export async function textsInAll(...wanted) {
  for (const name of wanted) names.add(name);
  await Promise.all(Object.keys(LOCALES).map(load));
}

/**
 * Words by their id, in a language of the reader's choice.
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
 * Words by their id.
 * @param {string} id
 * @param {Record<string, string | number>} [args]
 * @returns {string} the id itself when there are no such words, which a test of the texts finds first
 */
export function say(id, args) {
  return sayIn(language, id, args);
}

/**
 * Whether there are words of this id.
 * @param {string} id
 */
export function isSaid(id) {
  return Boolean(bundles.get(LOCALES[language])?.getMessage(id)?.value);
}

/**
 * Put words where a page's markup asks for them: `data-say="id"` for the text, and the message's own attributes.
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
  wish = wanted;
  await load(wanted);
  if (wish !== wanted) return; // another was chosen meanwhile
  language = wanted;
  keepLanguage(wanted);
  document.documentElement.lang = LOCALES[wanted];
  document.dispatchEvent(new CustomEvent("paihao:language", { detail: { language: wanted } }));
}

async function load(wanted) {
  const locale = LOCALES[wanted];
  await Promise.all(
    [...names].map((name) => {
      const which = `${locale}/${name}`;
      if (!loading.has(which)) loading.set(which, fetched(locale, name));
      return loading.get(which);
    }),
  );
}

async function fetched(locale, name) {
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
