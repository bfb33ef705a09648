/**
 * The page of a hall on a phone: its services, taking a number, booking a time, and the person's own appointments.
 *
 * Each step has an address, so that the browser's Back button works. Choices and typed texts are stored in the tab, so that a reload loses
 * nothing. Addresses contain no personal data. A link may bring the token of an appointment in its fragment, which no server receives; the
 * page removes it from the address as soon as it is stored.
 */

import { HallClock } from "/display/clock.js";
import { make } from "/display/element.js";
import { usable } from "/display/usable.js";
import { Refused, call, inHall } from "/pages/api.js";
import { tokenIn } from "/pages/codes.js";
import { untilRead } from "/pages/first.js";
import { BookingDraft, storeOwn } from "/pages/phone-store.js";
import { isStaffed, outlookOf } from "/pages/outlook.js";
import { button, draw, nameOf, upper } from "/pages/phone.js";
import { say, texts } from "/pages/texts.js";
import "/pages/theme.js";
import { HallTimes } from "/pages/times.js";
import { wordsOf } from "/pages/ui.js";
import { appointment } from "/pages/applicant/steps/appointment.js";
import { details } from "/pages/applicant/steps/details.js";
import { home } from "/pages/applicant/steps/home.js";
import { review } from "/pages/applicant/steps/review.js";
import { service } from "/pages/applicant/steps/service.js";
import { isOld, time } from "/pages/applicant/steps/time.js";
import { dropHold, hold } from "/pages/applicant/book.js";
import { noteHolds } from "/pages/applicant/holds.js";
import { refusalOf } from "/pages/applicant/refusals.js";
import { patchDom } from "/pages/applicant/dom-patch.js";

// The hall is read again when the last reading is older than this.
const FRESH_MS = 60_000;
const CHECK_MS = 5000;
// If the hall could not be read for this long, the page shows the time of the last reading, and no waits.
const OLD_MS = 90_000;
// For this long after a refusal, an answer may come from a process that has not read the reason for it yet.
const PROCESS_DELAY_MS = 2000;
const STEPS = { home, service, time, details, review, appointment, move: time };
/** Steps that show the current state of the hall. */
const WATCHED = new Set(["home", "service"]);
/** Steps of a booking that is not finished. */
const BOOKING_STEPS = new Set(["time", "details", "review"]);
/** By problem code: whether the reason for a refusal no longer holds. */
const REFUSAL_OVER = {
  "hall-suspended": ({ suspended }) => !suspended,
  "hall-closed": (hall) => hall.doors_open,
  "hall-full": (_hall, service) => service?.admission !== "full",
};
/** Where the Back arrow leads when the step was opened by its address. */
const PREVIOUS_STEP = { service: "home", time: "service", details: "time", review: "details", appointment: "home", move: "appointment" };

const part = (id) => document.getElementById(id);

/** The page: what its steps share. */
class ApplicantPage {
  /** The hall as `GET /v1/halls/{hall}` answers it. @type {any} */
  hall = null;
  /** The times that were offered last: `{asked, slots, read_ms}`. @type {any} */
  offered = null;
  /** The rules of the hall. @type {any} */
  rules = null;
  /** The suspension of the hall, from its board: text and end. @type {any} */
  suspended = null;
  /** @type {HallTimes} */
  times;
  /** @type {HallClock} */
  clock;
  /** Whether the last reading of the hall is so old that its waits are no longer shown. */
  old = false;
  #read_ms = -Infinity;
  #renewing = false;
  /** @type {{words: () => any, code: string | null, at_ms: number} | null} */
  #message = null;
  #leave = () => undefined;

  constructor(id) {
    this.id = id;
    this.call = inHall(id);
    this.booking = new BookingDraft(id);
  }

  /** The current step, with its service or appointment. */
  get place() {
    const asked = new URLSearchParams(location.search);
    const own = new URLSearchParams(location.hash.slice(1)).get("appointment");
    const named = asked.get("step");
    if (own) return { step: named === "move" ? "move" : "appointment", appointment: own, service: null };
    const wanted = this.service(asked.get("service"));
    const step = wanted ? (named in STEPS && named !== "move" && named !== "appointment" ? named : "service") : "home";
    return { step, service: wanted?.id ?? null, appointment: null };
  }

  /** @param {string | null} id */
  service(id) {
    return this.hall?.services.find((service) => service.id === id) ?? null;
  }

  /** The outlook for a new ticket of a service; null while no numbers are given out. @param {any} service */
  outlook({ admission, wait }) {
    const { hall } = this;
    if (!hall.doors_open || hall.suspended) return null;
    if (this.old) return "unknown";
    return outlookOf({ admission, shown: wait.shown }, { staffed: isStaffed(hall), now_ms: this.clock.now(), ends_at: hall.day_ends_at });
  }

  /** Go to a step. @param {{step: string, service?: string | null, appointment?: string | null}} place */
  go(place, { replace = false } = {}) {
    const address = new URL(location.href);
    const parameters = { step: ["home", "service", "appointment"].includes(place.step) ? null : place.step, service: place.step === "home" || place.appointment ? null : (place.service ?? this.place.service) };
    for (const [name, value] of Object.entries(parameters)) {
      if (value) address.searchParams.set(name, value);
      else address.searchParams.delete(name);
    }
    address.hash = place.appointment ? `appointment=${place.appointment}` : "";
    const to = address.href.replace(/#$/, "");
    if (replace) history.replaceState(history.state, "", to);
    else history.pushState({ inside: true, entry: this.booking.nextEntry() }, "", to);
    this.#message = null;
    this.show({ moved: true });
  }

  /** Go back by the arrow at the top. */
  back() {
    const { step, service: of, appointment: own } = this.place;
    // The history entry before a new appointment is the form of its booking, which must not be opened again.
    if (history.state?.inside && step !== "appointment") history.back();
    else this.go({ step: PREVIOUS_STEP[step], service: of, appointment: PREVIOUS_STEP[step] === "appointment" ? own : null }, { replace: true });
  }

  /** Draw the current step. @param {{moved?: boolean}} [options] `moved`: it is another step, so the focus goes to its title */
  show({ moved = false } = {}) {
    const { step } = this.place;
    this.#leave();
    this.#leave = () => undefined;
    this.#checkService();
    if (BOOKING_STEPS.has(step) && this.booking.isMade(history.state?.entry)) return this.go({ step: "home" }, { replace: true });
    const view = STEPS[step](this);
    if (view === null) return; // the step has opened another one
    this.#leave = view.leave ?? this.#leave;
    document.title = `${typeof view.title === "string" ? view.title : nameOf(this.hall.name)} · ${nameOf(this.hall.name)}`;
    document.body.dataset.step = step;
    const { id } = document.activeElement;
    draw({ ...view, back: step === "home" ? null : () => this.back(), dock: [make("div.said", { role: "status", id: "said" }), ...(view.dock ?? [])] });
    this.#drawMessage();
    part("dock").hidden = !view.dock?.length && this.#message === null;
    showWholeName(part("bar").querySelector("h1"));
    if (!moved && id && document.activeElement === document.body) part(id)?.focus({ preventScroll: true });
    if (!moved) return;
    scrollTo(0, 0);
    part("bar").querySelector("h1").focus({ preventScroll: true });
  }

  /** Show a message if the hall does not have the service in the address. A standby number for it is then not given up for another booking. */
  #checkService() {
    const { step } = this.place;
    const asked = new URLSearchParams(location.search).get("service");
    if (step !== "home" || !asked) return;
    if (this.booking.now.standby?.service === asked) this.booking.endStandby();
    this.#message = { words: () => ({ text: say("problem-service-not-found") }), code: null, at_ms: performance.now() };
  }

  /** Show why an act was refused, and what to do instead. @param {unknown} reason error of `call`; null removes the message */
  refuse(reason, again = null) {
    const code = reason instanceof Refused ? reason.code : null;
    this.#message = reason === null ? null : { words: () => refusalOf(this, reason, again) ?? { text: wordsOf(reason), ways: [] }, code, at_ms: performance.now() };
    this.#drawMessage();
    if (code in REFUSAL_OVER) this.renew({ now: true }); // the page itself then shows the state of the hall
  }

  /** Show a message with buttons. @param {() => {text: string, ways?: {label: string, act: () => unknown}[]}} message */
  tell(message) {
    this.#message = { words: message, code: null, at_ms: performance.now() };
    this.#drawMessage();
  }

  #drawMessage() {
    const place = part("said");
    const message = this.#message?.words();
    part("dock").hidden = part("dock").childElementCount < 2 && !message;
    if (!message) {
      place.replaceChildren();
      return;
    }
    const ways = (message.ways ?? []).map(({ label, act }) => button("", label, act));
    place.replaceChildren(make("div.message", {}, make("p", {}, make("b", {}, message.text)), ways.length ? make("div.times", {}, ways) : null));
  }

  /** Run the act of a button, and show why it was refused. @param {HTMLElement} pressed the button */
  async act(pressed, work) {
    if (pressed.getAttribute("aria-busy") === "true") return;
    pressed.setAttribute("aria-busy", "true");
    this.refuse(null);
    try {
      await work();
    } catch (reason) {
      this.refuse(reason, () => this.act(pressed, work));
    } finally {
      pressed.removeAttribute("aria-busy");
    }
  }

  /** Hold the same place again, if it is still free. */
  async holdAgain() {
    const { hold: held } = this.booking.now;
    dropHold(this);
    this.refuse(null);
    try {
      await hold(this, held.starts_at);
    } catch (reason) {
      this.refuse(reason, () => this.holdAgain());
      return;
    }
    this.show();
  }

  /** Read the hall again, and draw its current state. */
  async renew({ now = false } = {}) {
    if (this.#renewing) return;
    this.#renewing = true;
    const before_ms = this.#read_ms;
    try {
      await this.readHall({ now });
      this.old = false;
    } catch {
      this.old = this.#age_ms > OLD_MS;
    } finally {
      this.#renewing = false;
    }
    const { step } = this.place;
    showNetwork();
    if (step !== document.body.dataset.step) this.show({ moved: true }); // the hall no longer has the service
    else if (WATCHED.has(step) && (before_ms !== this.#read_ms || this.old)) this.drawAgain();
  }

  /** Draw the current step again in place: focus, typed text and unfolded parts stay. */
  drawAgain() {
    const view = STEPS[this.place.step](this);
    part("main").querySelector(":scope > .whole")?.remove();
    patchDom(part("main"), make("div", {}, view.main.filter(Boolean)));
    patchDom(part("dock"), make("div", {}, part("said").cloneNode(true), (view.dock ?? []).filter(Boolean)));
    part("dock").hidden = part("dock").childElementCount < 2 && this.#message === null;
    showWholeName(part("bar").querySelector("h1"));
  }

  /** Age of the last reading. Two clocks are used: one may stop while the phone sleeps, the other may be set back. */
  get #age_ms() {
    const slept_ms = this.hall ? this.clock.now() - Date.parse(this.hall.as_of_at) : 0;
    return Math.max(performance.now() - this.#read_ms, slept_ms);
  }

  /** Read the hall if the last reading is old. @param {{now?: boolean}} [options] `now`: read in any case */
  async readHall({ now = false } = {}) {
    const requested_ms = performance.now();
    if (!now && this.#age_ms < FRESH_MS) return;
    const [hall, rules] = await Promise.all([call("GET", `/v1/halls/${encodeURIComponent(this.id)}`), this.rules ? { body: this.rules } : this.call("GET", "rules")]);
    const board = hall.body.suspended ? await this.call("GET", "board").catch(() => null) : null; // without the board a general text is shown
    this.#read_ms = performance.now();
    this.hall = hall.body;
    this.suspended = board?.body.suspended ?? null;
    this.rules = rules.body;
    this.times ??= new HallTimes(this.hall.time_zone);
    this.clock ??= new HallClock(this.hall.time_zone);
    this.clock.heard(Date.parse(this.hall.as_of_at));
    const isOver = this.#message && REFUSAL_OVER[this.#message.code]?.(this.hall, this.service(this.place.service));
    if (isOver && requested_ms - this.#message.at_ms > PROCESS_DELAY_MS) this.refuse(null);
  }

  /** Current date of the hall. */
  get today() {
    return this.times.on(this.clock.now());
  }

  /** A day within a sentence: today, tomorrow, or its date. @param {string} on */
  dayWords(on) {
    const ahead = Math.round((Date.parse(`${on}T00:00:00Z`) - Date.parse(`${this.today}T00:00:00Z`)) / 86_400_000);
    if (ahead === 0) return say("today");
    if (ahead === 1) return say("tomorrow");
    return this.dateWords(on);
  }

  /** `11月24日 周二`, `Tue 24 Nov`. @param {string} on */
  dateWords(on) {
    return this.times.day(on).replace(/(日)(周)/, "$1 $2");
  }

  /** Day and time of an offered slot. @param {string} at */
  offerWords(at) {
    return upper(`${this.dayWords(this.times.on(at))} ${this.times.time(at)}`);
  }

  /** A date and a time in one line. @param {string} at */
  momentWords(at) {
    return `${this.dateWords(this.times.on(at))} ${this.times.time(at)}`;
  }
}

const app = new ApplicantPage(decodeURIComponent(location.pathname.split("/")[2]));

/**
 * Store what a link brings (entrance code, invitation, token of an appointment or ticket), and remove it from the address.
 * @returns {boolean} false if another page is opened instead
 */
function takeFromAddress() {
  const address = new URL(location.href);
  const entrance = address.searchParams.get("entrance");
  if (entrance) app.booking.set({ entrance });
  address.searchParams.delete("entrance");
  const brought = new URLSearchParams(location.hash.slice(1));
  const [id, ticket, invitation] = ["appointment", "ticket", "invitation"].map((name) => brought.get(name));
  const token = tokenIn(brought.get("token") ?? "");
  if (invitation) {
    if (/^[ -~]{1,32}$/.test(invitation)) app.booking.set({ invitation });
    address.hash = "";
  }
  if (ticket && token) {
    location.replace(`/t/${encodeURIComponent(ticket)}${address.search}#${token}`);
    return false;
  }
  if (id && token && storeOwn("appointments", id, { hall: app.id, token })) address.hash = `appointment=${id}`;
  history.replaceState(history.state, "", address);
  return true;
}

/** If a long name is cut off in the bar, show it whole in the main part. @param {HTMLElement} title */
function showWholeName(title) {
  if (title.scrollHeight > title.clientHeight + 1) part("main").prepend(make("p.whole", { "aria-hidden": "true" }, title.firstChild.cloneNode(true)));
}

let callState = "idle";

/** Show whether the network works. @param {{state: string}} [calls] state of the pending calls, if it has changed */
function showNetwork({ state } = { state: callState }) {
  callState = state;
  const old = app.old && WATCHED.has(app.place.step);
  const away = navigator.onLine === false || state === "unreached";
  const words = old ? say("hall-old", { time: app.times.time(app.hall.as_of_at) }) : away ? say("network-away") : "";
  part("stale").hidden = words === "";
  if (part("stale").firstElementChild.textContent !== words) part("stale").firstElementChild.textContent = words;
}

async function start() {
  // A newly opened address gets a new entry number, so that it is not taken for part of a booking that was finished before.
  if (!history.state?.entry) history.replaceState({ ...history.state, entry: app.booking.nextEntry() }, "");
  const textsLoaded = texts("common", "applicant").then(() => {
    document.addEventListener("paihao:calls", ({ detail }) => showNetwork(detail));
    for (const event of ["online", "offline"]) globalThis.addEventListener(event, () => showNetwork());
  });
  await untilRead(() => app.readHall(), textsLoaded, (words, reason) => {
    showNetwork({ state: reason instanceof Refused ? "idle" : "unreached" });
    draw({ title: say("loading"), back: null, main: [make("p.message", { role: "status" }, words)] });
  });
  showNetwork({ state: "idle" });
  app.show();
  usable();
  document.body.dataset.ready = "";
  globalThis.addEventListener("popstate", () => {
    app.refuse(null);
    app.show({ moved: true });
  });
  globalThis.addEventListener("hashchange", () => takeFromAddress() && app.show({ moved: true }));
  document.addEventListener("paihao:language", () => {
    app.show();
    showNetwork();
  });
  const check = () => document.visibilityState === "visible" && WATCHED.has(app.place.step) && app.renew();
  document.addEventListener("visibilitychange", () => {
    check();
    if (document.visibilityState === "visible" && STEPS[app.place.step] === time && app.offered?.asked && isOld(app)) app.show();
  });
  globalThis.addEventListener("online", check);
  setInterval(check, CHECK_MS);
}

noteHolds(app.booking);
if (takeFromAddress()) start();
