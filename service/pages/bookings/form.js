/** The form to book an appointment, or to move one: service, number of people, time, and the person. */

import { make } from "/display/element.js";
import { newKey, Refused } from "/pages/api.js";
import { grouped } from "/pages/codes.js";
import { action, keepFocus } from "/pages/manage/parts.js";
import { say } from "/pages/texts.js";
import { whileBusy, wordsOf } from "/pages/ui.js";
import { currentDraft, hasChanged } from "./draft.js";
import { Picker } from "./picker.js";
import { CHANNEL_TEXTS, refusalWords, serviceName } from "./words.js";

const CHANNELS = ["hotline", "staff"];
const NAME_MAX = 200;
// Number of other times that are offered when the chosen time is full.
const NEAREST_MAX = 3;

/** The booking form of one drawing of the section. */
export class BookingForm {
  #ui;
  #section;
  #picker;
  #message = make("div", { id: "book-said", role: "status" });
  #submit = null;
  #hint = null;
  /** The services of the form, as JSON: the form changes when they do. */
  #offered = "";
  #service = null;
  #count = null;

  element = make("section", { id: "book-part" });

  /** @param {import("/pages/manage/parts.js").Ui} ui @param {import("./section.js").BookingsSection} section */
  constructor(ui, section) {
    this.#ui = ui;
    this.#section = section;
    this.#picker = new Picker(ui, (slot) => this.#onChosen(slot));
  }

  draw() {
    const ui = this.#ui;
    const { moving, starts_at } = currentDraft();
    this.#offered = this.#offeredServices();
    if (this.#services().length === 0) {
      this.#submit = null;
      this.element.replaceChildren(make("h3", {}, say("bookings-book")), make("p.quiet", {}, say("bookings-no-service")));
      return;
    }
    const service = make("select.input", { id: "b-service" });
    const count = make("select.input", { id: "b-count" });
    this.#service = service;
    this.#count = count;
    this.#fillServices();
    service.addEventListener("change", () => {
      currentDraft().service = service.value;
      this.#fillCount();
      this.readSlots();
    });
    count.addEventListener("change", () => {
      currentDraft().count = Number(count.value);
      this.readSlots();
    });
    this.#submit = make("button.button.primary", { type: "submit", id: "b-book" });
    this.#hint = make("p.small.quiet", { id: "b-why" });
    const subject = moving
      ? make("p", {}, say("bookings-moving", { code: grouped(moving.code), service: serviceName(this.#ui, moving.service), day: ui.times.day(moving.day), time: ui.times.time(moving.starts_at) }))
      : make("div.grid.what", {}, labelled(say("bookings-service"), service), labelled(say("bookings-count"), count));
    const form = make(
      "form.booking",
      { id: "b-form" },
      make("div.stack", {}, subject, make("div.field", {}, make("span.label", {}, say("bookings-soonest")), this.#picker.soonest, this.#picker.status), this.#picker.month),
      make("div.stack", {}, this.#picker.times, moving ? null : this.#personFields(), this.#message, make("div.field", {}, make("div.line.book-line", {}, this.#submit, moving ? action(ui, say("bookings-not-move"), () => this.move(null), { id: "b-leave" }) : null), this.#hint)),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#picker.chosen) whileBusy(this.#submit, () => (moving ? this.#submitMove() : this.#book()));
      else this.#picker.times.focus();
    });
    this.element.replaceChildren(make("h3", { id: "b-title", tabindex: "-1" }, say(moving ? "bookings-move-title" : "bookings-book"), " ", moving ? "" : make("kbd", { "aria-hidden": "true" }, "B")), form);
    this.#onChosen(this.#picker.chosen);
    this.readSlots({ starts_at });
  }

  #services() {
    return this.#ui.hall.services.filter(({ bookable, online_url }) => bookable && !online_url);
  }

  #offeredServices() {
    return JSON.stringify(this.#services().map(({ id, name, count_max }) => [id, name, count_max]));
  }

  /** Fill the list of services, and that of the numbers of people for the chosen service. */
  #fillServices() {
    const services = this.#services();
    if (!services.some(({ id }) => id === currentDraft().service)) currentDraft().service = services[0].id;
    this.#service.replaceChildren(...services.map(({ id }) => make("option", { value: id, selected: id === currentDraft().service }, serviceName(this.#ui, id))));
    this.#fillCount();
  }

  #fillCount() {
    const most = this.#services().find(({ id }) => id === currentDraft().service).count_max;
    currentDraft().count = Math.min(currentDraft().count, most);
    this.#count.replaceChildren(...Array.from({ length: most }, (_, n) => make("option", { value: n + 1, selected: n + 1 === currentDraft().count }, say("bookings-people", { count: n + 1 }))));
  }

  #personFields() {
    const name = make("input.input", { id: "b-name", required: true, maxlength: NAME_MAX, autocomplete: "off", spellcheck: "false" });
    const phone = make("input.input", { id: "b-phone", type: "tel", required: currentDraft().channel === "hotline", maxlength: 32, autocomplete: "off" });
    const channel = make("select.input", { id: "b-channel" }, CHANNELS.map((code) => make("option", { value: code, selected: code === currentDraft().channel }, say(CHANNEL_TEXTS[code]))));
    name.value = currentDraft().name;
    phone.value = currentDraft().phone;
    name.addEventListener("input", () => this.#setField("name", name.value));
    phone.addEventListener("input", () => this.#setField("phone", phone.value));
    channel.addEventListener("change", () => {
      this.#setField("channel", channel.value);
      phone.required = channel.value === "hotline";
    });
    return make("div.grid", {}, labelled(say("bookings-name"), name), labelled(say("bookings-phone"), phone, say("bookings-phone-hint")), labelled(say("bookings-channel"), channel));
  }

  /** Change a field of the draft. It is another booking then, which needs a new key. */
  #setField(name, value) {
    currentDraft()[name] = value;
    currentDraft().key = newKey();
  }

  /** Read the free times. @param {{starts_at?: string, on?: string}} [keep] what stays chosen or shown */
  readSlots(keep) {
    currentDraft().key = newKey();
    this.#message.replaceChildren();
    const booking = currentDraft().moving ?? currentDraft();
    return this.#picker.read(booking.service, booking.count, keep).catch(this.#ui.fail);
  }

  #onChosen(slot) {
    if ((slot?.starts_at ?? null) !== currentDraft().starts_at) currentDraft().key = newKey();
    currentDraft().starts_at = slot?.starts_at ?? null;
    if (!this.#submit) return;
    const { times } = this.#ui;
    const args = slot ? { day: times.day(times.on(slot.starts_at)), time: times.time(slot.starts_at) } : {};
    this.#submit.disabled = slot === null;
    this.#submit.textContent = slot ? say(currentDraft().moving ? "bookings-move-to" : "bookings-book-at", args) : say(currentDraft().moving ? "bookings-move" : "bookings-book");
    this.#hint.textContent = slot ? "" : say("bookings-choose-first");
    this.#submit.toggleAttribute("aria-describedby", false);
    if (!slot) this.#submit.setAttribute("aria-describedby", "b-why");
  }

  async #book() {
    const draft = currentDraft();
    const sent = { ...draft };
    const { service, count, starts_at, name, phone, channel, key } = sent;
    const applicant = { name: name.trim(), ...(phone.trim() ? { phone: phone.trim() } : {}) };
    await this.#runAndReport(sent, async () => {
      const { body } = await this.#ui.call("POST", "appointments", { body: { service, count, starts_at, channel, applicant }, key });
      if (draft !== currentDraft()) return; // another clerk has signed in
      const isForNext = hasChanged(sent);
      this.#clear(sent);
      this.#section.showCard(body, "bookings-made", { told: isForNext ? "bookings-made-told" : null });
      await this.#section.readDay(this.#ui.times.on(body.starts_at));
    });
  }

  /** Remove what was booked from the form. Fields that were changed in the meantime are for the next caller, and stay. */
  #clear(sent) {
    for (const field of ["name", "phone"].filter((name) => currentDraft()[name] === sent[name])) {
      currentDraft()[field] = "";
      const input = document.getElementById(`b-${field}`);
      if (input) input.value = "";
    }
    if (currentDraft().starts_at === sent.starts_at) currentDraft().starts_at = null;
    if (this.#ui.signal.aborted) return; // the section was drawn again in the meantime
    if (currentDraft().starts_at === null) this.#picker.take(null);
    this.readSlots();
  }

  async #submitMove() {
    const draft = currentDraft();
    const sent = { ...draft };
    const { moving, starts_at, key } = sent;
    await this.#runAndReport(sent, async () => {
      const { body } = await this.#ui.call("PATCH", `appointments/${moving.id}`, { body: { starts_at }, key });
      if (draft !== currentDraft()) return; // another clerk has signed in
      const isForNext = hasChanged(sent);
      if (!isForNext) this.move(null);
      else if (currentDraft().moving === moving) this.#continueMove(body);
      this.#section.showCard(body, "bookings-moved", { told: isForNext ? "bookings-moved-told" : null });
      await this.#section.readAgain(this.#ui.times.on(body.starts_at));
    });
  }

  /** The clerk has chosen another time in the meantime: move the appointment again, from its new time. */
  #continueMove(appointment) {
    currentDraft().moving = { ...appointment, day: this.#ui.times.on(appointment.starts_at) };
    keepFocus(() => this.draw());
  }

  /** Run an act, and show beside the button why it was refused. @param {import("./draft.js").Draft} sent @param {() => Promise<void>} act */
  async #runAndReport(sent, act) {
    const draft = currentDraft();
    this.#message.replaceChildren();
    try {
      await act();
    } catch (reason) {
      if (draft !== currentDraft()) return; // another clerk has signed in
      if (!(reason instanceof Refused)) {
        this.#message.replaceChildren(make("p.message", {}, wordsOf(reason)));
        return; // it may have been carried out: the next press sends the same key
      }
      currentDraft().key = newKey();
      await this.#showRefusal(reason, sent);
    }
  }

  /** Show a refusal with other times. If the clerk is busy with the next caller, name the booking that failed, and leave the form as it is. */
  async #showRefusal(reason, sent) {
    const { times } = this.#ui;
    const on = times.on(sent.starts_at);
    const isForNext = hasChanged(sent);
    const nearest = reason.code === "slot-full" && !isForNext ? (reason.problem.slots ?? []).slice(0, NEAREST_MAX) : [];
    const words = isForNext && reason.code === "slot-full" ? say("bookings-just-taken") : refusalWords(reason, { time: times.time(sent.starts_at), count: nearest.length });
    const alternatives = nearest.map((slot, place) => {
      const other = times.on(slot.starts_at);
      const button = make("button.button", { type: "button", id: `nearest-${place}` }, other === on ? times.time(slot.starts_at) : `${times.day(other)} ${times.time(slot.starts_at)}`);
      button.addEventListener("click", () => {
        this.#message.replaceChildren();
        this.#picker.take(slot);
        this.#submit.focus();
      });
      return button;
    });
    const subject = isForNext ? say("bookings-not-made", { who: sent.moving ? grouped(sent.moving.code) : sent.name.trim(), day: times.day(on), time: times.time(sent.starts_at) }) : null;
    if (this.#ui.signal.aborted) return this.#ui.tell([subject, words].filter(Boolean).join(" ")); // the section was drawn again in the meantime
    const message = [make("div.message", {}, subject ? make("p", {}, make("b", {}, subject)) : null, make("p", {}, subject ? words : make("b", {}, words)), alternatives.length > 0 ? make("div.line.ways", {}, alternatives) : null)];
    const booking = currentDraft().moving ?? currentDraft();
    if (["slot-full", "slot-not-offered"].includes(reason.code)) await this.#picker.read(booking.service, booking.count, isForNext ? { starts_at: currentDraft().starts_at } : { on }).catch(this.#ui.fail);
    this.#message.replaceChildren(...message);
    this.#message.querySelector("button")?.focus();
  }

  /** Start to move an appointment, or stop with null. @param {object | null} appointment */
  move(appointment) {
    currentDraft().moving = appointment;
    currentDraft().starts_at = null;
    this.#picker.take(null);
    this.draw();
    document.getElementById("b-title")?.focus({ preventScroll: true });
    this.element.scrollIntoView({ block: "start" });
  }

  /** Follow changes of the hall's services, unless a request is running. What is typed stays. */
  followServices() {
    if (this.#offeredServices() === this.#offered || this.#submit?.getAttribute("aria-busy") === "true") return;
    if (this.#submit === null || this.#services().length === 0) {
      keepFocus(() => this.draw());
      return;
    }
    const { service, count } = currentDraft();
    this.#offered = this.#offeredServices();
    this.#fillServices();
    if (currentDraft().moving === null && (currentDraft().service !== service || currentDraft().count !== count)) this.readSlots();
  }
}

function labelled(label, control, hint) {
  if (hint) control.setAttribute("aria-describedby", `${control.id}-hint`);
  return make("div.field", {}, make("label", { for: control.id }, label), control, hint ? make("p.small.quiet", { id: `${control.id}-hint` }, hint) : null);
}
