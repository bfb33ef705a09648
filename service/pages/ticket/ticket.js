/**
 * The page of a ticket: who is called, how many are ahead, how long it takes, and the call itself.
 *
 * It follows the ticket's own socket, and says so when what it shows is not fresh. The link has the ticket's token where no server
 * sees it; which hall it is of, the service tells to who has the token. What was shown last is kept: opened anew while the network
 * is away, the page shows that, and how old it is.
 */

import { make } from "/display/element.js";
import { usable } from "/display/usable.js";
import { Refused, call, inHall } from "/pages/api.js";
import { tokenIn } from "/pages/codes.js";
import { waitingWords } from "/pages/first.js";
import { keepPage } from "/pages/keep-page.js";
import { BookingDraft, storeSnapshot, storeTicket, storedOwn, storedSnapshot } from "/pages/phone-store.js";
import { Live } from "/pages/live.js";
import { draw, largeNumber, nameOf } from "/pages/phone.js";
import { say, texts } from "/pages/texts.js";
import "/pages/theme.js";
import { HallTimes } from "/pages/times.js";
import { Bell } from "/pages/ticket/bell.js";
import { isStandby, mattersOf, mayReturn, serviceOf, viewOf } from "/pages/ticket/view.js";

const RETRY_MS = 3000;
// After so long without an answer what was shown before is shown again, until there is one.
const SLOW_MS = 2000;
// Who is called elsewhere is read when one's own place moved, but not more often than this, and now and then anyway.
const BOARD_EVERY_MS = 5000;
const BOARD_AT_LEAST_MS = 20_000;
// What the hall asks people to bring, and its words, may change while they wait.
const HALL_EVERY_MS = 60_000;
// The socket of a day that is over does not tell that one came back on a later one: it is asked now and then.
const RETURN_EVERY_MS = 20_000;
// What is so old is no help any more: only the number and the words stay.
const LOST_MS = 10 * 60_000;
const LOOK_MS = 1000;
const LINKS = { live: "live-now", connecting: "connecting", silent: "not-connected" };

const part = (id) => document.getElementById(id);
const id = decodeURIComponent(location.pathname.split("/")[2]).toLowerCase();

/** All the page shows. */
const shown = {
  id,
  token: "",
  /** @type {any} */ hall: null,
  /** @type {any} */ rules: null,
  /** @type {any} */ ticket: null,
  /** @type {any} */ board: null,
  /** @type {HallTimes} */ times: null,
  /** @type {Live} */ live: null,
  bell: new Bell(),
  /** @type {string[]} the views over which the dialog that is open still makes sense */ asking: [],
  link: "connecting",
  lost: false,
  /** @type {(() => {text: string, ways?: {label: string, act: () => unknown}[]}) | null} */ message: null,
  call: (method, path, options = {}) => inHall(shown.hall.id)(method, path, { ...options, token: shown.token }),
  show,
  take: (ticket) => take(ticket, { answered: true }),
  again: () => shown.live.now(),
};

let board_ms = -Infinity;
let board_timer = 0;
let return_ms = -Infinity;
let hallRead_ms = 0;
let reading = false;
let again = false;
let told = "";
let wasHalted = false;
/** @type {string | null} the number of a ticket that its kiosk has still to report */
let unreported = null;

/** The token of the link, or the one kept from before. */
function tokenOf() {
  return tokenIn(location.hash.slice(1)) ?? storedOwn("tickets", id)?.token ?? "";
}

/** The hall, as kept or as the service knows by the token. */
async function hallOf() {
  const known = storedOwn("tickets", id)?.hall;
  if (known) return known;
  const { body } = await call("GET", `/v1/tickets/${encodeURIComponent(id)}`, { token: shown.token });
  return body.hall;
}

/** The ticket, its hall and the hall's rules. */
async function readAll() {
  if (shown.token === "") throw new Refused({ code: "ticket-not-found", title: "", status: 404 });
  const hall = await hallOf();
  const inIt = inHall(hall);
  return Promise.all([call("GET", `/v1/halls/${hall}`), inIt("GET", "rules"), inIt("GET", `tickets/${id}`, { token: shown.token })]);
}

async function begin() {
  shown.token = tokenOf();
  let reading = readAll();
  reading.catch(() => undefined); // looked at below, when there are words for it
  await texts("common", "ticket");
  document.addEventListener("paihao:language", () => (shown.ticket ? show() : unreported && showUnreported(unreported)));
  const slow = setTimeout(showSeen, navigator.onLine === false ? 0 : SLOW_MS);
  for (;;) {
    try {
      const [of, rules, ticket] = await reading;
      clearTimeout(slow);
      follow(of.body, rules.body);
      shown.live.clock.heard(Date.parse(shown.hall.as_of_at));
      shown.link = "connecting";
      take(ticket.body);
      break;
    } catch (reason) {
      if (reason instanceof Refused && ["ticket-not-found", "token-invalid", "hall-not-found"].includes(reason.code)) {
        clearTimeout(slow);
        return unknown();
      }
      if (reason instanceof Refused && reason.code === "number-not-reported") showUnreported(reason.problem.number);
      else if (unreported === null && shown.ticket === null) draw({ title: say("ticket-title"), back: null, main: [make("p.message", { role: "status" }, waitingWords(reason))] });
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      reading = readAll();
    }
  }
  usable();
  shown.live.start();
  setInterval(look, LOOK_MS);
  addEventListener("pagehide", keepShown);
  document.body.dataset.ready = "";
  keepPage("/t", "/t/"); // when it stands: what it keeps must not be in the way of what people wait for
}

/** What was shown of this ticket before, as long as nothing newer is heard. */
function showSeen() {
  const last = storedSnapshot(id);
  if (last === null || shown.ticket !== null || shown.token === "") return;
  follow(last.hall, last.rules);
  shown.live.clock.heard(Date.now() + last.ahead_ms);
  shown.live.truthAt_ms = last.truthAt_ms;
  shown.link = "silent";
  shown.ticket = last.ticket;
  look();
  usable();
  document.body.dataset.ready = "";
}

/** Keep what is shown, with when it was true, by the hall's clock. */
function keepShown() {
  const { hall, rules, ticket, live } = shown;
  if (Number.isNaN(live.truthAt_ms)) return;
  storeSnapshot(id, { hall, rules, ticket, truthAt_ms: live.truthAt_ms, ahead_ms: live.clock.now() - Date.now() });
}

/** No such ticket, or a link without its end. */
function unknown() {
  shown.ticket = null;
  part("stale").hidden = true;
  document.title = `${say("ticket-title")} · Paihao`;
  draw({ title: say("ticket-title"), back: null, main: [make("div.message", {}, make("p", {}, make("b", {}, say("unknown-title"))), make("p", {}, say("unknown-about")))], dock: [make("a.button.wide", { href: "/" }, say("to-halls"))] });
  part("dock").hidden = false;
  document.body.dataset.view = "unknown";
}

/** A number that a kiosk gave out while it was cut off: this page has the rest when the kiosk is back. */
function showUnreported(number) {
  const facts = `${number} ${document.documentElement.lang}`;
  if (facts === told) return;
  [told, unreported] = [facts, number];
  document.body.dataset.view = "unreported";
  document.title = `${number} · ${say("ticket-title")}`;
  const message = make("div.message", { role: "status" }, make("p", {}, make("b", {}, say("unreported-title"))), make("p", {}, say("unreported-about")));
  draw({ title: say("ticket-title"), back: null, main: [make("section.mine.old", {}, largeNumber(number)), message] });
}

function follow(hall, rules) {
  Object.assign(shown, { hall, rules, times: new HallTimes(hall.time_zone) });
  hallRead_ms = Date.now();
  shown.live = new Live({
    hall: shown.hall,
    read: async () => (await shown.call("GET", `tickets/${id}`, { patience_ms: 4000 })).body,
    onFacts: (ticket) => take(ticket),
    onLink: (link) => {
      shown.link = link;
      show();
    },
    channel: { path: `tickets/${id}`, protocols: () => ["paihao.ticket.v1", `bearer.${shown.token}`], read: frameOf },
  });
}

/** A frame of the ticket's socket: the ticket itself, or that the last one is still true. */
function frameOf(data) {
  try {
    const frame = JSON.parse(data);
    if (frame.type === "alive") return frame;
    return frame.id === id ? { ...frame, type: "ticket" } : null;
  } catch {
    return null;
  }
}

/** The ticket is so now; or it was so when an act of this page was answered, and the socket may have said newer since. */
function take(ticket, { answered = false } = {}) {
  const before = shown.ticket;
  if (answered && before && ticket.seq < before.seq) return;
  // An answer to an act says nothing of the hall.
  shown.ticket = { ...(answered && { suspended: before?.suspended }), ...ticket, token: undefined };
  storeTicket(id, { hall: shown.hall.id, token: shown.token }, ticket);
  if (!isStandby(ticket)) forgetStandby();
  if (before && before.state !== ticket.state) shown.message = null;
  keepShown();
  show();
  if (answered && document.activeElement === document.body) focusOn("");
  readBoard();
}

/** A number that stands by no longer is none to be given up for a booking. */
function forgetStandby() {
  const booking = new BookingDraft(shown.hall.id);
  if (booking.now.standby?.ticket === id) booking.endStandby();
}

/** The hall as it is now, and `known`: the name and the papers of the ticket's service, which stay when the hall has no words for them any more. */
async function readHall() {
  hallRead_ms = Date.now();
  const { id: hall } = shown.hall;
  try {
    const [of, rules] = await Promise.all([call("GET", `/v1/halls/${hall}`, { patience_ms: 4000 }), inHall(hall)("GET", "rules", { patience_ms: 4000 })]);
    Object.assign(shown, { hall: { ...of.body, known: serviceOf(shown) }, rules: rules.body });
    show();
  } catch {
    // it is asked again in its time
  }
}

/** Who is called where, when it may have changed: now, or as soon as it may be asked again. */
async function readBoard() {
  clearTimeout(board_timer);
  if (document.visibilityState !== "visible") return;
  again = reading; // what is under way may have been answered before
  if (reading) return;
  const early_ms = board_ms + BOARD_EVERY_MS - performance.now();
  if (early_ms > 0) {
    board_timer = setTimeout(readBoard, early_ms);
    return;
  }
  reading = true;
  board_ms = performance.now();
  try {
    shown.board = (await inHall(shown.hall.id)("GET", "board", { patience_ms: 4000 })).body;
    show();
  } catch {
    // the page says itself when nothing is heard
  } finally {
    reading = false;
  }
  if (again) readBoard();
}

function look() {
  const age_ms = shown.live.clock.now() - shown.live.truthAt_ms;
  shown.lost = shown.link === "silent" && age_ms > LOST_MS;
  show(); // what has come to its time is drawn anew
  if (performance.now() - board_ms > BOARD_AT_LEAST_MS && shown.link === "live") readBoard();
  // By the clock that goes on while a phone sleeps.
  if (Math.abs(Date.now() - hallRead_ms) > HALL_EVERY_MS && shown.link === "live" && document.visibilityState === "visible") readHall();
  if (performance.now() - return_ms > RETURN_EVERY_MS && document.visibilityState === "visible" && mayReturn(shown)) {
    return_ms = performance.now();
    shown.live.now();
  }
  const at = part("at");
  if (at && shown.link === "live") at.textContent = shown.times.time(shown.live.truthAt_ms);
}

/** Draw what has changed. */
function show({ anew = false } = {}) {
  if (!shown.ticket) return;
  const stale = shown.link === "silent";
  document.body.dataset.link = shown.link;
  part("stale").hidden = !stale;
  part("stale").firstElementChild.textContent = stale ? say("stale", { time: shown.times.time(shown.live.truthAt_ms) }) : "";
  const facts = JSON.stringify([mattersOf(shown), document.documentElement.lang, shown.message?.() ?? null]);
  if (facts === told && !anew) return;
  told = facts;
  const view = viewOf(shown);
  document.body.dataset.view = view.name;
  document.title = `${view.short} · ${nameOf(shown.hall.name)}`;
  const at = document.activeElement;
  const focused = at?.closest("#bar, #main, #dock") && !at.closest("language-switch") ? at.id : null;
  const end = make(shown.link === "live" ? "span.live.small" : "span.live.silent.small", {}, make("span", {}, say(LINKS[shown.link])), make("span", { id: "at" }, Number.isNaN(shown.live.truthAt_ms) ? "" : shown.times.time(shown.live.truthAt_ms)));
  draw({ title: nameOf(shown.hall.name), back: null, end, main: view.main, dock: view.dock });
  part("dock").hidden = view.dock.length === 0;
  if (focused !== null) focusOn(focused);
  leaveDialog(view);
  tell(view);
}

/** Close what was asked or shown over another state: a call behind a dialog is neither seen nor said. */
function leaveDialog({ name, halted = false }) {
  const dialog = document.querySelector("dialog[open]");
  const isOver = (halted && !wasHalted) || !shown.asking.includes(name);
  wasHalted = halted;
  if (dialog === null || !isOver) return;
  dialog.close();
  if (!document.activeElement.closest("#bar, #main, #dock")) focusOn("");
}

/** Leave the keyboard where it was, or at the title when that is gone. @param {string} control an element's id */
function focusOn(control) {
  (part(control) ?? part("bar").querySelector("h1")).focus({ preventScroll: true });
}

/** Say aloud what concerns the person: the call at once, a new range when there is time. */
function tell({ call: called, news, halted = false }) {
  if (part("call").textContent !== (called ?? "")) part("call").textContent = called ?? "";
  if (part("news").textContent !== (news ?? "")) part("news").textContent = news ?? "";
  shown.bell.hear(shown.link === "silent" || halted ? null : called, shown.ticket);
}

// A phone that was locked heard nothing meanwhile: it asks at once, and does not wait to notice that its socket is dead.
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && shown.ticket && shown.live.now());
globalThis.addEventListener("hashchange", () => location.reload());
begin();
