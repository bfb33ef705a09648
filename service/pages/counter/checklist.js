/** The papers of the person here, at a stage where papers are looked at: what is missing is marked, nothing marked is complete. */

import { make, redraw } from "/display/element.js";
import { languageNow, say } from "/pages/texts.js";
import { begunWith, keepBegun } from "./begun.js";

/** Marks that last until another person is here. */
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
      this.#marked();
    });
  }

  /** @returns {boolean} whether papers are to be looked at now */
  get isOpen() {
    return this.#ticket !== null;
  }

  /** @returns {string[]} ids */
  get missing() {
    return this.#papers().map(({ id }) => id).filter((id) => this.#missing.has(id));
  }

  /**
   * @param {object | null} ticket the person here
   * @param {import("./words.js").HallWords} words
   */
  about(ticket, words) {
    const open = ticket !== null && words.isPrecheck(ticket) ? ticket : null;
    if (open?.id !== this.#ticket?.id) this.#missing = new Set(open ? (begunWith(open.id).missing ?? open.missing) : []);
    this.#ticket = open;
    this.#words = words;
  }

  /** Mark a paper, or take the mark away. @param {number} place @returns {boolean} whether there is one */
  toggle(place) {
    const paper = this.#papers()[place];
    if (!paper || !this.isOpen) return false;
    if (!this.#missing.delete(paper.id)) this.#missing.add(paper.id);
    this.#marked();
    return true;
  }

  #marked() {
    keepBegun(this.#ticket.id, { missing: this.missing });
    this.#onChange();
  }

  /** In the page's language, which may have changed since the last facts. */
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
