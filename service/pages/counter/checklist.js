/** The checklist of papers of the person at the counter, at a stage where papers are checked. The clerk marks what is missing. */

import { make, redraw } from "/display/element.js";
import { languageNow, say } from "/pages/texts.js";
import { unsentOf, keepUnsent } from "./unsent.js";

/** The checklist. Its marks last until the next person. */
export class Checklist {
  #box;
  #onChange;
  #ticket = null;
  /** @type {import("./words.js").HallWords | null} */
  #words = null;
  #missing = new Set();

  /** @param {HTMLElement} box @param {() => void} onChange */
  constructor(box, onChange) {
    this.#box = box;
    this.#onChange = onChange;
    box.addEventListener("change", (event) => {
      const { value, checked } = event.target;
      if (checked) this.#missing.add(value);
      else this.#missing.delete(value);
      this.#onMarked();
    });
  }

  /** @returns {boolean} whether papers are checked now */
  get isOpen() {
    return this.#ticket !== null;
  }

  /** @returns {string[]} ids of the missing papers */
  get missing() {
    return this.#papers().map(({ id }) => id).filter((id) => this.#missing.has(id));
  }

  /**
   * Show the papers of a ticket.
   * @param {object | null} ticket of the person at the counter
   * @param {import("./words.js").HallWords} words
   */
  setTicket(ticket, words) {
    const checked = ticket !== null && words.isPrecheck(ticket) ? ticket : null;
    if (checked?.id !== this.#ticket?.id) this.#missing = new Set(checked ? (unsentOf(checked.id).missing ?? checked.missing) : []);
    this.#ticket = checked;
    this.#words = words;
  }

  /** Mark a paper as missing, or remove the mark. @param {number} place from 0 @returns {boolean} whether there is such a paper */
  toggle(place) {
    const paper = this.#papers()[place];
    if (!paper || !this.isOpen) return false;
    if (!this.#missing.delete(paper.id)) this.#missing.add(paper.id);
    this.#onMarked();
    return true;
  }

  #onMarked() {
    keepUnsent(this.#ticket.id, { missing: this.missing });
    this.#onChange();
  }

  /** The papers with their names in the page's language, which may have changed since the last reading. */
  #papers() {
    return this.#ticket ? this.#words.papers(this.#ticket.service) : [];
  }

  draw() {
    const papers = this.#papers();
    this.#box.hidden = !this.isOpen;
    const focused = this.#box.contains(document.activeElement) ? document.activeElement.value : null;
    const isNew = redraw(this.#box, [languageNow(), this.#ticket?.id, papers, this.missing], () => [
      make(
        "fieldset.boxes",
        {},
        make("legend.label", {}, say("checklist-legend")),
        papers.map(({ id, name }, place) => {
          const missing = this.#missing.has(id);
          return make(
            missing ? "label.check.missing" : "label.check",
            {},
            make("input", { type: "checkbox", value: id, checked: missing }),
            make("span.name", {}, name),
            make("span.tag", {}, say(missing ? "paper-missing" : "paper-there")),
            place < 9 ? make("kbd", { "aria-hidden": "true" }, String(place + 1)) : null,
          );
        }),
      ),
    ]);
    if (isNew && focused) this.#box.querySelector(`[value="${focused}"]`)?.focus();
  }
}
