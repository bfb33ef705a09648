/** The queue beside the counter, in the order of calls. Arrow keys choose a row. */

import { make, redraw } from "/display/element.js";
import { say } from "/pages/texts.js";
import { minutesSince } from "./person.js";
import { classTag } from "./words.js";

// Tickets further down are found by their number.
const ROWS_MAX = 100;

/** The list and its chosen row. */
export class LineView {
  /** Ticket id of the chosen row. @type {string | null} */
  chosen = null;
  #tickets = [];

  /**
   * @param {object} parts
   * @param {Element} parts.title
   * @param {Element} parts.order
   * @param {HTMLElement} parts.list
   * @param {Element} parts.also
   * @param {(ticket: object) => void} onOpen a row was pressed
   */
  constructor({ title, order, list, also }, onOpen) {
    this.parts = { title, order, list, also };
    this.onOpen = onOpen;
    list.addEventListener("focusin", (event) => {
      this.chosen = event.target.closest("[data-ticket]")?.dataset.ticket ?? this.chosen;
    });
    list.addEventListener("click", (event) => {
      const ticket = this.#tickets.find(({ id }) => id === event.target.closest("[data-ticket]")?.dataset.ticket);
      if (ticket) this.onOpen(ticket);
    });
  }

  /** @returns {object | null} the ticket of the chosen row */
  get ticket() {
    return this.#tickets.find(({ id }) => id === this.chosen) ?? null;
  }

  /** Draw the list. @param {{waiting: object[], standby: object[], parked: object[], next: string | null, words: import("./words.js").HallWords, now_ms: number}} facts */
  draw({ waiting, standby, parked, next, words, now_ms }) {
    const rows = waiting.slice(0, ROWS_MAX);
    this.#tickets = [...rows, ...standby, ...parked];
    const { title, order, list, also } = this.parts;
    title.textContent = say("waiting-count", { count: waiting.length });
    order.textContent = say("queue-order");
    const shown = rows.map((ticket) => [ticket.id, ticket.class, ticket.service, ticket.prechecked, ticket.missing.length, ticket.id === next, minutesSince(ticket.issued_at, now_ms)]);
    const focused = list.contains(document.activeElement) ? this.chosen : null;
    const isNew = redraw(list, [document.documentElement.lang, words.edition, shown, waiting.length], () => [
      ...rows.map((ticket) => this.#row(ticket, ticket.id === next, words, now_ms)),
      ...(waiting.length > rows.length ? [make("li.more.quiet", {}, say("more-waiting", { count: waiting.length - rows.length }))] : []),
    ]);
    if (isNew && focused) (list.querySelector(`[data-ticket="${focused}"]`) ?? list.querySelector("button"))?.focus();
    const focusedAlso = also.contains(document.activeElement) ? document.activeElement.dataset.ticket : null;
    const isAlsoNew = redraw(also, [document.documentElement.lang, words.edition, standby.map(({ id }) => id), parked.map(({ id, missing }) => [id, missing])], () => [
      ...this.#also("standby-count", standby, words),
      ...this.#also("parked-count", parked, words),
    ]);
    if (isAlsoNew && focusedAlso) also.querySelector(`[data-ticket="${focusedAlso}"]`)?.focus();
    if (also.dataset.listens === undefined) {
      also.dataset.listens = "";
      also.addEventListener("click", (event) => {
        const ticket = this.#tickets.find(({ id }) => id === event.target.closest("[data-ticket]")?.dataset.ticket);
        if (ticket) this.onOpen(ticket);
      });
    }
  }

  /** Choose the row above or below. @param {-1 | 1} step */
  move(step) {
    const buttons = [...this.parts.list.querySelectorAll("button")];
    if (buttons.length === 0) return;
    const place = buttons.findIndex(({ dataset }) => dataset.ticket === this.chosen);
    const inList = this.parts.list.contains(document.activeElement);
    const target = place < 0 || !inList ? Math.max(0, place) : Math.min(buttons.length - 1, Math.max(0, place + step));
    buttons[target].focus();
    buttons[target].scrollIntoView({ block: "nearest" });
  }

  #row(ticket, isNext, words, now_ms) {
    const marks = ticket.missing.length > 0 ? make("span.mark", {}, say("mark-missing")) : ticket.prechecked ? make("span.mark", {}, say("mark-complete")) : null;
    return make(
      isNext ? "li.first" : "li",
      {},
      make(
        "button",
        { type: "button", "data-ticket": ticket.id },
        make("b.number", {}, ticket.number),
        make("span.what", {}, words.service(ticket.service), marks),
        classTag(ticket),
        make("span.long", {}, say("minutes", { minutes: minutesSince(ticket.issued_at, now_ms) })),
      ),
    );
  }

  #also(title, tickets, words) {
    if (tickets.length === 0) return [];
    const named = tickets.slice(0, 6).map((ticket) =>
      make("button.plain", { type: "button", "data-ticket": ticket.id }, make("b", {}, ticket.number), ticket.missing.length > 0 ? ` ${say("parked-missing", { papers: words.codes(ticket.missing) })}` : ""),
    );
    return [make("dt", {}, say(title, { count: tickets.length })), make("dd", {}, named)];
  }
}
