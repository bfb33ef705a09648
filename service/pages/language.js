/** The language of a page: that of its address, the one chosen before, or the one the browser prefers. */

const STORE = "paihao-language";
const KNOWN = ["zh", "en"];

/** The language to start with. @returns {"zh" | "en"} */
export function chosenLanguage() {
  const asked = new URLSearchParams(location.search).get("lang");
  const wishes = [asked, stored(), ...navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase())];
  return wishes.find((wish) => KNOWN.includes(wish)) ?? "zh";
}

/**
 * Remember a chosen language, in this browser and in the page's address.
 * @param {"zh" | "en"} language
 */
export function keepLanguage(language) {
  try {
    localStorage.setItem(STORE, language);
  } catch {
    // Without storage the choice stays in the address.
  }
  const address = new URL(location.href);
  address.searchParams.set("lang", language);
  history.replaceState(history.state, "", address);
}

/**
 * A text of the hall in the wanted language, or in one that it has.
 * @param {Record<string, string> | null | undefined} texts by language tag
 * @param {"zh" | "en"} language
 * @returns {{text: string, lang: string | null}} lang: language of the text, null if it is that of the page
 */
export function pick(texts, language) {
  const entries = Object.entries(texts ?? {});
  const own = entries.find(([tag]) => tag.toLowerCase().startsWith(language));
  const [tag, text] = own ?? entries[0] ?? ["", ""];
  return { text, lang: own ? null : tag || null };
}

function stored() {
  try {
    return localStorage.getItem(STORE);
  } catch {
    return null;
  }
}
