/** What stands around a section: whether the page is connected, and what is told for a while. */

import { say } from "/pages/texts.js";

const TOLD_MS = 6000;
const element = (id) => document.getElementById(id);
let told = 0;

/**
 * Say whether the page is connected; while it is not, of when it is what is shown.
 * @param {import("/pages/live.js").Link} link
 * @param {() => string} stale the words for that
 */
export function showLink(link, stale) {
  const live = element("link");
  live.className = link === "silent" ? "live silent" : "live";
  live.textContent = say(link === "live" ? "connected" : link === "silent" ? "not-connected" : "connecting");
  document.body.dataset.link = link;
  const line = element("stale");
  line.hidden = link !== "silent";
  if (link === "silent") line.firstElementChild.textContent = stale();
}

/** @param {string} text what was done, or why not */
export function tell(text) {
  const said = element("said");
  clearTimeout(told);
  said.hidden = false;
  said.className = "said toast";
  said.textContent = text;
  told = setTimeout(() => {
    said.hidden = true;
  }, TOLD_MS);
}
