/** The first readings of a page, repeated until they succeed. Meanwhile the page shows why it is empty. */

import { make } from "/display/element.js";
import { isTemporary } from "/pages/api.js";
import { say } from "/pages/texts.js";
import { wordsOf } from "/pages/ui.js";

const RETRY_MS = 3000;

/**
 * Text for a failed reading. Unlike the text for a failed act it does not mention what the person did.
 * @param {unknown} reason error of `call`
 * @returns {string}
 */
export function waitingWords(reason) {
  return isTemporary(reason) ? say("not-there-yet") : wordsOf(reason);
}

/**
 * Read until it succeeds.
 * @template T
 * @param {() => Promise<T>} read called at once, and again after each failure
 * @param {Promise<unknown>} [textsLoaded] no message is shown before
 * @param {(words: string, reason: unknown) => void} [tell] shows why the reading failed; by default in the main part of the page
 * @returns {Promise<T>}
 */
export async function untilRead(read, textsLoaded, tell = tellInMain) {
  let reading = read();
  reading.catch(() => undefined); // handled below, when the texts are loaded
  await textsLoaded;
  let sayWhy = () => undefined;
  const finished = new AbortController();
  document.addEventListener("paihao:language", () => sayWhy(), { signal: finished.signal });
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
    finished.abort();
  }
}

function tellInMain(words) {
  const place = document.querySelector("sign-in") ?? document.querySelector("main");
  if (place.textContent === words) return; // screen readers must not announce it with each retry
  place.hidden = false;
  place.replaceChildren(make("div.sign-in", {}, make("p.message", { role: "status" }, words)));
}
