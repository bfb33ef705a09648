/** The choice of a time: the next free times, a month, and the times of a day. Arrow keys work too, for a clerk with a phone in one hand. */

import { make } from "/display/element.js";
import { keepFocus } from "/pages/manage/parts.js";
import { localeNow, say } from "/pages/texts.js";
import { firstOfMonth } from "/pages/times.js";
import { byDay, fullness, shifted, soonest, weeksOf } from "./slots.js";

const MONDAY = Date.UTC(2024, 0, 1);
const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

/** Shows the free times of a service, and which one is chosen. */
export class Picker {
  #ui;
  #onChosen;
  /** @type {import("./slots.js").Slot[]} */
  #slots = [];
  #days = new Map();
  /** Number of requests that were started: only the answer of the last one is shown. */
  #requests = 0;
  #on = "";
  #isRead = false;

  soonest = make("div.soon", { role: "group", "aria-label": "" });
  month = make("div.month-of");
  times = make("div.slots", { id: "times", role: "group", tabindex: "-1" });
  status = make("p.small.quiet", { role: "status", id: "picker-said" });

  /** @type {import("./slots.js").Slot | null} */
  chosen = null;

  /**
   * @param {import("/pages/manage/parts.js").Ui} ui
   * @param {(slot: import("./slots.js").Slot | null) => void} onChosen
   */
  constructor(ui, onChosen) {
    this.#ui = ui;
    this.#onChosen = onChosen;
  }

  /**
   * Read the free times. The chosen time stays chosen if it is still free.
   * @param {string} service
   * @param {number} count
   * @param {{starts_at?: string, on?: string}} [keep] the time to choose, or the day to show, if there is such a time or day
   */
  async read(service, count, keep = {}) {
    this.#requests += 1;
    const request = this.#requests;
    const { body } = await this.#ui.call("GET", "slots", { query: { service, count } });
    if (this.#ui.signal.aborted || request !== this.#requests) return;
    this.#slots = body.slots;
    this.#days = byDay(body.slots, (at) => this.#ui.times.on(at));
    this.#isRead = true;
    const wanted = keep.starts_at ?? this.chosen?.starts_at;
    const again = this.#slots.find((slot) => slot.starts_at === wanted && slot.free > 0) ?? null;
    const first = soonest(this.#slots, 1)[0];
    const shown = keep.on ?? (this.#days.has(this.#on) ? this.#on : undefined);
    this.#on = again ? this.#ui.times.on(again.starts_at) : shown ?? (first ? this.#ui.times.on(first.starts_at) : this.#ui.today());
    this.#choose(again);
  }

  /** Choose a time, and show its day. Null: choose none. @param {import("./slots.js").Slot | null} slot */
  take(slot) {
    if (slot) this.#on = this.#ui.times.on(slot.starts_at);
    this.#choose(slot);
  }

  #choose(slot) {
    this.chosen = slot;
    this.#draw();
    this.#onChosen(slot);
  }

  #draw() {
    keepFocus(() => {
      this.#drawSoonest();
      this.#drawMonth();
      this.#drawTimes();
      this.status.textContent = this.#isRead && soonest(this.#slots, 1).length === 0 ? say("bookings-nothing-free") : "";
    });
  }

  #drawSoonest() {
    this.soonest.setAttribute("aria-label", say("bookings-soonest"));
    const buttons = soonest(this.#slots).map((slot, place) => {
      const words = make("span", {}, make("span.small.block", {}, this.#dayWords(this.#ui.times.on(slot.starts_at))), make("b", {}, this.#ui.times.time(slot.starts_at)));
      const button = make("button.button", { type: "button", id: `soon-${place}`, "aria-pressed": String(this.chosen?.starts_at === slot.starts_at) }, words);
      button.addEventListener("click", () => this.take(slot));
      return button;
    });
    this.soonest.replaceChildren(...buttons);
  }

  #dayWords(on) {
    const today = this.#ui.today();
    if (on === today) return say("bookings-today");
    if (on === shifted(today, 1)) return say("bookings-tomorrow");
    return this.#ui.times.day(on);
  }

  #drawMonth() {
    if (!this.#isRead) return;
    const today = this.#ui.today();
    const last = [...this.#days.keys()].at(-1) ?? today;
    const enabled = [...this.#days.keys()].filter((on) => fullness(this.#days.get(on)).left > 0);
    const resting = enabled.includes(this.#on) ? this.#on : enabled[0];
    const names = Array.from({ length: 7 }, (_, day) => new Date(MONDAY + day * 86_400_000).toLocaleDateString(localeNow(), { weekday: localeNow() === "en" ? "short" : "narrow", timeZone: "UTC" }));
    const table = make(
      "table.month",
      {},
      make("caption.hidden", {}, say("bookings-month")),
      make("thead", {}, make("tr", {}, names.map((name) => make("th", { scope: "col" }, name)))),
      make("tbody", {}, weeksOf(today, last).map((week) => make("tr", {}, week.map((on) => make("td", {}, on ? this.#dayButton(on, on === resting) : ""))))),
    );
    table.addEventListener("keydown", (event) => this.#walkDays(event));
    this.month.replaceChildren(table);
  }

  #dayButton(on, isResting) {
    const { kind, left } = fullness(this.#days.get(on));
    const below = kind === "closed" ? say("bookings-day-closed") : kind === "full" ? say("bookings-day-full") : say("bookings-day-left", { left });
    const day = Number(on.slice(8));
    const button = make(
      `button.${kind}`,
      { type: "button", id: `day-${on}`, "data-on": on, "aria-pressed": String(on === this.#on), "aria-label": say("bookings-day-named", { day: this.#ui.times.day(on), state: below }), disabled: left === 0, tabindex: isResting ? "0" : "-1" },
      day === 1 ? make("span.turn", {}, firstOfMonth(on)) : String(day),
      make("small", {}, below),
    );
    button.addEventListener("click", () => this.#show(on));
    return button;
  }

  #show(on) {
    this.#on = on;
    if (this.chosen && this.#ui.times.on(this.chosen.starts_at) !== on) this.#choose(null);
    else this.#draw();
  }

  /** Move by days and weeks with the arrow keys, and skip days without free times. */
  #walkDays(event) {
    const step = STEPS[event.key];
    const from = event.target.dataset?.on;
    if (!step || !from || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const last = [...this.#days.keys()].at(-1);
    let on = shifted(from, step);
    while (on >= this.#ui.today() && on <= last && fullness(this.#days.get(on)).left === 0) on = shifted(on, step);
    if (on < this.#ui.today() || on > last) return;
    this.#show(on);
    document.getElementById(`day-${on}`)?.focus();
  }

  #drawTimes() {
    const slots = (this.#days.get(this.#on) ?? []).filter(({ places }) => places > 0);
    const free = slots.filter((slot) => slot.free > 0);
    const resting = free.find((slot) => slot.starts_at === this.chosen?.starts_at) ?? free[0];
    const parts = [["bookings-before-noon", slots.filter((slot) => this.#ui.times.time(slot.starts_at) < "12:00")], ["bookings-after-noon", slots.filter((slot) => this.#ui.times.time(slot.starts_at) >= "12:00")]];
    this.times.setAttribute("aria-label", say("bookings-times-of", { day: this.#ui.times.day(this.#on) }));
    this.times.replaceChildren(
      ...parts.filter(([, some]) => some.length > 0).flatMap(([words, some]) => [make("h4", {}, `${this.#ui.times.day(this.#on)} ${say(words)}`), ...some.map((slot) => this.#timeButton(slot, slot === resting))]),
    );
    this.times.onkeydown = (event) => this.#walkTimes(event);
  }

  #timeButton(slot, isResting) {
    const isFree = slot.free > 0;
    const time = this.#ui.times.time(slot.starts_at);
    const button = make(
      "button.button",
      { type: "button", id: `time-${slot.starts_at}`, "data-starts": slot.starts_at, "aria-pressed": String(this.chosen?.starts_at === slot.starts_at), disabled: !isFree, tabindex: isResting ? "0" : "-1" },
      make(isFree ? "span" : "s", {}, time),
      make("small", {}, isFree ? say("bookings-places-left", { left: slot.free }) : say("bookings-time-full")),
    );
    button.addEventListener("click", () => this.#choose(slot));
    return button;
  }

  #walkTimes(event) {
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (!step || !event.target.dataset?.starts) return;
    event.preventDefault();
    const buttons = [...this.times.querySelectorAll("button:not([disabled])")];
    const next = buttons[buttons.indexOf(event.target) + step];
    if (!next) return;
    next.click();
    document.getElementById(next.id)?.focus();
  }
}
