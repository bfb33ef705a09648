/**
 * The page of a ticket: its place in the queue, the expected wait, and its call.
 *
 * It follows the ticket's socket, and shows when its data is not current. The token is in the fragment of the link, which no server
 * receives. With the token the service tells which hall the ticket belongs to. The last state is stored: without network the page shows
 * it, with its age.
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
import { isStandby, viewFacts, mayReturn, serviceOf, viewOf } from "/pages/ticket/view.js";

const RETRY_MS = 3000;
// Without an answer after this time the stored state is shown, until the answer arrives.
const SLOW_MS = 2000;
// The board with the calls of others is read when the ticket changes, but at most this often, and at least every BOARD_AT_LEAST_MS.
const BOARD_EVERY_MS = 5000;
const BOARD_AT_LEAST_MS = 20_000;
// The hall is read again after this time: its papers and texts may change while people wait.
const HALL_EVERY_MS = 60_000;
// How often a ticket with a right to return is read: the socket of a past day does not report a return on a later day.
const RETURN_EVERY_MS = 20_000;
// Data older than this is useless: only the number and the texts stay.
const LOST_MS = 10 * 60_000;
const TICK_MS = 1000;
const LINKS = { live: "live-now", connecting: "connecting", silent: "not-connected" };

const part = (id) => document.getElementById(id);
const id = decodeURIComponent(location.pathname.split("/")[2]).toLowerCase();

/** The state of the page. */
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
  /** Names of the views in which the open dialog stays open. @type {string[]} */ asking: [],
  link: "connecting",
  lost: false,
  /** @type {(() => {text: string, ways?: {label: string, act: () => unknown}[]}) | null} */ message: null,
  call: (method, path, options = {}) => inHall(shown.hall.id)(method, path, { ...options, token: shown.token }),
  show,
  setTicket: (ticket) => setTicket(ticket, { answered: true }),
  readNow: () => shown.live.now(),
};

let board_ms = -Infinity;
let board_timer = 0;
let return_ms = -Infinity;
let hallRead_ms = 0;
let reading = false;
let readBoardAgain = false;
let drawnFacts = "";
let wasHalted = false;
/** Number of a ticket that its kiosk has not reported to the service yet. @type {string | null} */
let unreported = null;

/** The token of the link, or the stored one. */
function tokenOf() {
  return tokenIn(location.hash.slice(1)) ?? storedOwn("tickets", id)?.token ?? "";
}

/** Id of the hall: stored, or from the service by the token. */
async function hallOf() {
  const known = storedOwn("tickets", id)?.hall;
  if (known) return known;
  const { body } = await call("GET", `/v1/tickets/${encodeURIComponent(id)}`, { token: shown.token });
  return body.hall;
}

/** Read the hall, its rules, and the ticket. */
async function readAll() {
  if (shown.token === "") throw new Refused({ code: "ticket-not-found", title: "", status: 404 });
  const hall = await hallOf();
  const inIt = inHall(hall);
  return Promise.all([call("GET", `/v1/halls/${hall}`), inIt("GET", "rules"), inIt("GET", `tickets/${id}`, { token: shown.token })]);
}

async function start() {
  shown.token = tokenOf();
  let reading = readAll();
  reading.catch(() => undefined); // handled below, when the texts are loaded
  await texts("common", "ticket");
  document.addEventListener("paihao:language", () => (shown.ticket ? show() : unreported && showUnreported(unreported)));
  const slow = setTimeout(showStored, navigator.onLine === false ? 0 : SLOW_MS);
  for (;;) {
    try {
      const [of, rules, ticket] = await reading;
      clearTimeout(slow);
      follow(of.body, rules.body);
      shown.live.clock.heard(Date.parse(shown.hall.as_of_at));
      shown.link = "connecting";
      setTicket(ticket.body);
      break;
    } catch (reason) {
      if (reason instanceof Refused && ["ticket-not-found", "token-invalid", "hall-not-found"].includes(reason.code)) {
        clearTimeout(slow);
        return showUnknown();
      }
      if (reason instanceof Refused && reason.code === "number-not-reported") showUnreported(reason.problem.number);
      else if (unreported === null && shown.ticket === null) draw({ title: say("ticket-title"), back: null, main: [make("p.message", { role: "status" }, waitingWords(reason))] });
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      reading = readAll();
    }
  }
  usable();
  shown.live.start();
  setInterval(tick, TICK_MS);
  addEventListener("pagehide", storeShown);
  document.body.dataset.ready = "";
  keepPage("/t", "/t/"); // last, so that storing the files does not delay the page
}

/** Show the stored state of the ticket until a newer one arrives. */
function showStored() {
  const last = storedSnapshot(id);
  if (last === null || shown.ticket !== null || shown.token === "") return;
  follow(last.hall, last.rules);
  shown.live.clock.heard(Date.now() + last.ahead_ms);
  shown.live.truthAt_ms = last.truthAt_ms;
  shown.link = "silent";
  shown.ticket = last.ticket;
  tick();
  usable();
  document.body.dataset.ready = "";
}

/** Store the shown state, with its time by the hall's clock. */
function storeShown() {
  const { hall, rules, ticket, live } = shown;
  if (Number.isNaN(live.truthAt_ms)) return;
  storeSnapshot(id, { hall, rules, ticket, truthAt_ms: live.truthAt_ms, ahead_ms: live.clock.now() - Date.now() });
}

/** Show that there is no such ticket, or that the link is incomplete. */
function showUnknown() {
  shown.ticket = null;
  part("stale").hidden = true;
  document.title = `${say("ticket-title")} · Paihao`;
  draw({ title: say("ticket-title"), back: null, main: [make("div.message", {}, make("p", {}, make("b", {}, say("unknown-title"))), make("p", {}, say("unknown-about")))], dock: [make("a.button.wide", { href: "/" }, say("to-halls"))] });
  part("dock").hidden = false;
  document.body.dataset.view = "unknown";
}

/** Show a number that a kiosk gave out while it was offline. The ticket is shown when the kiosk has reported it. */
function showUnreported(number) {
  const facts = `${number} ${document.documentElement.lang}`;
  if (facts === drawnFacts) return;
  [drawnFacts, unreported] = [facts, number];
  document.body.dataset.view = "unreported";
  document.title = `${number} · ${say("ticket-title")}`;
  const message = make("div.message", { role: "status" }, make("p", {}, make("b", {}, say("unreported-title"))), make("p", {}, say("unreported-about")));
  draw({ title: say("ticket-title"), back: null, main: [make("section.mine.old", {}, largeNumber(number)), message] });
}

/** Take over the hall and its rules, and prepare the connection. */
function follow(hall, rules) {
  Object.assign(shown, { hall, rules, times: new HallTimes(hall.time_zone) });
  hallRead_ms = Date.now();
  shown.live = new Live({
    hall: shown.hall,
    read: async () => (await shown.call("GET", `tickets/${id}`, { patience_ms: 4000 })).body,
    onFacts: (ticket) => setTicket(ticket),
    onLink: (link) => {
      shown.link = link;
      show();
    },
    channel: { path: `tickets/${id}`, protocols: () => ["paihao.ticket.v1", `bearer.${shown.token}`], read: frameOf },
  });
}

/** Parse a frame of the ticket's socket: a ticket, or `alive`, which confirms the last one. Null: neither. */
function frameOf(data) {
  try {
    const frame = JSON.parse(data);
    if (frame.type === "alive") return frame;
    return frame.id === id ? { ...frame, type: "ticket" } : null;
  } catch {
    return null;
  }
}

/** Take over a ticket. @param {any} ticket @param {{answered?: boolean}} [options] `answered`: it is the answer to an act, and may be older than the last frame */
function setTicket(ticket, { answered = false } = {}) {
  const before = shown.ticket;
  if (answered && before && ticket.seq < before.seq) return;
  // The answer to an act does not contain the suspension of the hall.
  shown.ticket = { ...(answered && { suspended: before?.suspended }), ...ticket, token: undefined };
  storeTicket(id, { hall: shown.hall.id, token: shown.token }, ticket);
  if (!isStandby(ticket)) forgetStandby();
  if (before && before.state !== ticket.state) shown.message = null;
  storeShown();
  show();
  if (answered && document.activeElement === document.body) focusOn("");
  readBoard();
}

/** Do not give up this ticket for a booking: it is not on standby. */
function forgetStandby() {
  const booking = new BookingDraft(shown.hall.id);
  if (booking.now.standby?.ticket === id) booking.endStandby();
}

/** Read the hall again. `known` keeps the last names of the ticket's service and papers, in case the hall no longer has them. */
async function readHall() {
  hallRead_ms = Date.now();
  const { id: hall } = shown.hall;
  try {
    const [of, rules] = await Promise.all([call("GET", `/v1/halls/${hall}`, { patience_ms: 4000 }), inHall(hall)("GET", "rules", { patience_ms: 4000 })]);
    Object.assign(shown, { hall: { ...of.body, known: serviceOf(shown) }, rules: rules.body });
    show();
  } catch {
    // it is read again later
  }
}

/** Read the board, now or as soon as the last reading is long enough ago. */
async function readBoard() {
  clearTimeout(board_timer);
  if (document.visibilityState !== "visible") return;
  readBoardAgain = reading; // the running reading may have been answered before the change
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
    // the page shows by itself that it is not connected
  } finally {
    reading = false;
  }
  if (readBoardAgain) readBoard();
}

function tick() {
  const age_ms = shown.live.clock.now() - shown.live.truthAt_ms;
  shown.lost = shown.link === "silent" && age_ms > LOST_MS;
  show(); // some texts depend on the time
  if (performance.now() - board_ms > BOARD_AT_LEAST_MS && shown.link === "live") readBoard();
  // By a clock that continues while the phone sleeps.
  if (Math.abs(Date.now() - hallRead_ms) > HALL_EVERY_MS && shown.link === "live" && document.visibilityState === "visible") readHall();
  if (performance.now() - return_ms > RETURN_EVERY_MS && document.visibilityState === "visible" && mayReturn(shown)) {
    return_ms = performance.now();
    shown.live.now();
  }
  const at = part("at");
  if (at && shown.link === "live") at.textContent = shown.times.time(shown.live.truthAt_ms);
}

/** Draw the page if something has changed. @param {{force?: boolean}} [options] `force`: draw in any case */
function show({ force = false } = {}) {
  if (!shown.ticket) return;
  const stale = shown.link === "silent";
  document.body.dataset.link = shown.link;
  part("stale").hidden = !stale;
  part("stale").firstElementChild.textContent = stale ? say("stale", { time: shown.times.time(shown.live.truthAt_ms) }) : "";
  const facts = JSON.stringify([viewFacts(shown), document.documentElement.lang, shown.message?.() ?? null]);
  if (facts === drawnFacts && !force) return;
  drawnFacts = facts;
  const view = viewOf(shown);
  document.body.dataset.view = view.name;
  document.title = `${view.short} · ${nameOf(shown.hall.name)}`;
  const at = document.activeElement;
  const focused = at?.closest("#bar, #main, #dock") && !at.closest("language-switch") ? at.id : null;
  const end = make(shown.link === "live" ? "span.live.small" : "span.live.silent.small", {}, make("span", {}, say(LINKS[shown.link])), make("span", { id: "at" }, Number.isNaN(shown.live.truthAt_ms) ? "" : shown.times.time(shown.live.truthAt_ms)));
  draw({ title: nameOf(shown.hall.name), back: null, end, main: view.main, dock: view.dock });
  part("dock").hidden = view.dock.length === 0;
  if (focused !== null) focusOn(focused);
  closeOutdatedDialog(view);
  announce(view);
}

/** Close a dialog that belongs to another state: a call behind a dialog would be neither visible nor announced. */
function closeOutdatedDialog({ name, halted = false }) {
  const dialog = document.querySelector("dialog[open]");
  const isOver = (halted && !wasHalted) || !shown.asking.includes(name);
  wasHalted = halted;
  if (dialog === null || !isOver) return;
  dialog.close();
  if (!document.activeElement.closest("#bar, #main, #dock")) focusOn("");
}

/** Focus a control, or the title if it is gone. @param {string} control id of the element */
function focusOn(control) {
  (part(control) ?? part("bar").querySelector("h1")).focus({ preventScroll: true });
}

/** Announce to screen readers: the call at once, a new wait when there is time. Ring the bell for the call. */
function announce({ call: called, news, halted = false }) {
  if (part("call").textContent !== (called ?? "")) part("call").textContent = called ?? "";
  if (part("news").textContent !== (news ?? "")) part("news").textContent = news ?? "";
  shown.bell.ring(shown.link === "silent" || halted ? null : called, shown.ticket);
}

// A phone that was locked has received nothing: read at once, without waiting until the closed socket is noticed.
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && shown.ticket && shown.live.now());
globalThis.addEventListener("hashchange", () => location.reload());
start();
