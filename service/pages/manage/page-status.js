/** Status messages around a section: the connection, and short notes. */

import { say } from "/pages/texts.js";

// How long a note is shown.
const NOTE_MS = 6000;
const element = (id) => document.getElementById(id);
let noteTimer = 0;

/**
 * Show whether the page is connected, and while it is not, how old the data are.
 * @param {import("/pages/live.js").Link} link
 * @param {() => string} stale makes the text about the age of the data
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

/** Show a note for some seconds. @param {string} text what was done, or why it was not */
export function tell(text) {
  const note = element("said");
  clearTimeout(noteTimer);
  note.hidden = false;
  note.className = "said toast";
  note.textContent = text;
  noteTimer = setTimeout(() => {
    note.hidden = true;
  }, NOTE_MS);
}
