/** Tables of appointments, and what a clerk can do with one: check in, move, show its code, cancel. */

import { make } from "/display/element.js";
import { Refused } from "/pages/api.js";
import { grouped } from "/pages/codes.js";
import { action, table } from "/pages/manage/parts.js";
import { say } from "/pages/texts.js";
import { ask, choose, wordsOf } from "/pages/ui.js";
import { currentDraft } from "./draft.js";
import { CHANNEL_TEXTS, refusalWords, serviceName } from "./words.js";

const STATE_TEXTS = { held: "bookings-held", booked: "bookings-booked", checked_in: "bookings-checked-in", cancelled: "bookings-cancelled", expired: "bookings-expired", missed: "bookings-missed" };
const MOVABLE = new Set(["held", "booked"]);

/** Tables of appointments and the acts of their rows. */
export class AppointmentActs {
  #ui;
  #section;

  /** @param {import("/pages/manage/parts.js").Ui} ui @param {import("./section.js").BookingsSection} section */
  constructor(ui, section) {
    this.#ui = ui;
    this.#section = section;
  }

  /**
   * Make a table of appointments.
   * @param {object[]} items
   * @param {string} caption
   * @param {string} where prefix of the ids of its buttons
   * @param {{withDay?: boolean, over?: Set<string>}} [options] `over`: ids of appointments above the capacity of their time
   */
  table(items, caption, where, { withDay = false, over = new Set() } = {}) {
    const { times } = this.#ui;
    const rows = items.map((appointment) => ({
      attributes: { "data-code": appointment.code, "data-state": appointment.state },
      cells: [
        [withDay ? make("span.block.small", {}, times.day(appointment.day)) : null, make("span", {}, times.time(appointment.starts_at))],
        serviceName(this.#ui, appointment.service),
        String(appointment.count),
        make("code", {}, grouped(appointment.code)),
        [make(appointment.state === "booked" ? "span.tag.booked" : appointment.state === "checked_in" ? "span.tag.open" : "span.tag", {}, say(STATE_TEXTS[appointment.state])), over.has(appointment.id) ? make("span.tag.over", {}, say("bookings-over")) : null],
        say(CHANNEL_TEXTS[appointment.channel] ?? "bookings-channel-web"),
        this.#openButton(appointment, where),
      ],
    }));
    const element = table(caption, [say("bookings-time"), say("bookings-service"), say("bookings-count-head"), say("bookings-code"), say("bookings-state"), say("bookings-channel"), say("bookings-acts")], rows, { numbers: [2] });
    element.classList.add("bookings-of");
    element.addEventListener("keydown", walkRows);
    return element;
  }

  #openButton(appointment, where) {
    if (!MOVABLE.has(appointment.state)) return "";
    return action(this.#ui, say("bookings-open"), () => this.#open(appointment), { id: `${where}-${appointment.code}`, "aria-haspopup": "dialog", "aria-label": say("bookings-open-one", { time: this.#ui.times.time(appointment.starts_at), code: grouped(appointment.code) }) });
  }

  async #open(appointment) {
    const { times } = this.#ui;
    const choices = [
      appointment.state === "booked" && appointment.day === this.#ui.today() ? { id: "check-in", label: say("bookings-check-in"), key: "I" } : null,
      appointment.state === "booked" ? { id: "move", label: say("bookings-move"), key: "M" } : null,
      appointment.state === "booked" ? { id: "code", label: say("bookings-show-code"), key: "C" } : null,
      { id: "cancel", label: say("bookings-cancel"), key: "X" },
    ].filter(Boolean);
    const chosen = await choose({
      title: say("bookings-one", { day: times.day(appointment.day), time: times.time(appointment.starts_at) }),
      body: [make("p", {}, `${serviceName(this.#ui, appointment.service)} · ${say("bookings-people", { count: appointment.count })} · ${grouped(appointment.code)}`)],
      choices,
    });
    if (chosen === "check-in") await this.#checkIn(appointment);
    else if (chosen === "move") this.#section.move(appointment);
    else if (chosen === "code") this.#section.showCard(appointment, "bookings-its-code");
    else if (chosen === "cancel") await this.#cancel(appointment);
  }

  async #checkIn(appointment) {
    try {
      const { body } = await this.#ui.call("POST", "check-ins", { body: { code: appointment.code } });
      this.#ui.tell(say("bookings-checked-in-as", { number: body.number }));
    } catch (reason) {
      if (!(reason instanceof Refused)) throw reason;
      const at = reason.problem.opens_at;
      this.#ui.tell(refusalWords(reason, { time: at ? this.#ui.times.time(at) : "" }));
    }
    await this.#section.readAgain();
  }

  async #cancel(appointment) {
    const { times } = this.#ui;
    const done = await ask({
      title: say("bookings-cancel-title", { day: times.day(appointment.day), time: times.time(appointment.starts_at) }),
      body: [make("p", {}, say("bookings-cancel-about"))],
      confirm: say("bookings-cancel"),
      kind: "stop",
      act: () => this.#ui.call("DELETE", `appointments/${appointment.id}`),
      words: (reason) => (reason instanceof Refused ? refusalWords(reason, {}) : wordsOf(reason)),
    });
    if (done === null) return;
    this.#ui.tell(say("bookings-cancelled-told"));
    if (currentDraft().moving?.id === appointment.id) this.#section.move(null);
    await this.#section.readAgain();
    if (!document.activeElement || document.activeElement === document.body) document.getElementById("b-search")?.focus({ preventScroll: true });
  }
}

/** Move the focus from row to row with the arrow keys. */
function walkRows(event) {
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!step || !event.target.matches("button")) return;
  const buttons = [...event.currentTarget.querySelectorAll("tbody button")];
  const next = buttons[buttons.indexOf(event.target) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}
