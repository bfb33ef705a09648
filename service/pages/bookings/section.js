/**
 * The bookings section: find, book, move, cancel and check in appointments, and list those of a day.
 *
 * It can be used with one hand while the clerk is on the phone: `/` goes to the search, `B` to the booking form, arrow keys choose
 * days and times, Enter does the rest. Names and phone numbers stay in the fields: addresses and lists contain none.
 */

import { make } from "/display/element.js";
import { action, head } from "/pages/manage/parts.js";
import { printAlone } from "/pages/print.js";
import { say } from "/pages/texts.js";
import { AppointmentActs } from "./appointment-acts.js";
import { card } from "./card.js";
import { DayList } from "./day-list.js";
import { currentDraft, useDraftOf } from "./draft.js";
import { BookingForm } from "./form.js";
import { BookingSearch } from "./search.js";
import { serviceName } from "./words.js";

/** Draw the section. @param {import("/pages/manage/parts.js").Ui} ui @returns {HTMLElement[]} */
export function bookings(ui) {
  useDraftOf(ui.who.session?.account?.id ?? "");
  return new BookingsSection(ui).draw();
}

/** One drawing of the section. */
export class BookingsSection {
  #ui;
  #search;
  #form;
  #day;
  #card = make("div", { id: "made", tabindex: "-1" });

  /** @param {import("/pages/manage/parts.js").Ui} ui */
  constructor(ui) {
    this.#ui = ui;
    const acts = new AppointmentActs(ui, this);
    this.#search = new BookingSearch(ui, acts);
    this.#form = new BookingForm(ui, this);
    this.#day = new DayList(ui, acts);
  }

  draw() {
    const ui = this.#ui;
    this.#form.draw();
    this.#drawCard();
    this.#day.read().catch(ui.fail);
    ui.onFacts(() => {
      this.#form.followServices();
      this.#day.follow();
    });
    document.addEventListener("keydown", (event) => this.#onKey(event), { signal: ui.signal });
    const isManager = ui.who.roles.has("manager");
    const desk = make("a", { href: `/halls/${encodeURIComponent(ui.hall.id)}/desk`, id: "to-desk" }, say("bookings-desk"));
    return [head(say("bookings-title"), isManager && !document.body.matches(".alone") ? [say("bookings-about"), " ", desk] : say("bookings-about")), this.#search.draw(), this.#card, this.#form.element, this.#day.draw()];
  }

  #onKey(event) {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    if (document.querySelector("dialog[open]") || event.target.closest?.("input, select, textarea, sign-in")) return;
    const target = event.code === "Slash" && !event.shiftKey ? "b-search" : event.code === "KeyB" && !event.shiftKey ? "b-service" : null;
    const field = target && document.getElementById(target);
    if (!field) return;
    event.preventDefault();
    field.focus();
    field.select?.();
  }

  /**
   * Show an appointment on the card.
   * @param {object} appointment
   * @param {string} words id of the card's title
   * @param {{told?: string | null}} [options] `told`: id of a text for a clerk who is busy with the next caller; the focus stays then
   */
  showCard(appointment, words, { told = null } = {}) {
    currentDraft().made = { appointment, words };
    if (this.#ui.signal.aborted) return this.#ui.redraw(); // for example in another language
    this.#drawCard();
    const { times } = this.#ui;
    if (told) this.#ui.tell(say(told, { day: times.day(times.on(appointment.starts_at)), time: times.time(appointment.starts_at) }));
    else this.#card.focus({ preventScroll: true });
    this.#card.scrollIntoView({ block: "nearest" });
  }

  #drawCard() {
    if (currentDraft().made === null) return;
    const ui = this.#ui;
    const { appointment, words } = currentDraft().made;
    this.#card.replaceChildren(
      card(ui, appointment, say(words), serviceName(this.#ui, appointment.service)),
      make(
        "div.line",
        {},
        action(ui, say("bookings-print"), () => printAlone(this.#card.querySelector(".booked-card"))),
        action(
          ui,
          say("bookings-card-away"),
          () => {
            currentDraft().made = null;
            this.#card.replaceChildren();
            document.getElementById("b-search").focus();
          },
          { id: "card-away" },
        ),
      ),
    );
  }

  move(appointment) {
    this.#form.move(appointment);
  }

  readDay(on) {
    return this.#day.read(on);
  }

  /** Read the day, the search results and the free times again. */
  async readAgain(on = null) {
    await Promise.all([this.#day.read(on), this.#search.repeat(), this.#form.readSlots({ starts_at: currentDraft().starts_at })]).catch(this.#ui.fail);
  }
}
