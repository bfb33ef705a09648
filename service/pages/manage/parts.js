/** Building blocks of the manager's sections: buttons, tables, headings, fields. */

import { make, redraw } from "/display/element.js";
import { whileBusy } from "/pages/ui.js";

/**
 * What the page gives to a section.
 * @typedef {object} Ui
 * @property {{id: string, name: Record<string, string>, time_zone: string, zones: any[], services: any[], languages: string[]}} hall as it was read last
 * @property {(method: string, path: string, options?: object) => Promise<import("/pages/api.js").Answer>} call sends a request under the hall's path
 * @property {import("./model/draft.js").Draft} draft
 * @property {import("/pages/times.js").HallTimes} times
 * @property {{session: any, roles: Set<string>, key?: string}} who the signed-in account; a partner has a `key` instead of a session
 * @property {() => Facts} facts as they were read last
 * @property {() => number} now_ms current time of the hall's clock
 * @property {() => string} today current date of the hall
 * @property {AbortSignal} signal aborted when the section is drawn again
 * @property {() => void} redraw draws the section again and keeps the focus
 * @property {(text: string) => void} tell shows a note
 * @property {(reason: unknown) => void} fail shows why something failed
 * @property {() => Promise<void>} refresh reads the facts again
 * @property {(act: () => void) => void} onFacts sets the function that is called after each reading, until the section is drawn again
 */
/** @typedef {{queue: any, desk: any, hall: any, board: any} | null} Facts */

/**
 * Make a button that runs an act. Only one run at a time is possible. A failure is shown.
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
 * Make a table. The first cell of a row is its header.
 * @param {string} caption for screen readers
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

/** Make a part of a section, with its heading. */
export function part(title, ...children) {
  return make("section", {}, make("h3", {}, title), ...children);
}

/** Make the head of a section. */
export function head(title, about) {
  return make("div.head", {}, make("h2", { id: "title", tabindex: "-1" }, title), about ? make("p.quiet", {}, about) : null);
}

/**
 * Fill an element again when its facts have changed, and keep the focus.
 * @param {Element} parent
 * @param {unknown} facts
 * @param {() => (Node | string)[]} build
 */
export function refill(parent, facts, build) {
  keepFocus(() => redraw(parent, facts, build));
}

/** Run a function that draws, and give the focus back to the element with the same id. */
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

/** Read all pages of a list. @returns {Promise<any[]>} the items */
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

/** Make a text field for each language of the hall. These fields are not bound to the hall document. */
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

/** Read such fields. @returns {Record<string, string> | null} texts by language; null when all are empty */
export function typedTexts(root, languages, id) {
  const texts = {};
  for (const language of languages) {
    const value = root.querySelector(`#${CSS.escape(`${id}-${language}`)}`).value.trim();
    if (value) texts[language] = value;
  }
  return Object.keys(texts).length > 0 ? texts : null;
}
