/**
 * Bookings: find one by what a caller says, book for them, move and cancel, check in, and a day's appointments in the order of time.
 *
 * For a clerk with a phone in one hand: `/` looks for somebody, `B` books, arrow keys choose days and times, Enter does the rest.
 * Names and phones stay in the fields: nothing of them is in an address, and lists have none.
 */

import { make } from "/display/element.js";
import { newKey, Refused } from "/pages/api.js";
import { grouped, sought } from "/pages/codes.js";
import { pick } from "/pages/language.js";
import { action, allOf, head, keepFocus, part, table } from "/pages/manage/parts.js";
import { serviceOf } from "/pages/outlook.js";
import { printAlone } from "/pages/print.js";
import { isSaid, languageNow, say } from "/pages/texts.js";
import { ask, choose, whileBusy, wordsOf } from "/pages/ui.js";
import { card } from "./card.js";
import { Picker } from "./picker.js";
import { inOrderOfTime, shifted } from "./slots.js";

const STATE_WORDS = { held: "bookings-held", booked: "bookings-booked", checked_in: "bookings-checked-in", cancelled: "bookings-cancelled", expired: "bookings-expired", missed: "bookings-missed" };
const CHANNEL_WORDS = { web: "bookings-channel-web", qr: "bookings-channel-qr", kiosk: "bookings-channel-kiosk", staff: "bookings-channel-staff", hotline: "bookings-channel-hotline" };
const CHANNELS = ["hotline", "staff"];
const MOVABLE = new Set(["held", "booked"]);
const NAME_MAX = 200;
// More ways on than these are a list, not a help.
const NEAREST_MAX = 3;

const nothing = () => ({ service: "", count: 1, starts_at: null, name: "", phone: "", channel: "hotline", moving: null, on: "", made: null, key: newKey() });
/** What is typed, chosen and made outlives a drawing: a switch of the language, a look at another section. */
let kept = nothing();
/** Whose that is: the next one who signs in gets nothing of it. */
let whose = null;

/** @param {import("/pages/manage/parts.js").Ui} ui */
export function bookings(ui) {
  const account = ui.who.session?.account?.id ?? "";
  if (account !== whose) kept = nothing();
  whose = account;
  const clerk = new Clerk(ui);
  return clerk.draw();
}

class Clerk {
  #ui;
  #picker;
  #found = make("div.stack", { id: "found", role: "status" });
  #made = make("div", { id: "made", tabindex: "-1" });
  #form = make("section", { id: "book-part" });
  #list = make("div", { id: "day-list" });
  #said = make("div", { id: "book-said", role: "status" });
  #day = make("input.input.date", { type: "date", id: "day-on", min: "2000-01-01", max: "2999-12-31" });
  #submit = null;
  #why = null;
  #asked = 0;
  #seen = "";
  /** The services that the form offers, as it offers them. */
  #offered = "";
  #service = null;
  #count = null;
  /** What a search found, asked again after each act, and how many pages of it are shown. */
  #wanted = null;
  #pages = 1;

  constructor(ui) {
    this.#ui = ui;
    this.#picker = new Picker(ui, (slot) => this.#chosen(slot));
    this.#day.value = kept.on || ui.today();
    this.#day.addEventListener("change", () => this.#showDay(this.#day.value));
  }

  draw() {
    const ui = this.#ui;
    this.#drawForm();
    this.#drawMade();
    this.#readDay().catch(ui.fail);
    ui.onFacts(() => {
      this.#followServices();
      this.#followDay();
    });
    document.addEventListener("keydown", (event) => this.#key(event), { signal: ui.signal });
    const isManager = ui.who.roles.has("manager");
    const desk = make("a", { href: `/halls/${encodeURIComponent(ui.hall.id)}/desk`, id: "to-desk" }, say("bookings-desk"));
    return [head(say("bookings-title"), isManager && !document.body.matches(".alone") ? [say("bookings-about"), " ", desk] : say("bookings-about")), this.#searchPart(), this.#made, this.#form, this.#dayPart()];
  }

  #key(event) {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    if (document.querySelector("dialog[open]") || event.target.closest?.("input, select, textarea, sign-in")) return;
    const target = event.code === "Slash" && !event.shiftKey ? "b-search" : event.code === "KeyB" && !event.shiftKey ? "b-service" : null;
    const field = target && document.getElementById(target);
    if (!field) return;
    event.preventDefault();
    field.focus();
    field.select?.();
  }

  // Finding.

  #searchPart() {
    const input = make("input.input", { id: "b-search", type: "search", required: true, maxlength: 64, autocomplete: "off", spellcheck: "false", "aria-describedby": "b-search-hint" });
    const button = make("button.button", { type: "submit" }, say("bookings-find"));
    const form = make(
      "form.stack",
      { role: "search" },
      make("div.field", {}, make("label", { for: "b-search" }, say("bookings-find-label"), " ", make("kbd", { "aria-hidden": "true" }, "/")), make("div.line.search-line", {}, input, button), make("p.small.quiet", { id: "b-search-hint" }, say("bookings-find-hint"))),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#wanted = sought(input.value);
      this.#pages = 1;
      whileBusy(button, () => this.#search().catch(this.#ui.fail));
    });
    return make("section", {}, form, this.#found);
  }

  async #search() {
    if (this.#wanted === null) return;
    let found = null;
    for (const wanted of this.#wanted) {
      found = await this.#pagesOf(wanted);
      if (found.items.length + found.appointments.length > 0) break;
    }
    const booked = found.appointments.length > 0 ? [this.#tableOf(found.appointments, say("bookings-found"), "found", { withDay: true })] : [];
    const tickets = found.items.map((ticket) => make("p", {}, say("bookings-found-ticket", { number: ticket.number, day: this.#ui.times.day(ticket.day), service: this.#serviceName(ticket.service) })));
    const none = booked.length + tickets.length === 0 ? [make("p.message", {}, say("bookings-found-none"))] : [];
    const more = found.isWhole ? [] : [make("div.line", {}, make("p.message.heed", {}, say("bookings-found-more")), action(this.#ui, say("bookings-more"), () => this.#showMore(), { id: "found-more" }))];
    keepFocus(() => this.#found.replaceChildren(...booked, ...tickets, ...none, ...more));
  }

  async #pagesOf(wanted) {
    const found = { items: [], appointments: [], isWhole: false };
    let cursor = null;
    for (let page = 0; page < this.#pages && !found.isWhole; page += 1) {
      const { body } = await this.#ui.call("POST", "search", { body: wanted, query: { cursor } });
      found.items.push(...body.items);
      found.appointments.push(...body.appointments);
      cursor = body.next_cursor;
      found.isWhole = cursor === null;
    }
    return found;
  }

  #showMore() {
    this.#pages += 1;
    return this.#search();
  }

  // Booking and moving.

  #services() {
    return this.#ui.hall.services.filter(({ bookable, online_url }) => bookable && !online_url);
  }

  #serviceName(id) {
    return pick(serviceOf(this.#ui.hall, id)?.name, languageNow()).text || id;
  }

  #drawForm() {
    const ui = this.#ui;
    const { moving, starts_at } = kept;
    this.#offered = this.#offer();
    if (this.#services().length === 0) {
      this.#submit = null;
      this.#form.replaceChildren(make("h3", {}, say("bookings-book")), make("p.quiet", {}, say("bookings-no-service")));
      return;
    }
    const service = make("select.input", { id: "b-service" });
    const count = make("select.input", { id: "b-count" });
    this.#service = service;
    this.#count = count;
    this.#fill();
    service.addEventListener("change", () => {
      kept.service = service.value;
      this.#fillCount();
      this.#ask();
    });
    count.addEventListener("change", () => {
      kept.count = Number(count.value);
      this.#ask();
    });
    this.#submit = make("button.button.primary", { type: "submit", id: "b-book" });
    this.#why = make("p.small.quiet", { id: "b-why" });
    const what = moving
      ? make("p", {}, say("bookings-moving", { code: grouped(moving.code), service: this.#serviceName(moving.service), day: ui.times.day(moving.day), time: ui.times.time(moving.starts_at) }))
      : make("div.grid.what", {}, labelled(say("bookings-service"), service), labelled(say("bookings-count"), count));
    const form = make(
      "form.booking",
      { id: "b-form" },
      make("div.stack", {}, what, make("div.field", {}, make("span.label", {}, say("bookings-soonest")), this.#picker.soonest, this.#picker.said), this.#picker.month),
      make("div.stack", {}, this.#picker.times, moving ? null : this.#person(), this.#said, make("div.field", {}, make("div.line.book-line", {}, this.#submit, moving ? action(ui, say("bookings-not-move"), () => this.#move(null), { id: "b-leave" }) : null), this.#why)),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#picker.chosen) whileBusy(this.#submit, () => (moving ? this.#moveNow() : this.#book()));
      else this.#picker.times.focus();
    });
    this.#form.replaceChildren(make("h3", { id: "b-title", tabindex: "-1" }, say(moving ? "bookings-move-title" : "bookings-book"), " ", moving ? "" : make("kbd", { "aria-hidden": "true" }, "B")), form);
    this.#chosen(this.#picker.chosen);
    this.#ask({ starts_at });
  }

  #offer() {
    return JSON.stringify(this.#services().map(({ id, name, count_max }) => [id, name, count_max]));
  }

  /** The services to choose from, and how many people may come for the chosen one. */
  #fill() {
    const services = this.#services();
    if (!services.some(({ id }) => id === kept.service)) kept.service = services[0].id;
    this.#service.replaceChildren(...services.map(({ id }) => make("option", { value: id, selected: id === kept.service }, this.#serviceName(id))));
    this.#fillCount();
  }

  #fillCount() {
    const most = this.#services().find(({ id }) => id === kept.service).count_max;
    kept.count = Math.min(kept.count, most);
    this.#count.replaceChildren(...Array.from({ length: most }, (_, n) => make("option", { value: n + 1, selected: n + 1 === kept.count }, say("bookings-people", { count: n + 1 }))));
  }

  #person() {
    const name = make("input.input", { id: "b-name", required: true, maxlength: NAME_MAX, autocomplete: "off", spellcheck: "false" });
    const phone = make("input.input", { id: "b-phone", type: "tel", required: kept.channel === "hotline", maxlength: 32, autocomplete: "off" });
    const channel = make("select.input", { id: "b-channel" }, CHANNELS.map((one) => make("option", { value: one, selected: one === kept.channel }, say(CHANNEL_WORDS[one]))));
    name.value = kept.name;
    phone.value = kept.phone;
    name.addEventListener("input", () => this.#typed("name", name.value));
    phone.addEventListener("input", () => this.#typed("phone", phone.value));
    channel.addEventListener("change", () => {
      this.#typed("channel", channel.value);
      phone.required = channel.value === "hotline";
    });
    return make("div.grid", {}, labelled(say("bookings-name"), name), labelled(say("bookings-phone"), phone, say("bookings-phone-hint")), labelled(say("bookings-channel"), channel));
  }

  /** Another booking than the one before: what was asked with the old key is not it. */
  #typed(name, value) {
    kept[name] = value;
    kept.key = newKey();
  }

  #ask(keep) {
    kept.key = newKey();
    this.#said.replaceChildren();
    const of = kept.moving ?? kept;
    return this.#picker.read(of.service, of.count, keep).catch(this.#ui.fail);
  }

  #chosen(slot) {
    if ((slot?.starts_at ?? null) !== kept.starts_at) kept.key = newKey();
    kept.starts_at = slot?.starts_at ?? null;
    if (!this.#submit) return;
    const { times } = this.#ui;
    const args = slot ? { day: times.day(times.on(slot.starts_at)), time: times.time(slot.starts_at) } : {};
    this.#submit.disabled = slot === null;
    this.#submit.textContent = slot ? say(kept.moving ? "bookings-move-to" : "bookings-book-at", args) : say(kept.moving ? "bookings-move" : "bookings-book");
    this.#why.textContent = slot ? "" : say("bookings-choose-first");
    this.#submit.toggleAttribute("aria-describedby", false);
    if (!slot) this.#submit.setAttribute("aria-describedby", "b-why");
  }

  async #book() {
    const [mine, sent] = [kept, { ...kept }];
    const { service, count, starts_at, name, phone, channel, key } = sent;
    const applicant = { name: name.trim(), ...(phone.trim() ? { phone: phone.trim() } : {}) };
    await this.#tried(sent, async () => {
      const { body } = await this.#ui.call("POST", "appointments", { body: { service, count, starts_at, channel, applicant }, key });
      if (mine !== kept) return; // somebody else sits here now
      const isForNext = hasGoneOn(sent);
      this.#clear(sent);
      this.#showMade(body, "bookings-made", { told: isForNext ? "bookings-made-told" : null });
      await this.#readDay(this.#ui.times.on(body.starts_at));
    });
  }

  /** Take away what was booked; what was typed or chosen meanwhile is for the next caller, and stays. */
  #clear(sent) {
    for (const what of ["name", "phone"].filter((one) => kept[one] === sent[one])) {
      kept[what] = "";
      const field = document.getElementById(`b-${what}`);
      if (field) field.value = "";
    }
    if (kept.starts_at === sent.starts_at) kept.starts_at = null;
    if (this.#ui.signal.aborted) return; // drawn anew meanwhile
    if (kept.starts_at === null) this.#picker.take(null);
    this.#ask();
  }

  async #moveNow() {
    const [mine, sent] = [kept, { ...kept }];
    const { moving, starts_at, key } = sent;
    await this.#tried(sent, async () => {
      const { body } = await this.#ui.call("PATCH", `appointments/${moving.id}`, { body: { starts_at }, key });
      if (mine !== kept) return; // somebody else sits here now
      const isForNext = hasGoneOn(sent);
      if (!isForNext) this.#move(null);
      else if (kept.moving === moving) this.#movedOn(body);
      this.#showMade(body, "bookings-moved", { told: isForNext ? "bookings-moved-told" : null });
      await this.#again(this.#ui.times.on(body.starts_at));
    });
  }

  /** It has the time that was sent, and is to have another, chosen meanwhile. */
  #movedOn(appointment) {
    kept.moving = { ...appointment, day: this.#ui.times.on(appointment.starts_at) };
    keepFocus(() => this.#drawForm());
  }

  /** Do it; what stands in the way is said beside the button, with one way forward. @param {typeof kept} sent what was asked for */
  async #tried(sent, act) {
    const mine = kept;
    this.#said.replaceChildren();
    try {
      await act();
    } catch (reason) {
      if (mine !== kept) return; // somebody else sits here now
      if (!(reason instanceof Refused)) {
        this.#said.replaceChildren(make("p.message", {}, wordsOf(reason)));
        return; // not known whether it was done: the same key is sent with the next press
      }
      kept.key = newKey();
      await this.#refused(reason, sent);
    }
  }

  /** Say why; where the clerk is busy with the next caller, of whom and which time that is, and the form stays theirs. */
  async #refused(reason, sent) {
    const { times } = this.#ui;
    const on = times.on(sent.starts_at);
    const isForNext = hasGoneOn(sent);
    const nearest = reason.code === "slot-full" && !isForNext ? (reason.problem.slots ?? []).slice(0, NEAREST_MAX) : [];
    const words = isForNext && reason.code === "slot-full" ? say("bookings-just-taken") : refusalWords(reason, { time: times.time(sent.starts_at), count: nearest.length });
    const ways = nearest.map((slot, place) => {
      const other = times.on(slot.starts_at);
      const button = make("button.button", { type: "button", id: `nearest-${place}` }, other === on ? times.time(slot.starts_at) : `${times.day(other)} ${times.time(slot.starts_at)}`);
      button.addEventListener("click", () => {
        this.#said.replaceChildren();
        this.#picker.take(slot);
        this.#submit.focus();
      });
      return button;
    });
    const whose = isForNext ? say("bookings-not-made", { who: sent.moving ? grouped(sent.moving.code) : sent.name.trim(), day: times.day(on), time: times.time(sent.starts_at) }) : null;
    if (this.#ui.signal.aborted) return this.#ui.tell([whose, words].filter(Boolean).join(" ")); // drawn anew meanwhile
    const message = [make("div.message", {}, whose ? make("p", {}, make("b", {}, whose)) : null, make("p", {}, whose ? words : make("b", {}, words)), ways.length > 0 ? make("div.line.ways", {}, ways) : null)];
    const of = kept.moving ?? kept;
    if (["slot-full", "slot-not-offered"].includes(reason.code)) await this.#picker.read(of.service, of.count, isForNext ? { starts_at: kept.starts_at } : { on }).catch(this.#ui.fail);
    this.#said.replaceChildren(...message);
    this.#said.querySelector("button")?.focus();
  }

  #move(appointment) {
    kept.moving = appointment;
    kept.starts_at = null;
    this.#picker.take(null);
    this.#drawForm();
    document.getElementById("b-title")?.focus({ preventScroll: true });
    this.#form.scrollIntoView({ block: "start" });
  }

  /** @param {{told?: string | null}} [how] what is told to a clerk who is busy with the next caller: the keyboard stays there */
  #showMade(appointment, words, { told = null } = {}) {
    kept.made = { appointment, words };
    if (this.#ui.signal.aborted) return this.#ui.redraw(); // in another language, say
    this.#drawMade();
    const { times } = this.#ui;
    if (told) this.#ui.tell(say(told, { day: times.day(times.on(appointment.starts_at)), time: times.time(appointment.starts_at) }));
    else this.#made.focus({ preventScroll: true });
    this.#made.scrollIntoView({ block: "nearest" });
  }

  #drawMade() {
    if (kept.made === null) return;
    const ui = this.#ui;
    const { appointment, words } = kept.made;
    this.#made.replaceChildren(
      card(ui, appointment, say(words), this.#serviceName(appointment.service)),
      make(
        "div.line",
        {},
        action(ui, say("bookings-print"), () => printAlone(this.#made.querySelector(".booked-card"))),
        action(
          ui,
          say("bookings-card-away"),
          () => {
            kept.made = null;
            this.#made.replaceChildren();
            document.getElementById("b-search").focus();
          },
          { id: "card-away" },
        ),
      ),
    );
  }

  // The day.

  #dayPart() {
    const ui = this.#ui;
    const step = (words, days, id) => action(ui, words, () => this.#showDay(shifted(this.#day.value || ui.today(), days)), { id });
    return part(
      say("bookings-day"),
      make(
        "div.line",
        {},
        step(say("bookings-day-before"), -1, "day-before"),
        make("div.field", {}, make("label.hidden", { for: "day-on" }, say("bookings-day-on")), this.#day),
        step(say("bookings-day-after"), 1, "day-after"),
        action(ui, say("bookings-today"), () => this.#showDay(ui.today()), { id: "day-today" }),
      ),
      this.#list,
    );
  }

  async #showDay(on) {
    this.#day.value = on;
    kept.on = on === this.#ui.today() ? "" : on;
    await this.#readDay().catch(this.#ui.fail);
  }

  /** The form follows the hall document, but for one that is on its way; what is typed stays as it is. */
  #followServices() {
    if (this.#offer() === this.#offered || this.#submit?.getAttribute("aria-busy") === "true") return;
    if (this.#submit === null || this.#services().length === 0) {
      keepFocus(() => this.#drawForm());
      return;
    }
    const { service, count } = kept;
    this.#offered = this.#offer();
    this.#fill();
    if (kept.moving === null && (kept.service !== service || kept.count !== count)) this.#ask();
  }

  /** Today's list follows the hall. */
  #followDay() {
    const facts = this.#ui.facts();
    const seen = `${facts?.day} ${facts?.seq}`;
    if (seen === this.#seen || this.#day.value !== this.#ui.today()) return;
    this.#seen = seen;
    this.#readDay().catch(() => undefined);
  }

  async #readDay(on = null) {
    if (on) {
      this.#day.value = on;
      kept.on = on === this.#ui.today() ? "" : on;
    }
    this.#asked += 1;
    const mine = this.#asked;
    const date = this.#day.value || this.#ui.today();
    let over = new Set();
    const call = async (...request) => {
      const reply = await this.#ui.call(...request);
      over = new Set(reply.body.over_capacity);
      return reply;
    };
    const items = inOrderOfTime(await allOf(call, "appointments", { on: date }));
    if (this.#ui.signal.aborted || mine !== this.#asked) return;
    const live = items.filter(({ state }) => state === "booked" || state === "checked_in").length;
    keepFocus(() =>
      this.#list.replaceChildren(
        make("p", {}, make("b", {}, this.#ui.times.day(date)), " ", make("span.quiet", {}, say("bookings-day-sum", { count: live }))),
        ...(over.size > 0 ? [make("p.message.heed", {}, say("bookings-day-over", { count: over.size }))] : []),
        items.length > 0 ? this.#tableOf(items, say("bookings-day"), "day", { over }) : make("p.quiet", {}, say("bookings-day-none")),
      ),
    );
  }

  #tableOf(items, caption, where, { withDay = false, over = new Set() } = {}) {
    const { times } = this.#ui;
    const rows = items.map((one) => ({
      attributes: { "data-code": one.code, "data-state": one.state },
      cells: [
        [withDay ? make("span.block.small", {}, times.day(one.day)) : null, make("span", {}, times.time(one.starts_at))],
        this.#serviceName(one.service),
        String(one.count),
        make("code", {}, grouped(one.code)),
        [make(one.state === "booked" ? "span.tag.booked" : one.state === "checked_in" ? "span.tag.open" : "span.tag", {}, say(STATE_WORDS[one.state])), over.has(one.id) ? make("span.tag.over", {}, say("bookings-over")) : null],
        say(CHANNEL_WORDS[one.channel] ?? "bookings-channel-web"),
        this.#actsOf(one, where),
      ],
    }));
    const made = table(caption, [say("bookings-time"), say("bookings-service"), say("bookings-count-head"), say("bookings-code"), say("bookings-state"), say("bookings-channel"), say("bookings-acts")], rows, { numbers: [2] });
    made.classList.add("bookings-of");
    made.addEventListener("keydown", walkRows);
    return made;
  }

  #actsOf(one, where) {
    if (!MOVABLE.has(one.state)) return "";
    return action(this.#ui, say("bookings-open"), () => this.#open(one), { id: `${where}-${one.code}`, "aria-haspopup": "dialog", "aria-label": say("bookings-open-one", { time: this.#ui.times.time(one.starts_at), code: grouped(one.code) }) });
  }

  async #open(one) {
    const { times } = this.#ui;
    const choices = [
      one.state === "booked" && one.day === this.#ui.today() ? { id: "check-in", label: say("bookings-check-in"), key: "I" } : null,
      one.state === "booked" ? { id: "move", label: say("bookings-move"), key: "M" } : null,
      one.state === "booked" ? { id: "code", label: say("bookings-show-code"), key: "C" } : null,
      { id: "cancel", label: say("bookings-cancel"), key: "X" },
    ].filter(Boolean);
    const chosen = await choose({
      title: say("bookings-one", { day: times.day(one.day), time: times.time(one.starts_at) }),
      body: [make("p", {}, `${this.#serviceName(one.service)} · ${say("bookings-people", { count: one.count })} · ${grouped(one.code)}`)],
      choices,
    });
    if (chosen === "check-in") await this.#checkIn(one);
    else if (chosen === "move") this.#move(one);
    else if (chosen === "code") this.#showMade(one, "bookings-its-code");
    else if (chosen === "cancel") await this.#cancel(one);
  }

  async #checkIn(one) {
    try {
      const { body } = await this.#ui.call("POST", "check-ins", { body: { code: one.code } });
      this.#ui.tell(say("bookings-checked-in-as", { number: body.number }));
    } catch (reason) {
      if (!(reason instanceof Refused)) throw reason;
      const at = reason.problem.opens_at;
      this.#ui.tell(refusalWords(reason, { time: at ? this.#ui.times.time(at) : "" }));
    }
    await this.#again();
  }

  async #cancel(one) {
    const { times } = this.#ui;
    const done = await ask({
      title: say("bookings-cancel-title", { day: times.day(one.day), time: times.time(one.starts_at) }),
      body: [make("p", {}, say("bookings-cancel-about"))],
      confirm: say("bookings-cancel"),
      kind: "stop",
      act: () => this.#ui.call("DELETE", `appointments/${one.id}`),
      words: (reason) => (reason instanceof Refused ? refusalWords(reason, {}) : wordsOf(reason)),
    });
    if (done === null) return;
    this.#ui.tell(say("bookings-cancelled-told"));
    if (kept.moving?.id === one.id) this.#move(null);
    await this.#again();
    if (!document.activeElement || document.activeElement === document.body) document.getElementById("b-search")?.focus({ preventScroll: true });
  }

  /** Lists as they are now: the day, and what was found. */
  async #again(on = null) {
    await Promise.all([this.#readDay(on), this.#search(), this.#ask({ starts_at: kept.starts_at })]).catch(this.#ui.fail);
  }
}

/** Whether the clerk has typed or chosen something else since: for the next caller, say. */
function hasGoneOn(sent) {
  return ["service", "count", "starts_at", "name", "phone", "channel", "moving"].some((what) => kept[what] !== sent[what]);
}

/** A refusal in the words of bookings, or else in those of all pages. */
function refusalWords(reason, args) {
  const id = `bookings-refused-${reason.code}`;
  return isSaid(id) ? say(id, args) : wordsOf(reason);
}

/** Up and down from row to row. */
function walkRows(event) {
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!step || !event.target.matches("button")) return;
  const buttons = [...event.currentTarget.querySelectorAll("tbody button")];
  const next = buttons[buttons.indexOf(event.target) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

function labelled(label, control, hint) {
  if (hint) control.setAttribute("aria-describedby", `${control.id}-hint`);
  return make("div.field", {}, make("label", { for: control.id }, label), control, hint ? make("p.small.quiet", { id: `${control.id}-hint` }, hint) : null);
}
