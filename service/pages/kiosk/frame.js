/** The frame around the views: name of the hall, language switch, status line, and announcements to screen readers. */

import { make, redraw } from "/display/element.js";
import { languageNow, useLanguage } from "/pages/texts.js";
import { drawLanguages } from "./draw.js";
import { isOffline, key, state } from "./state.js";
import { both, ofHall, spans } from "./words.js";

// The name of a hall with more characters than this is shown in smaller letters.
const NAME_SHORT_MAX = 30;

const part = (id) => document.getElementById(id);

/** Draw the name of the hall and the language switch, and set the classes of the whole page. */
export function drawHead() {
  const { hall, view } = state;
  document.body.dataset.view = view;
  document.documentElement.classList.toggle("large", state.larger);
  document.body.classList.toggle("low", state.lower);
  const [first, second] = ofHall(hall?.name);
  if (first) redraw(part("hall"), first, () => [first.text]);
  if (first) part("hall").lang = first.tag;
  part("hall-second").lang = second?.tag ?? "";
  for (const [id, name] of [["hall", first], ["hall-second", second]]) part(id).dataset.length = (name?.text.length ?? 0) > NAME_SHORT_MAX ? "long" : "short";
  redraw(part("hall-second"), second ?? null, () => (second ? [second.text] : []));
  redraw(part("langs"), languageNow(), () => drawLanguages((wanted) => useLanguage(wanted)));
  placeLanguages();
}

/** Move the language switch down to the buttons when these are low, so that it is within reach too. */
function placeLanguages() {
  const [langs, head] = [part("langs"), part("head")];
  if (state.lower === (langs.parentElement !== head)) return;
  if (state.lower) part("foot").before(langs);
  else head.append(langs);
}

/** Draw the band and the status line at the edge of the page. @param {{openSettings: () => void}} actions */
export function drawStatus({ openSettings }) {
  const offline = state.view !== "setup" && state.view !== "connecting" && isOffline();
  document.body.dataset.link = offline ? "cut" : state.live?.link === "live" ? "live" : "connecting";
  const band = part("band");
  band.hidden = !offline && state.trouble.length === 0;
  const texts = state.trouble.length > 0 ? both("band-trouble", { numbers: state.trouble.join(" ") }) : both("band-cut");
  redraw(band, band.hidden ? null : texts, () => [make("span", {}, spans(texts))]);
  const link = document.body.dataset.link;
  const facts = { language: languageNow(), name: state.kiosk?.name ?? "", link, key: key.value !== null };
  redraw(part("status"), facts, () => {
    if (!facts.key) return [];
    const open = make("button.button.plain", { type: "button", id: "settings" }, make("span.said", {}, spans(both("settings"))));
    open.addEventListener("click", openSettings);
    return [make("span.live", { class: link === "live" ? "live" : "live silent" }, spans(both(`link-${link}`)), ` · ${facts.name}`), open];
  });
}

/**
 * Announce a text to screen readers, in the leading language. It adds to the heading, which they read out.
 * @param {import("./words.js").Said[]} texts the leading language first; empty: announce nothing
 */
export function announce([leading]) {
  const place = part("said");
  place.lang = leading?.tag ?? "";
  place.textContent = leading?.text ?? "";
}
