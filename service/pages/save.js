/** Files for the person at the page. */

import { make } from "/display/element.js";

// Browsers may begin to read it only after the press, and on a slow machine long after.
const KEPT_MS = 60_000;

/** Save a text as a file of this person's. @param {string} text @param {string} type @param {string} name */
export function save(text, type, name) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = make("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), KEPT_MS);
}
