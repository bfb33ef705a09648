/** What a page begins with: read until it is there. Meanwhile the page says why it shows nothing. */

import { make } from "/display/element.js";
import { isTemporary } from "/pages/api.js";
import { say } from "/pages/texts.js";
import { wordsOf } from "/pages/ui.js";

const RETRY_MS = 3000;

/**
 * Why something is not shown yet. Nobody has done anything, so nothing is said of what was done.
 * @param {unknown} reason what `call` threw
 * @returns {string}
 */
export function waitingWords(reason) {
  return isTemporary(reason) ? say("not-there-yet") : wordsOf(reason);
}

/**
 * Read until it is there.
 * @template T
 * @param {() => Promise<T>} read begun at once, and again in a while each time that it cannot be had
 * @param {Promise<unknown>} [words] before they have come nothing is said
 * @param {(words: string, reason: unknown) => void} [tell] says why it is not there; where the page will stand, if not said
 * @returns {Promise<T>}
 */
export async function untilRead(read, words, tell = tellInstead) {
  let reading = read();
  reading.catch(() => undefined); // looked at below, when there are words for it
  await words;
  let sayWhy = () => undefined;
  const spoken = new AbortController();
  document.addEventListener("paihao:language", () => sayWhy(), { signal: spoken.signal });
  try {
    for (;;) {
      try {
        return await reading;
      } catch (reason) {
        sayWhy = () => tell(waitingWords(reason), reason);
        sayWhy();
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        reading = read();
      }
    }
  } finally {
    spoken.abort();
  }
}

function tellInstead(words) {
  const place = document.querySelector("sign-in") ?? document.querySelector("main");
  if (place.textContent === words) return; // or it would be read out with each try
  place.hidden = false;
  place.replaceChildren(make("div.sign-in", {}, make("p.message", { role: "status" }, words)));
}
