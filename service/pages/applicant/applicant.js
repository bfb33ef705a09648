/**
 * The page of a hall on a phone: what can be done there, taking a number, booking a time, and an appointment of one's own.
 *
 * Each step has an address, so that the way back is the browser's; what was chosen and typed is kept in the tab, so that a reload
 * loses nothing. Nothing about the person is in an address, but for the token of an appointment in the part no server sees, and
 * that is taken away as soon as it is kept.
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

const FRESH_MS = 60_000;
// How often it is looked whether what is shown is as old as that.
const LOOK_MS = 5000;
// What could not be read for so long says how old it is, and what nobody can know by it is taken away.
const OLD_MS = 90_000;
// Another process may answer so long that has not heard yet why something was refused.
const HEARD_MS = 2000;
const STEPS = { home, service, time, details, review, appointment, move: time };
/** Steps that say how the hall is now. */
const WATCHED = new Set(["home", "service"]);
/** Steps of a booking that is not made yet. */
const UNDER_WAY = new Set(["time", "details", "review"]);
/** When what was refused is so no more. */
const OVER = {
  "hall-suspended": ({ suspended }) => !suspended,
  "hall-closed": (hall) => hall.doors_open,
  "hall-full": (_hall, service) => service?.admission !== "full",
};
/** Where the arrow leads when the step was opened by its address. */
const BEFORE = { service: "home", time: "service", details: "time", review: "details", appointment: "home", move: "appointment" };

const part = (id) => document.getElementById(id);

/** What the steps share. */
class Applicant {
  /** @type {any} the hall as `GET /v1/halls/{hall}` answers it */
  hall = null;
  /** @type {any} the times offered last: `{asked, slots, read_ms}` */
  offered = null;
  /** @type {any} its rules */
  rules = null;
  /** @type {any} what its board says of a suspension: the hall's own words, and until when */
  suspended = null;
  /** @type {HallTimes} */
  times;
  /** @type {HallClock} */
  clock;
  /** Whether the hall could not be read for so long that its waits are none any more. */
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

  /** Where the person is: a step, a service, an appointment. */
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
    return this.hall?.services.find((one) => one.id === id) ?? null;
  }

  /** What is told to who might take a number of a service now; null while none is given out. @param {any} service */
  outlook({ admission, wait }) {
    const { hall } = this;
    if (!hall.doors_open || hall.suspended) return null;
    if (this.old) return "unknown";
    return outlookOf({ admission, shown: wait.shown }, { staffed: isStaffed(hall), now_ms: this.clock.now(), ends_at: hall.day_ends_at });
  }

  /** Go to a step. @param {{step: string, service?: string | null, appointment?: string | null}} place */
  go(place, { replace = false } = {}) {
    const address = new URL(location.href);
    const said = { step: ["home", "service", "appointment"].includes(place.step) ? null : place.step, service: place.step === "home" || place.appointment ? null : (place.service ?? this.place.service) };
    for (const [name, value] of Object.entries(said)) {
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

  /** The arrow at the top. */
  back() {
    const { step, service: of, appointment: own } = this.place;
    // Behind an appointment that was just made lies the form it was made with.
    if (history.state?.inside && step !== "appointment") history.back();
    else this.go({ step: BEFORE[step], service: of, appointment: BEFORE[step] === "appointment" ? own : null }, { replace: true });
  }

  /** Draw the present step. @param {{moved?: boolean}} [how] moved: it is another one, so that focus goes to its title */
  show({ moved = false } = {}) {
    const { step } = this.place;
    this.#leave();
    this.#leave = () => undefined;
    this.#missService();
    if (UNDER_WAY.has(step) && this.booking.isMade(history.state?.entry)) return this.go({ step: "home" }, { replace: true });
    const view = STEPS[step](this);
    if (view === null) return; // it sent the person elsewhere
    this.#leave = view.leave ?? this.#leave;
    document.title = `${typeof view.title === "string" ? view.title : nameOf(this.hall.name)} · ${nameOf(this.hall.name)}`;
    document.body.dataset.step = step;
    const { id } = document.activeElement;
    draw({ ...view, back: step === "home" ? null : () => this.back(), dock: [make("div.said", { role: "status", id: "said" }), ...(view.dock ?? [])] });
    this.#say();
    part("dock").hidden = !view.dock?.length && this.#message === null;
    sayWhole(part("bar").querySelector("h1"));
    if (!moved && id && document.activeElement === document.body) part(id)?.focus({ preventScroll: true });
    if (!moved) return;
    scrollTo(0, 0);
    part("bar").querySelector("h1").focus({ preventScroll: true });
  }

  /** Say that the hall does not have a service that was asked for; a number that stands by for it is none to be given up for another. */
  #missService() {
    const { step } = this.place;
    const asked = new URLSearchParams(location.search).get("service");
    if (step !== "home" || !asked) return;
    if (this.booking.now.standby?.service === asked) this.booking.endStandby();
    this.#message = { words: () => ({ text: say("problem-service-not-found") }), code: null, at_ms: performance.now() };
  }

  /** Say why something was not done, with the one way forward; null takes it away. @param {unknown} reason what `call` threw */
  refuse(reason, again = null) {
    const code = reason instanceof Refused ? reason.code : null;
    this.#message = reason === null ? null : { words: () => refusalOf(this, reason, again) ?? { text: wordsOf(reason), ways: [] }, code, at_ms: performance.now() };
    this.#say();
    if (code in OVER) this.renew({ now: true }); // the page says so itself, and until when
  }

  /** Say something with ways forward. @param {() => {text: string, ways?: {label: string, act: () => unknown}[]}} message */
  tell(message) {
    this.#message = { words: message, code: null, at_ms: performance.now() };
    this.#say();
  }

  #say() {
    const said = part("said");
    const message = this.#message?.words();
    part("dock").hidden = part("dock").childElementCount < 2 && !message;
    if (!message) {
      said.replaceChildren();
      return;
    }
    const ways = (message.ways ?? []).map(({ label, act }) => button("", label, act));
    said.replaceChildren(make("div.message", {}, make("p", {}, make("b", {}, message.text)), ways.length ? make("div.times", {}, ways) : null));
  }

  /** Carry out an act of a button; what is refused is said. @param {HTMLElement} pressed */
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

  /** Keep the place that was kept before, if it is still free. */
  async again() {
    const { hold: held } = this.booking.now;
    dropHold(this);
    this.refuse(null);
    try {
      await hold(this, held.starts_at);
    } catch (reason) {
      this.refuse(reason, () => this.again());
      return;
    }
    this.show();
  }

  /** Say how the hall is now. */
  async renew({ now = false } = {}) {
    if (this.#renewing) return;
    this.#renewing = true;
    const before_ms = this.#read_ms;
    try {
      await this.fresh({ now });
      this.old = false;
    } catch {
      this.old = this.#age_ms > OLD_MS;
    } finally {
      this.#renewing = false;
    }
    const { step } = this.place;
    showNetwork();
    if (step !== document.body.dataset.step) this.show({ moved: true }); // the hall has the service no longer
    else if (WATCHED.has(step) && (before_ms !== this.#read_ms || this.old)) this.drawAgain();
  }

  /** Draw a step that is watched where it stands: focus, what is typed and what is unfolded stay. */
  drawAgain() {
    const view = STEPS[this.place.step](this);
    part("main").querySelector(":scope > .whole")?.remove();
    patchDom(part("main"), make("div", {}, view.main.filter((one) => one)));
    patchDom(part("dock"), make("div", {}, part("said").cloneNode(true), (view.dock ?? []).filter((one) => one)));
    part("dock").hidden = part("dock").childElementCount < 2 && this.#message === null;
    sayWhole(part("bar").querySelector("h1"));
  }

  /** How old what is known is. Time that a phone slept is not always counted by the one clock, nor by the other when it is set back. */
  get #age_ms() {
    const slept_ms = this.hall ? this.clock.now() - Date.parse(this.hall.as_of_at) : 0;
    return Math.max(performance.now() - this.#read_ms, slept_ms);
  }

  /** Read the hall anew when what is known is old. */
  async fresh({ now = false } = {}) {
    const asked_ms = performance.now();
    if (!now && this.#age_ms < FRESH_MS) return;
    const [hall, rules] = await Promise.all([call("GET", `/v1/halls/${encodeURIComponent(this.id)}`), this.rules ? { body: this.rules } : this.call("GET", "rules")]);
    const board = hall.body.suspended ? await this.call("GET", "board").catch(() => null) : null; // there are general words
    this.#read_ms = performance.now();
    this.hall = hall.body;
    this.suspended = board?.body.suspended ?? null;
    this.rules = rules.body;
    this.times ??= new HallTimes(this.hall.time_zone);
    this.clock ??= new HallClock(this.hall.time_zone);
    this.clock.heard(Date.parse(this.hall.as_of_at));
    if (this.#message && OVER[this.#message.code]?.(this.hall, this.service(this.place.service)) && asked_ms - this.#message.at_ms > HEARD_MS) this.refuse(null);
  }

  /** The hall's date today. */
  get today() {
    return this.times.on(this.clock.now());
  }

  /** A day as people say it in a sentence: today, tomorrow, or its date. @param {string} on */
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

  /** A start as an offer: its day, as people say it, and its time. @param {string} at */
  offerWords(at) {
    return upper(`${this.dayWords(this.times.on(at))} ${this.times.time(at)}`);
  }

  /** A date and a time in one line. @param {string} at */
  momentWords(at) {
    return `${this.dateWords(this.times.on(at))} ${this.times.time(at)}`;
  }
}

const app = new Applicant(decodeURIComponent(location.pathname.split("/")[2]));

/** Keep what links bring: the door's code, an invitation, the token of an appointment or ticket; and take it from the address. */
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

/** A long name ends early in the bar: then it is said whole where there is room. @param {HTMLElement} title */
function sayWhole(title) {
  if (title.scrollHeight > title.clientHeight + 1) part("main").prepend(make("p.whole", { "aria-hidden": "true" }, title.firstChild.cloneNode(true)));
}

let calls = "idle";

/** @param {{state: string}} [now] how calls fare, where that is news */
function showNetwork({ state } = { state: calls }) {
  calls = state;
  const old = app.old && WATCHED.has(app.place.step);
  const away = navigator.onLine === false || state === "unreached";
  const words = old ? say("hall-old", { time: app.times.time(app.hall.as_of_at) }) : away ? say("network-away") : "";
  part("stale").hidden = words === "";
  if (part("stale").firstElementChild.textContent !== words) part("stale").firstElementChild.textContent = words;
}

async function begin() {
  // Where an address was opened anew, and not come back to: a booking made before is none of this one.
  if (!history.state?.entry) history.replaceState({ ...history.state, entry: app.booking.nextEntry() }, "");
  const spoken = texts("common", "applicant").then(() => {
    document.addEventListener("paihao:calls", ({ detail }) => showNetwork(detail));
    for (const event of ["online", "offline"]) globalThis.addEventListener(event, () => showNetwork());
  });
  await untilRead(() => app.fresh(), spoken, (words, reason) => {
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
  const look = () => document.visibilityState === "visible" && WATCHED.has(app.place.step) && app.renew();
  document.addEventListener("visibilitychange", () => {
    look();
    if (document.visibilityState === "visible" && STEPS[app.place.step] === time && app.offered?.asked && isOld(app)) app.show();
  });
  globalThis.addEventListener("online", look);
  setInterval(look, LOOK_MS);
}

noteHolds(app.booking);
if (takeFromAddress()) begin();
