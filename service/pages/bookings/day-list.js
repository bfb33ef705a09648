/** The appointments of a day, in the order of their times. */

import { make } from "/display/element.js";
import { action, allOf, keepFocus, part } from "/pages/manage/parts.js";
import { say } from "/pages/texts.js";
import { currentDraft } from "./draft.js";
import { inOrderOfTime, shifted } from "./slots.js";

/** The list of one day, with buttons to go to other days. */
export class DayList {
  #ui;
  #acts;
  #list = make("div", { id: "day-list" });
  #date = make("input.input.date", { type: "date", id: "day-on", min: "2000-01-01", max: "2999-12-31" });
  /** Number of readings that were started: only the answer of the last one is drawn. */
  #readings = 0;
  /** Day and journal position that were read last. */
  #position = "";

  /** @param {import("/pages/manage/parts.js").Ui} ui @param {import("./appointment-acts.js").AppointmentActs} acts */
  constructor(ui, acts) {
    this.#ui = ui;
    this.#acts = acts;
    this.#date.value = currentDraft().on || ui.today();
    this.#date.addEventListener("change", () => this.#show(this.#date.value));
  }

  draw() {
    const ui = this.#ui;
    const step = (words, days, id) => action(ui, words, () => this.#show(shifted(this.#date.value || ui.today(), days)), { id });
    return part(
      say("bookings-day"),
      make(
        "div.line",
        {},
        step(say("bookings-day-before"), -1, "day-before"),
        make("div.field", {}, make("label.hidden", { for: "day-on" }, say("bookings-day-on")), this.#date),
        step(say("bookings-day-after"), 1, "day-after"),
        action(ui, say("bookings-today"), () => this.#show(ui.today()), { id: "day-today" }),
      ),
      this.#list,
    );
  }

  async #show(on) {
    this.#date.value = on;
    currentDraft().on = on === this.#ui.today() ? "" : on;
    await this.read().catch(this.#ui.fail);
  }

  /** Read the list again when the hall has changed and the list shows today. */
  follow() {
    const facts = this.#ui.facts();
    const position = `${facts?.day} ${facts?.seq}`;
    if (position === this.#position || this.#date.value !== this.#ui.today()) return;
    this.#position = position;
    this.read().catch(() => undefined);
  }

  /** Read and draw a day. @param {string | null} [on] a date of the hall; null: the day that is shown */
  async read(on = null) {
    if (on) {
      this.#date.value = on;
      currentDraft().on = on === this.#ui.today() ? "" : on;
    }
    this.#readings += 1;
    const reading = this.#readings;
    const date = this.#date.value || this.#ui.today();
    let over = new Set();
    const call = async (...request) => {
      const reply = await this.#ui.call(...request);
      over = new Set(reply.body.over_capacity);
      return reply;
    };
    const items = inOrderOfTime(await allOf(call, "appointments", { on: date }));
    if (this.#ui.signal.aborted || reading !== this.#readings) return;
    const live = items.filter(({ state }) => state === "booked" || state === "checked_in").length;
    keepFocus(() =>
      this.#list.replaceChildren(
        make("p", {}, make("b", {}, this.#ui.times.day(date)), " ", make("span.quiet", {}, say("bookings-day-sum", { count: live }))),
        ...(over.size > 0 ? [make("p.message.heed", {}, say("bookings-day-over", { count: over.size }))] : []),
        items.length > 0 ? this.#acts.table(items, say("bookings-day"), "day", { over }) : make("p.quiet", {}, say("bookings-day-none")),
      ),
    );
  }
}
