/** The search for appointments and tickets by what a caller says: a code, a number, a name or a phone number. */

import { make } from "/display/element.js";
import { sought } from "/pages/codes.js";
import { action, keepFocus } from "/pages/manage/parts.js";
import { say } from "/pages/texts.js";
import { whileBusy } from "/pages/ui.js";
import { serviceName } from "./words.js";

/** The search form and its results. */
export class BookingSearch {
  #ui;
  #acts;
  #found = make("div.stack", { id: "found", role: "status" });
  /** Bodies of the search requests, tried in this order until one finds something; null before the first search. */
  #queries = null;
  /** How many pages of the results are shown. */
  #pages = 1;

  /** @param {import("/pages/manage/parts.js").Ui} ui @param {import("./appointment-acts.js").AppointmentActs} acts */
  constructor(ui, acts) {
    this.#ui = ui;
    this.#acts = acts;
  }

  draw() {
    const input = make("input.input", { id: "b-search", type: "search", required: true, maxlength: 64, autocomplete: "off", spellcheck: "false", "aria-describedby": "b-search-hint" });
    const button = make("button.button", { type: "submit" }, say("bookings-find"));
    const form = make(
      "form.stack",
      { role: "search" },
      make("div.field", {}, make("label", { for: "b-search" }, say("bookings-find-label"), " ", make("kbd", { "aria-hidden": "true" }, "/")), make("div.line.search-line", {}, input, button), make("p.small.quiet", { id: "b-search-hint" }, say("bookings-find-hint"))),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#queries = sought(input.value);
      this.#pages = 1;
      whileBusy(button, () => this.repeat().catch(this.#ui.fail));
    });
    return make("section", {}, form, this.#found);
  }

  /** Search again, for example after an act. */
  async repeat() {
    if (this.#queries === null) return;
    let found = null;
    for (const query of this.#queries) {
      found = await this.#readPages(query);
      if (found.items.length + found.appointments.length > 0) break;
    }
    const booked = found.appointments.length > 0 ? [this.#acts.table(found.appointments, say("bookings-found"), "found", { withDay: true })] : [];
    const tickets = found.items.map((ticket) => make("p", {}, say("bookings-found-ticket", { number: ticket.number, day: this.#ui.times.day(ticket.day), service: serviceName(this.#ui, ticket.service) })));
    const none = booked.length + tickets.length === 0 ? [make("p.message", {}, say("bookings-found-none"))] : [];
    const more = found.isWhole ? [] : [make("div.line", {}, make("p.message.heed", {}, say("bookings-found-more")), action(this.#ui, say("bookings-more"), () => this.#showMore(), { id: "found-more" }))];
    keepFocus(() => this.#found.replaceChildren(...booked, ...tickets, ...none, ...more));
  }

  async #readPages(query) {
    const found = { items: [], appointments: [], isWhole: false };
    let cursor = null;
    for (let page = 0; page < this.#pages && !found.isWhole; page += 1) {
      const { body } = await this.#ui.call("POST", "search", { body: query, query: { cursor } });
      found.items.push(...body.items);
      found.appointments.push(...body.appointments);
      cursor = body.next_cursor;
      found.isWhole = cursor === null;
    }
    return found;
  }

  #showMore() {
    this.#pages += 1;
    return this.repeat();
  }
}
