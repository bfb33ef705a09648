/**
 * The list of halls, the worst first: five hundred rows that are made once and changed where something has.
 */

import { make } from "/display/element.js";
import { pick } from "/pages/language.js";
import { languageNow, localeNow, say } from "/pages/texts.js";
import { number } from "/pages/times.js";
import { countersLevel, isQuiet, longest_s, promisesLevel, screensLevel, staying, waitLevel, worstFirst } from "./model.js";

/** From so many halls on there is a field to look for one. */
const SEARCHED_FROM = 20;

const COLUMNS = ["hall", "waiting", "longest", "counters", "promises", "screens"];

/** The table, and the field above it. */
export class HallList {
  /** @type {Map<string, object>} */
  #rows = new Map();
  #body = make("tbody");
  #head = make("tr");
  #search = make("input.input", { type: "search", id: "search", autocomplete: "off", spellcheck: "false" });
  #label = make("label.hidden", { for: "search" });
  #none = make("p.quiet", { role: "status", hidden: true });
  #shown = null;
  #wanted = "";
  /** The halls that are found, in the order of the list. @type {object[]} */
  #found = [];
  #collator = new Intl.Collator();

  /** @param {HTMLElement} element where it stands */
  constructor(element) {
    this.#search.addEventListener("input", () => this.#shown && this.show(this.#shown));
    this.table = make("table.table", {}, make("thead", {}, this.#head), this.#body);
    element.replaceChildren(make("div.search", {}, this.#label, this.#search), this.table, this.#none);
  }

  /** Say everything in the page's language. */
  speak() {
    this.#head.replaceChildren(...COLUMNS.map((name) => make(name === "hall" ? "th" : `th.num.c-${name}`, { scope: "col" }, say(`column-${name}`))));
    this.#label.textContent = this.#search.placeholder = say("search");
    this.#none.textContent = say("search-none");
    this.#collator = new Intl.Collator(localeNow());
    this.#rows.clear();
    this.#shown = null;
  }

  /**
   * Say how halls are now. What is the same object as before is the same hall: only the time has gone on.
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

  /** @param {object[]} halls @returns {object | undefined} the one that the list begins with */
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

  /** Put rows into their order, of which most have it already. */
  #arrange(rows) {
    const places = new Map([...this.#body.children].map((row, n) => [row, n]));
    const stay = staying(rows.map((row) => places.get(row) ?? -1));
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

  /** The row of a hall that is looked at. */
  #mark(id, isChosen) {
    const row = this.#rows.get(id);
    if (!row) return;
    row.element.classList.toggle("on", isChosen);
    if (isChosen) row.link.setAttribute("aria-current", "true");
    else row.link.removeAttribute("aria-current");
  }

  /** Change what is another than before; most often nothing is. */
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

/** A hall's name in the page's language. */
export function nameOf(hall) {
  return pick(hall.name, languageNow()).text || hall.id;
}

/** What stands in the row of a hall, and how far it is from its threshold. */
export function figuresOf(hall, watch, now_ms) {
  const waited_s = longest_s(hall, now_ms);
  const opens = hall.suspended ? say("suspended") : hall.open || !isQuiet(hall) ? null : say("closed");
  return [
    [opens ?? number(hall.waiting), hall.suspended ? "over" : ""],
    [waited_s === null ? "–" : sayOnce("minutes", { minutes: Math.floor(waited_s / 60) }), waitLevel(hall, watch, now_ms)],
    [hall.counters_open === null ? sayOnce("of-unknown", { of: hall.counters_planned }) : sayOnce("of", { some: hall.counters_open, of: hall.counters_planned }), countersLevel(hall)],
    [hall.scored === 0 ? "–" : sayOnce("percent", { share: Math.round((100 * hall.held) / hall.scored) }), promisesLevel(hall.held, hall.scored, watch)],
    [hall.screens === 0 ? "–" : sayOnce("of", { some: hall.screens - hall.screens_gone.length, of: hall.screens }), screensLevel(hall)],
  ];
}

/** Words of small numbers that many halls have in common: five hundred rows ask for a few dozen. @type {Map<string, string>} */
const saidOnce = new Map();

function sayOnce(id, args) {
  const key = `${languageNow()} ${id} ${Object.values(args)}`;
  if (!saidOnce.has(key)) saidOnce.set(key, say(id, args));
  return saidOnce.get(key);
}
