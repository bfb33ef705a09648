/** The one language a page is shown in: as asked in its address, as chosen before, or as the browser prefers. */

const STORE = "paihao-language";
const KNOWN = ["zh", "en"];

/** @returns {"zh" | "en"} */
export function chosenLanguage() {
  const asked = new URLSearchParams(location.search).get("lang");
  const wishes = [asked, stored(), ...navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase())];
  return wishes.find((wish) => KNOWN.includes(wish)) ?? "zh";
}

/**
 * Remember a choice: for this browser, and in the page's address.
 * @param {"zh" | "en"} language
 */
export function keepLanguage(language) {
  try {
    localStorage.setItem(STORE, language);
  } catch {
    // A browser that keeps nothing for us still switches.
  }
  const address = new URL(location.href);
  address.searchParams.set("lang", language);
  history.replaceState(history.state, "", address);
}

/**
 * A hall's text in the wanted language, or in what there is.
 * @param {Record<string, string> | null | undefined} texts by language tag
 * @param {"zh" | "en"} language
 * @returns {{text: string, lang: string | null}} lang: to be marked, null when it is the page's own
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
