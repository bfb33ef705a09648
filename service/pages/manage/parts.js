/** What the manager's sections are built of. */

import { make, redraw } from "/display/element.js";
import { whileBusy } from "/pages/ui.js";

/**
 * What a section works with.
 * @typedef {object} Ui
 * @property {{id: string, name: Record<string, string>, time_zone: string, zones: any[], services: any[], languages: string[]}} hall as last read
 * @property {(method: string, path: string, options?: object) => Promise<import("/pages/api.js").Answer>} call of this hall
 * @property {import("./model/draft.js").Draft} draft
 * @property {import("/pages/times.js").HallTimes} times
 * @property {{session: any, roles: Set<string>, key?: string}} who `key` in place of a session: a partner's
 * @property {() => Facts} facts the last ones
 * @property {() => number} now_ms the hall's clock
 * @property {() => string} today the hall's date
 * @property {AbortSignal} signal ends with this drawing of the section
 * @property {() => void} redraw draws the section anew, keeping the focus
 * @property {(text: string) => void} tell says what was done
 * @property {(reason: unknown) => void} fail says why something was not
 * @property {() => Promise<void>} refresh reads the facts anew
 * @property {(act: () => void) => void} onFacts what to do with each new facts while this section is drawn
 */
/** @typedef {{queue: any, desk: any, hall: any, board: any} | null} Facts */

/**
 * A button that does something, once at a time; what stands in the way is told.
 * @param {Ui} ui
 * @param {string} words
 * @param {() => unknown} act
 */
export function action(ui, words, act, { kind = "", ...attributes } = {}) {
  const button = make(["button.button", ...kind.split(" ").filter(Boolean)].join("."), { type: "button", ...attributes }, words);
  button.addEventListener("click", () =>
    whileBusy(button, async () => {
      try {
        await act();
      } catch (reason) {
        ui.fail(reason);
      }
    }),
  );
  return button;
}

/**
 * A table; the first cell of a row is its head.
 * @param {string} caption read to those who do not see the heading above
 * @param {(string | Node | {words: string | Node, num?: boolean, hide?: boolean})[]} head
 * @param {{cells: (string | Node | null | (string | Node)[])[], attributes?: object}[]} rows
 */
export function table(caption, head, rows, { numbers = [] } = {}) {
  return make(
    "div.table-of",
    { tabindex: "-1" },
    make(
      "table.table",
      {},
      make("caption.hidden", {}, caption),
      make("thead", {}, make("tr", {}, head.map((words, place) => make(numbers.includes(place) ? "th.num" : "th", { scope: "col" }, words)))),
      make(
        "tbody",
        {},
        rows.map(({ cells, attributes = {} }) =>
          make(
            "tr",
            attributes,
            cells.map((cell, place) =>
              place === 0
                ? make("th", { scope: "row" }, cell)
                : make(numbers.includes(place) ? "td.num" : "td", { "data-label": typeof head[place] === "string" ? head[place] : "" }, cell),
            ),
          ),
        ),
      ),
    ),
  );
}

/** A section of a page with its heading. */
export function part(title, ...children) {
  return make("section", {}, make("h3", {}, title), ...children);
}

/** The head of a section. */
export function head(title, about) {
  return make("div.head", {}, make("h2", { id: "title", tabindex: "-1" }, title), about ? make("p.quiet", {}, about) : null);
}

/**
 * Fill an element anew when its facts changed; who had the focus has it again, found by id.
 * @param {Element} parent
 * @param {unknown} facts
 * @param {() => (Node | string)[]} build
 */
export function refill(parent, facts, build) {
  keepFocus(() => redraw(parent, facts, build));
}

/** Do something that draws anew, and give the focus back to what has the same id. */
export function keepFocus(draw) {
  const had = document.activeElement;
  const id = had?.id;
  const selection = had instanceof HTMLInputElement && had.type === "text" ? [had.selectionStart, had.selectionEnd] : null;
  draw();
  if (!id || document.activeElement?.id === id) return;
  const again = document.getElementById(id);
  if (!again || again === document.activeElement) return;
  again.focus({ preventScroll: true });
  if (selection) again.setSelectionRange(...selection);
}

/** All items of a list that comes in pages. */
export async function allOf(call, path, query = {}) {
  const items = [];
  let cursor = null;
  do {
    const { body } = await call("GET", path, { query: { ...query, limit: 200, cursor } });
    items.push(...body.items);
    cursor = body.next_cursor;
  } while (cursor !== null);
  return items;
}

/** One text field for each of the hall's languages, outside the document. */
export function languageInputs(languages, nameOf, label, id, { rows = 2, required = true } = {}) {
  return languages.map((language) =>
    make(
      "div.field",
      {},
      make("label", { for: `${id}-${language}` }, languages.length > 1 ? nameOf(label, language) : label),
      make("textarea.input", { id: `${id}-${language}`, name: language, lang: language, rows, maxlength: 500, required }),
    ),
  );
}

/** What was typed into them; null when all are empty. */
export function typedTexts(root, languages, id) {
  const texts = {};
  for (const language of languages) {
    const value = root.querySelector(`#${CSS.escape(`${id}-${language}`)}`).value.trim();
    if (value) texts[language] = value;
  }
  return Object.keys(texts).length > 0 ? texts : null;
}
