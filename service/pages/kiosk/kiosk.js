/**
 * The kiosk page: check in with a code, or take a number, with one press and also while the network fails.
 *
 * This module starts the page, switches between its views and handles the buttons. Tests and monitors can read its state:
 * `data-view` on the body (connecting, setup, start, code, camera, checking, ticket, refused), `data-link` on the body
 * (connecting, live, cut), and `data-number` and `data-code` on the ticket.
 */

import { remember } from "/display/key.js";
import { redraw } from "/display/element.js";
import { usable } from "/display/usable.js";
import { isTemporary, Refused, Unreached } from "/pages/api.js";
import { keepPage } from "/pages/keep-page.js";
import { Live } from "/pages/live.js";
import { serviceOf } from "/pages/outlook.js";
import { languageNow, textsInAll, useLanguage } from "/pages/texts.js";
import { useTheme } from "/pages/theme.js";
import { closedReasons, firstStage, outlookOfService, outlookOfTicket, urlOfTicket } from "./availability.js";
import { Camera, NoCamera, canReadCodes } from "./camera.js";
import { drawCamera, drawChecking, drawCode, drawFoot, drawRefusal, drawSetup, drawStart, drawTicket, spokenTicket, paperAdvice } from "./draw.js";
import { readHall, requestFacts, storeFacts } from "./facts.js";
import { announce, drawHead, drawStatus } from "./frame.js";
import { callForHelp, raiseAlarm } from "./help-call.js";
import { SlipPrinting, slipChoice } from "./printing.js";
import { cameraRefusal, offlineRefusal, refusalOf } from "./refusals.js";
import { KioskRequests } from "./requests.js";
import { listenToScanner, readScan } from "./scanner.js";
import { makeSettings } from "./settings.js";
import { callHall, hallId, isOffline, key, now_ms, state, storageName, when } from "./state.js";
import { Stock } from "./stock.js";
import { Sync } from "./sync.js";
import { both, spans } from "./words.js";

const TICK_MS = 1000;
const SYNC_EVERY_MS = 15_000;
// A kiosk without a stored hall repeats its first requests after this time.
const RETRY_MS = 3000;
// Without a touch for this long, the page returns to the start view with its default settings.
const IDLE_RESET_S = 30;
// Longest press that is taken into account: after this time a finger that was never onLifted no longer delays drawing.
const PRESS_MAX_MS = 2000;
// A click event may follow this long after the finger was onLifted.
const CLICK_DELAY_MS = 50;
const CODE_LENGTH = 8;

const part = (id) => document.getElementById(id);

let lastTouch_ms = performance.now();
let pressed_ms = Number.NEGATIVE_INFINITY;
let isDrawDelayed = false;
/** @type {Camera | null} */
let camera = null;

const stock = new Stock(hallId);
const sync = new Sync({
  stock,
  callHall,
  device: () => state.kiosk?.device ?? null,
  now_ms,
  onTrouble: (numbers) => {
    state.trouble.push(...numbers);
    drawStatus({ openSettings });
    raiseAlarm().catch(() => undefined); // the band on the page shows the numbers in any case
  },
});
const printing = new SlipPrinting({
  place: part("slip"),
  onChange: (paper) => {
    drawAll();
    if (paper !== "printed") announce(paperAdvice(paper));
  },
});
const requests = new KioskRequests({
  stock,
  show,
  redraw: () => drawAll(),
  onTicket: showTicket,
  onRefused: refuse,
  onOffline: (text) => showRefusal(offlineRefusal(text)),
});

// Send the first requests at once, so that they run while the texts are loaded.
const firstAnswers = key.value === null ? null : requestFacts();
firstAnswers?.catch(() => undefined); // `start` handles the error
await textsInAll("kiosk");
document.addEventListener("paihao:language", () => drawAll());
document.addEventListener("paihao:signed-out", () => {
  key.forget();
  showSetup("key-over");
});
for (const name of ["pointerdown", "keydown"]) document.addEventListener(name, () => (lastTouch_ms = performance.now()), { capture: true });
document.addEventListener("pointerdown", () => (pressed_ms = performance.now()), { capture: true });
for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, () => setTimeout(onLifted, CLICK_DELAY_MS), { capture: true });
globalThis.addEventListener("online", () => linkChanged());
globalThis.addEventListener("offline", () => linkChanged());
drawAll();
if (firstAnswers === null) showSetup("no-key");
else start(firstAnswers);

/**
 * Start the page with the answers of the service, or with the stored hall if the service cannot be reached. Then follow the hall.
 * @param {ReturnType<typeof requestFacts>} first
 */
async function start(first) {
  for (let answers = first; ; answers = requestFacts()) {
    try {
      const [hall, self] = await answers;
      storeFacts(hall.body, self.body);
      drawSoon();
      break;
    } catch (reason) {
      if (!isTemporary(reason)) {
        if (!(reason instanceof Refused)) throw reason;
        if (state.view !== "setup") showSetup(reason.code === "forbidden" || reason.code === "device-not-found" ? "other-key" : "key-over");
        return;
      }
      if (state.hall && state.kiosk) {
        state.startedOffline = true; // the kiosk can give out numbers of its stock
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
  state.view = "start";
  state.live = new Live({ hall: state.hall, read: readHall, onFacts: (facts) => (storeFacts(facts, null), drawSoon()), onLink: () => linkChanged(), onBoard: () => onBoard() });
  state.live.start();
  listenToScanner((scanned) => scan(scanned));
  detectCamera();
  navigator.mediaDevices?.addEventListener("devicechange", detectCamera);
  setInterval(tick, TICK_MS);
  setInterval(refresh, SYNC_EVERY_MS);
  drawAll();
  usable();
  synchronize();
  requests.resume();
  keepPage(`/halls/${encodeURIComponent(hallId)}/kiosk`); // last, so that storing the files does not delay the page
}

function onBoard() {
  remember(storageName("clock"), String(state.live.clock.now() - Date.now()));
  drawSoon();
}

/** Show that this browser is not a kiosk of the hall. @param {"no-key" | "key-over" | "other-key"} why suffix of the texts */
function showSetup(why) {
  state.live?.stop();
  state.setup = why;
  show("setup");
}

function linkChanged() {
  if (!isOffline()) {
    state.live?.now();
    synchronize();
  }
  drawSoon();
}

/** Update what no frame announces: reports that are still to be sent, and doors, which open by the clock. */
function refresh() {
  if (isOffline()) return;
  synchronize();
  state.live.now();
}

/** Send open reports to the service, and refill the stock. */
function synchronize() {
  if (key.value === null) return; // without a key the requests would be made as a stranger
  sync.run();
  printing.paper.run();
}

/** Check in with a scanned code. @param {string} scanned */
async function scan(scanned) {
  if (!["start", "code", "camera", "ticket", "refused"].includes(state.view)) return;
  closeCamera();
  closeDialog();
  const read = readScan(scanned);
  if (read === null) {
    refuse(new Refused({ code: "code-not-found", title: "", status: 404 }), { kind: "check-in" });
    return;
  }
  if (isOffline()) {
    showRefusal(offlineRefusal());
    return;
  }
  if ("code" in read) {
    requests.checkIn(read.code);
    return;
  }
  show("checking");
  try {
    const { body } = await callHall("GET", `${read.kind}/${encodeURIComponent(read.id)}`, { token: read.token });
    requests.checkIn(body.code);
  } catch (reason) {
    if (reason instanceof Unreached) showRefusal(offlineRefusal());
    else if (reason instanceof Refused) refuse(new Refused({ code: "code-not-found", title: "", status: 404 }), { kind: "check-in" });
    else throw reason;
  }
}

// Views.

/** Switch to a view. Without a key this is always the setup view: numbers must not be taken with a stranger's rights. */
function show(wanted) {
  const view = key.value === null ? "setup" : wanted;
  state.view = view;
  lastTouch_ms = performance.now();
  if (view !== "camera") closeCamera();
  drawAll();
  announce(view === "ticket" ? spokenTicket(state.shown) : view === "refused" ? state.shown.about : []);
  (part("title") ?? part("main")).focus({ preventScroll: true });
  scrollTo(0, 0);
}

function goToStart() {
  state.count = 1;
  state.typed = "";
  state.invitation = null;
  state.shown = null;
  show("start");
}

function showTicket({ ticket, offline, resumed }) {
  const service = serviceOf(state.hall, ticket.service);
  state.shown = { ticket, service, stage: firstStage(ticket), outlook: outlookOfTicket(ticket), offline, resumed, url: urlOfTicket(ticket), paper: "none" };
  show("ticket");
  printing.print();
}

/** Show why the service refused a request, or let the person choose the service of an invitation. */
function refuse(reason, request) {
  const { code, problem } = reason;
  if (code === "body-invalid" && request.kind === "check-in" && problem.errors?.some(({ path }) => path === "service")) {
    state.invitation = request.body.code; // the invitation is valid for any service
    show("start");
    return;
  }
  showRefusal(refusalOf(reason, when));
}


/** @param {import("./refusals.js").Refusal} refusal */
function showRefusal(refusal) {
  state.shown = refusal;
  show("refused");
}

// Drawing.

let drawing = 0;
function drawSoon() {
  drawing ||= requestAnimationFrame(() => {
    drawing = 0;
    isDrawDelayed = performance.now() - pressed_ms < PRESS_MAX_MS;
    if (isDrawDelayed) return; // a button under a finger must not be replaced, or lifting the finger would press nothing
    if (["start", "connecting"].includes(state.view)) drawAll();
    else drawStatus({ openSettings });
  });
}

/** Draw the changes that were delayed while a finger pressed. */
function onLifted() {
  pressed_ms = Number.NEGATIVE_INFINITY;
  if (isDrawDelayed) drawSoon();
}

function drawAll() {
  const { hall, view, shown } = state;
  drawHead();
  drawStatus({ openSettings });
  const leave = () => goToStart();
  const focused = document.activeElement?.id;
  const facts = { view, language: languageNow(), cut: isOffline(), typed: state.typed, count: state.count, invitation: state.invitation, services: hall?.services, outlooks: hall?.services.map(outlookOfService), camera: state.camera, waiting: state.live?.board?.waiting, closed: hall ? closedReasons() : [], shown, slow: state.slow, setup: state.setup, larger: state.larger };
  const isNew = redraw(part("main"), facts, () => [
    {
      connecting: () => drawSetup({ id: "connecting" }),
      setup: () => drawSetup({ id: state.setup }),
      start: () => drawStart({ hall, board: state.live?.board ?? null, count: state.count, invitation: state.invitation, cut: isOffline(), camera: state.camera, closed: closedReasons(), outlookOfService }, { type: openCode, film: openCamera, take: (service) => requests.takeNumber(service), people: setPeople }),
      code: () => drawCode({ typed: state.typed }, { type: setTyped, send: submitTyped, leave }),
      camera: () => drawCamera(camera.picture, { leave }),
      checking: () => drawChecking({ slow: state.slow }),
      ticket: () => drawTicket(shown, { leave, print: slipChoice() === "none" ? null : () => printing.print(), noSlip: () => printing.reportNoSlip() }),
      refused: () => drawRefusal(shown, { leave, type: openCode }),
    }[view](),
  ]);
  if (isNew && focused) part(focused)?.focus({ preventScroll: true });
  const foot = { language: languageNow(), larger: state.larger, contrast: state.contrast, lower: state.lower, help: state.help };
  if (redraw(part("foot"), foot, () => drawFoot(state, { larger: () => toggle("larger"), contrast: () => toggle("contrast"), lower: () => toggle("lower"), call: () => callForHelp(drawAll) })) && focused) part(focused)?.focus({ preventScroll: true });
  part("foot").hidden = view === "setup";
  drawCountdown();
}

/** Seconds until the page is reset if it is not touched. */
function remaining_s() {
  return Math.ceil(IDLE_RESET_S - (performance.now() - lastTouch_ms) / 1000);
}

function drawCountdown() {
  const place = part("countdown");
  if (place) place.replaceChildren(...spans(both("countdown", { seconds: remaining_s() })));
}

function tick() {
  if (remaining_s() > 0) {
    drawCountdown();
  } else {
    closeDialog();
    if (["ticket", "refused", "code", "camera"].includes(state.view) || state.invitation || state.count > 1) resetAll();
    else reset();
  }
  drawOnLinkChange();
}

function closeDialog() {
  document.querySelector("dialog")?.close();
}

let wasOffline = null;
function drawOnLinkChange() {
  if (isOffline() === wasOffline) return;
  wasOffline = isOffline();
  drawAll();
}

function resetAll() {
  goToStart();
  reset();
}

/** Go back to the default size, contrast, position of the buttons, and language. */
function reset() {
  if (!(state.larger || state.lower || state.contrast) && languageNow() === firstLanguage()) return;
  state.larger = state.lower = false;
  if (state.contrast) toggle("contrast");
  if (languageNow() !== firstLanguage()) useLanguage(firstLanguage());
  drawAll();
}

function firstLanguage() {
  return state.hall?.languages[0]?.toLowerCase().startsWith("en") ? "en" : "zh";
}

// Buttons.

function setPeople(count) {
  state.count = count;
  drawAll();
}

function openCode() {
  state.typed = "";
  show("code");
  part("code").focus();
}

function setTyped(text) {
  state.typed = text.toUpperCase().replace(/[\s-]/g, "").replaceAll("O", "0").replaceAll(/[IL]/g, "1").replace(/[^0-9A-Z]/g, "").slice(0, CODE_LENGTH);
  drawAll();
  const field = part("code");
  if (document.activeElement === field) field.setSelectionRange(state.typed.length, state.typed.length);
}

function submitTyped() {
  if (state.typed.length < CODE_LENGTH) return;
  if (isOffline()) showRefusal(offlineRefusal());
  else requests.checkIn(state.typed);
}

function toggle(name) {
  state[name] = !state[name];
  if (name === "contrast") useTheme(state.contrast ? "contrast" : "system");
  drawAll();
}

async function openCamera() {
  const opened = (camera = new Camera({ onFound: scan, onLost: () => showRefusal(cameraRefusal()) }));
  show("camera");
  try {
    await opened.open();
  } catch (reason) {
    if (!(reason instanceof NoCamera)) throw reason;
    if (camera === opened) showRefusal(cameraRefusal());
  }
}

async function openSettings() {
  const dialog = await makeSettings(stock, printing.paper);
  document.body.append(dialog);
  dialog.showModal();

}

function closeCamera() {
  camera?.close();
  camera = null;
}

async function detectCamera() {
  state.camera = await canReadCodes();
  drawSoon();
}
