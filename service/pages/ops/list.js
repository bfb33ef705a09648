/** The list of halls, the worst first. It may have five hundred rows: they are created once, and only changed values are updated. */

import { make } from "/display/element.js";
import { pick } from "/pages/language.js";
import { languageNow, localeNow, say } from "/pages/texts.js";
import { number } from "/pages/times.js";
import { countersLevel, isQuiet, longest_s, promisesLevel, screensLevel, unmoved, waitLevel, worstFirst } from "./model.js";

/** With at least this many halls there is a search field. */
const SEARCHED_FROM = 20;

const COLUMNS = ["hall", "waiting", "longest", "counters", "promises", "screens"];

/** The table and the search field. */
export class HallList {
  /** Rows by hall id. @type {Map<string, object>} */
  #rows = new Map();
  #body = make("tbody");
  #head = make("tr");
  #search = make("input.input", { type: "search", id: "search", autocomplete: "off", spellcheck: "false" });
  #label = make("label.hidden", { for: "search" });
  #none = make("p.quiet", { role: "status", hidden: true });
  #shown = null;
  #wanted = "";
  /** The halls that match the search, in the order of the list. @type {object[]} */
  #found = [];
  #collator = new Intl.Collator();

  /** @param {HTMLElement} element the container */
  constructor(element) {
    this.#search.addEventListener("input", () => this.#shown && this.show(this.#shown));
    this.table = make("table.table", {}, make("thead", {}, this.#head), this.#body);
    element.replaceChildren(make("div.search", {}, this.#label, this.#search), this.table, this.#none);
  }

  /** Update all texts to the page's language. */
  updateTexts() {
    this.#head.replaceChildren(...COLUMNS.map((name) => make(name === "hall" ? "th" : `th.num.c-${name}`, { scope: "col" }, say(`column-${name}`))));
    this.#label.textContent = this.#search.placeholder = say("search");
    this.#none.textContent = say("search-none");
    this.#collator = new Intl.Collator(localeNow());
    this.#rows.clear();
    this.#shown = null;
  }

  /**
   * Show the current figures. A hall that is the same object as before has not changed, except for the time.
   * @param {object} facts
   * @param {object[]} facts.halls
   * @param {object} facts.watch
   * @param {number} facts.now_ms
   * @param {string | null} facts.chosen
   */
  show(facts) {
    const before = this.#shown;
    this.#shown = facts;
    const { halls, watch, now_ms, chosen } = facts;
    const wanted = this.#search.value.trim().toLocaleLowerCase();
    if (halls !== before?.halls || wanted !== this.#wanted) this.#find(halls, wanted);
    for (const hall of this.#found) this.#update(this.#rows.get(hall.id), hall, watch, now_ms);
    if (chosen === before?.chosen) return;
    this.#mark(before?.chosen, false);
    this.#mark(chosen, true);
  }

  /** @param {object[]} halls @returns {object | undefined} the first hall of the list */
  worst(halls) {
    return worstFirst(halls, nameOf, this.#collator.compare)[0];
  }

  #find(halls, wanted) {
    this.#wanted = wanted;
    this.#search.parentElement.hidden = halls.length < SEARCHED_FROM;
    this.#found = worstFirst(halls, nameOf, this.#collator.compare).filter((hall) => wanted === "" || `${nameOf(hall)} ${hall.id}`.toLocaleLowerCase().includes(wanted));
    this.#none.hidden = this.#found.length > 0 || wanted === "";
    this.#arrange(this.#found.map((hall) => this.#row(hall).element));
  }

  /** Put rows into order. Most rows stay where they are. */
  #arrange(rows) {
    const places = new Map([...this.#body.children].map((row, n) => [row, n]));
    const stay = unmoved(rows.map((row) => places.get(row) ?? -1));
    const focused = document.activeElement;
    const gone = new Set(places.keys());
    for (const row of rows) gone.delete(row);
    for (const row of gone) row.remove();
    let next = null;
    for (let n = rows.length - 1; n >= 0; n -= 1) {
      if (!stay.has(n)) this.#body.insertBefore(rows[n], next);
      next = rows[n];
    }
    if (this.#body.contains(focused)) focused.focus({ preventScroll: true });
  }

  #row(hall) {
    const known = this.#rows.get(hall.id);
    if (known) return known;
    const name = pick(hall.name, languageNow());
    const link = make("a", { href: `#${hall.id}`, lang: name.lang }, make("span", {}, name.text || hall.id));
    const cells = COLUMNS.slice(1).map((column) => make(`td.num.c-${column}`));
    const row = { element: make("tr", { "data-hall": hall.id }, make("th", { scope: "row" }, link), cells), link, cells, said: [], hall: null, minutes: null, level: "" };
    row.element.addEventListener("click", (event) => {
      if (event.target.closest("a") === null && String(getSelection()) === "") link.click();
    });
    this.#rows.set(hall.id, row);
    if (hall.id === this.#shown.chosen) this.#mark(hall.id, true);
    return row;
  }

  /** Mark or unmark the row of the chosen hall. */
  #mark(id, isChosen) {
    const row = this.#rows.get(id);
    if (!row) return;
    row.element.classList.toggle("on", isChosen);
    if (isChosen) row.link.setAttribute("aria-current", "true");
    else row.link.removeAttribute("aria-current");
  }

  /** Update the cells that have changed. */
  #update(row, hall, watch, now_ms) {
    const waited_s = longest_s(hall, now_ms);
    const minutes = waited_s === null ? null : Math.floor(waited_s / 60);
    const level = waitLevel(hall, watch, now_ms);
    if (row.hall === hall && row.minutes === minutes && row.level === level) return;
    Object.assign(row, { hall, minutes, level });
    row.element.classList.toggle("closed", isQuiet(hall));
    for (const [n, [text, kind]] of figuresOf(hall, watch, now_ms).entries()) {
      const said = `${kind} ${text}`;
      if (row.said[n] === said) continue;
      row.said[n] = said;
      row.cells[n].replaceChildren(kind === "" ? text : make(`span.tag.${kind}`, {}, text));
    }
  }
}

/** Name of a hall in the page's language. */
export function nameOf(hall) {
  return pick(hall.name, languageNow()).text || hall.id;
}

/** The figures in the row of a hall, each with its level. */
export function figuresOf(hall, watch, now_ms) {
  const waited_s = longest_s(hall, now_ms);
  const opens = hall.suspended ? say("suspended") : hall.open || !isQuiet(hall) ? null : say("closed");
  return [
    [opens ?? number(hall.waiting), hall.suspended ? "over" : ""],
    [waited_s === null ? "–" : sayCached("minutes", { minutes: Math.floor(waited_s / 60) }), waitLevel(hall, watch, now_ms)],
    [hall.counters_open === null ? sayCached("of-unknown", { of: hall.counters_planned }) : sayCached("of", { some: hall.counters_open, of: hall.counters_planned }), countersLevel(hall)],
    [hall.scored === 0 ? "–" : sayCached("percent", { share: Math.round((100 * hall.held) / hall.scored) }), promisesLevel(hall.held, hall.scored, watch)],
    [hall.screens === 0 ? "–" : sayCached("of", { some: hall.screens - hall.screens_gone.length, of: hall.screens }), screensLevel(hall)],
  ];
}

/** Cache of texts: five hundred rows use only a few dozen different ones. @type {Map<string, string>} */
const cachedTexts = new Map();

function sayCached(id, args) {
  const key = `${languageNow()} ${id} ${Object.values(args)}`;
  if (!cachedTexts.has(key)) cachedTexts.set(key, say(id, args));
  return cachedTexts.get(key);
}
