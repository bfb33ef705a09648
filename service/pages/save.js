/** Downloads of files. */

import { make } from "/display/element.js";

// Time until the address is revoked. Browsers read it after the click, on a slow machine much later.
const KEPT_MS = 60_000;

/** Download a text as a file. @param {string} text @param {string} type @param {string} name */
export function save(text, type, name) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = make("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), KEPT_MS);
}
