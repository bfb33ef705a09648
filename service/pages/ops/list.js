/**
 * The list of halls, the worst first: five hundred rows that are made once and changed where something has.
 */

import { make } from "/display/element.js";
import { pick } from "/pages/language.js";
import { languageNow, say } from "/pages/texts.js";
import { number } from "/pages/times.js";
import { countersLevel, isQuiet, longest_s, promisesLevel, screensLevel, waitLevel, worstFirst } from "./model.js";

/** From so many halls on there is a field to look for one. */
const SEARCHED_FROM = 20;

const COLUMNS = ["hall", "waiting", "longest", "counters", "promises", "screens"];

/** The table, and the field above it. */
export class HallList {
  #rows = new Map();
  #body = make("tbody");
  #head = make("tr");
  #search = make("input.input", { type: "search", id: "search", autocomplete: "off", spellcheck: "false" });
  #label = make("label.hidden", { for: "search" });
  #none = make("p.quiet", { role: "status", hidden: true });
  #shown = null;
  #order = "";

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
    this.#rows.clear();
    this.#order = "";
  }

  /**
   * @param {object} facts
   * @param {object[]} facts.halls
   * @param {object} facts.watch
   * @param {number} facts.now_ms
   * @param {string | null} facts.chosen
   */
  show(facts) {
    this.#shown = facts;
    const { halls, watch, now_ms, chosen } = facts;
    this.#search.parentElement.hidden = halls.length < SEARCHED_FROM;
    const wanted = this.#search.value.trim().toLocaleLowerCase();
    const found = worstFirst(halls, nameOf, now_ms).filter((hall) => wanted === "" || `${nameOf(hall)} ${hall.id}`.toLocaleLowerCase().includes(wanted));
    this.#none.hidden = found.length > 0 || wanted === "";
    const rows = found.map((hall) => this.#row(hall, watch, now_ms, chosen));
    const order = found.map(({ id }) => id).join(" ");
    if (order === this.#order) return;
    this.#order = order;
    const focused = document.activeElement;
    this.#body.replaceChildren(...rows);
    if (this.#body.contains(focused)) focused.focus({ preventScroll: true });
  }

  #row(hall, watch, now_ms, chosen) {
    let row = this.#rows.get(hall.id);
    if (!row) {
      const name = pick(hall.name, languageNow());
      const link = make("a", { href: `#${hall.id}`, lang: name.lang }, name.text || hall.id);
      const cells = COLUMNS.slice(1).map((column) => make(`td.num.c-${column}`));
      row = { element: make("tr", { "data-hall": hall.id }, make("th", { scope: "row" }, link), cells), link, cells, said: [] };
      row.element.addEventListener("click", (event) => {
        if (event.target.closest("a") === null && String(getSelection()) === "") link.click();
      });
      this.#rows.set(hall.id, row);
    }
    row.element.className = [chosen === hall.id ? "on" : "", isQuiet(hall) ? "closed" : ""].join(" ").trim();
    if (chosen === hall.id) row.link.setAttribute("aria-current", "true");
    else row.link.removeAttribute("aria-current");
    for (const [n, [text, level]] of figuresOf(hall, watch, now_ms).entries()) {
      const said = `${level} ${text}`;
      if (row.said[n] === said) continue;
      row.said[n] = said;
      row.cells[n].replaceChildren(level === "" ? text : make(`span.tag.${level}`, {}, text));
    }
    return row.element;
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
    [waited_s === null ? "–" : say("minutes", { minutes: Math.floor(waited_s / 60) }), waitLevel(hall, watch, now_ms)],
    [hall.counters_open === null ? say("of-unknown", { of: hall.counters_planned }) : say("of", { some: hall.counters_open, of: hall.counters_planned }), countersLevel(hall)],
    [hall.scored === 0 ? "–" : say("percent", { share: Math.round((100 * hall.held) / hall.scored) }), promisesLevel(hall.held, hall.scored, watch)],
    [hall.screens === 0 ? "–" : say("of", { some: hall.screens - hall.screens_gone.length, of: hall.screens }), screensLevel(hall)],
  ];
}
