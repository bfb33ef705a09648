/**
 * The kiosk: check in with a code, or take a number; with one press, and whatever the network does.
 *
 * A press is an act with a key of its own, kept until it is answered, also over a reload. When the kiosk is cut off the number
 * comes out of its stock; when an answer does not come in time, too, and what was asked for is taken back when the network is.
 *
 * To be watched from outside: `data-view` on the body (connecting, setup, start, code, camera, checking, ticket, refused),
 * `data-link` (connecting, live, cut), and on the ticket `data-number` and `data-code`.
 */

import { Key, recall, remember } from "/display/key.js";
import { make, redraw } from "/display/element.js";
import { noneOpen } from "/display/staffed.js";
import { usable } from "/display/usable.js";
import { call, newKey, passes, Refused, Unreached } from "/pages/api.js";
import { keepPage } from "/pages/keep-page.js";
import { Live } from "/pages/live.js";
import { isStaffed, outlookOf, serviceOf } from "/pages/outlook.js";
import { languageNow, textsInAll, useLanguage } from "/pages/texts.js";
import { useTheme } from "/pages/theme.js";
import { Camera, NoCamera, canFilm } from "./camera.js";
import { drawCamera, drawChecking, drawCode, drawFoot, drawLanguages, drawRefusal, drawSettings, drawSetup, drawStart, drawTicket, heardOf, wordsOfPaper } from "./draw.js";
import { Paper } from "./paper.js";
import { refusalOf, refusalOfCamera, refusalOfCut } from "./refusals.js";
import { listenToScanner, readScan } from "./scanner.js";
import { printSlip } from "./slip.js";
import { Stock } from "./stock.js";
import { Sync } from "./sync.js";
import { When } from "./when.js";
import { both, languages, ofHall, spans } from "./words.js";

const TICK_MS = 1000;
const SYNC_EVERY_MS = 15_000;
// How long somebody stands there before the number comes out of the stock.
const TAKE_PATIENCE_MS = 12_000;
const SLOW_MS = 3000;
// How long a kiosk that knows its hall waits to hear from it before it begins with what it knows.
const START_PATIENCE_MS = 3000;
// A kiosk that knows nothing yet asks again after so long.
const RETRY_MS = 3000;
// How long nobody has to touch anything, until the page is as the next person would like to find it.
const BACK_AFTER_S = 30;
// How long it stands what became of a call for help.
const HELP_TOLD_MS = 30_000;
// A press that was not answered so long ago is nobody's any more.
const PRESS_KEPT_MS = 15 * 60_000;
// Nobody presses longer: a finger that was never lifted is not waited for.
const PRESSED_MOST_MS = 2000;
// A click may come so long after the finger was lifted.
const LIFTED_MS = 50;
const CODE_LENGTH = 8;
// Longer than this, and the hall is named in smaller letters.
const NAME_SHORT_MAX = 30;

const hallId = decodeURIComponent(location.pathname.match(/^\/halls\/([^/]+)\/kiosk/)[1]);
const part = (id) => document.getElementById(id);
const key = new Key(hallId);
const kept = (name) => `paihao.kiosk.${name}.${hallId}`;

const state = {
  /** @type {"connecting" | "setup" | "start" | "code" | "camera" | "checking" | "ticket" | "refused"} */
  view: "connecting",
  hall: JSON.parse(recall(kept("hall")) ?? "null"),
  kiosk: JSON.parse(recall(kept("self")) ?? "null"),
  count: 1,
  typed: "",
  invitation: null,
  shown: null,
  setup: "no-key",
  larger: false,
  lower: false,
  contrast: false,
  /** What became of a call for help, for a while. @type {"asking" | "told" | "untold" | null} */
  help: null,
  slow: false,
  /** Whether the service could not be reached when the page was loaded; so it is until something is heard. */
  beganCut: false,
  /** Whether there is one, and a browser that reads what it sees. */
  camera: false,
  trouble: /** @type {string[]} */ ([]),
};
/** @type {Live | null} */
let live = null;
let lastTouch_ms = performance.now();
let pressed_ms = Number.NEGATIVE_INFINITY;
let isLate = false;
let helpTimer = 0;
/** @type {Camera | null} */
let camera = null;

const act = (method, path, options = {}) => call(method, `/v1/halls/${encodeURIComponent(hallId)}/${path}`, { token: key.value, ...options });
/** Now by the hall's clock; while it cannot be heard, by how far this machine's was from it when it could. */
const now_ms = () => (live?.board ? live.clock.now() : Date.now() + Number(recall(kept("clock")) ?? 0));
const when = new When(() => state.hall.time_zone, now_ms);
const stock = new Stock(hallId);
const sync = new Sync({
  stock,
  act,
  device: () => state.kiosk?.device ?? null,
  now_ms,
  onTrouble: (numbers) => {
    state.trouble.push(...numbers);
    drawStatus();
    callStaff().catch(() => undefined); // the band says it to whoever comes
  },
});
const paper = new Paper({
  name: kept("paper"),
  tell: (how, patience_ms) => (state.kiosk === null || cut() ? null : act("POST", `devices/${state.kiosk.device}/status`, { body: { paper: how }, patience_ms })),
  onTold: (how) => {
    if (how !== "ok" && state.view === "ticket" && state.shown.paper === "unprinted") showPaper("told");
  },
});

// Asked at once: it is on its way while the words are.
const asked = key.value === null ? null : ask();
asked?.catch(() => undefined); // said by who waits for it
await textsInAll("kiosk");
document.addEventListener("paihao:language", () => drawAll());
document.addEventListener("paihao:signed-out", () => {
  key.forget();
  setUp("key-over");
});
for (const name of ["pointerdown", "keydown"]) document.addEventListener(name, () => (lastTouch_ms = performance.now()), { capture: true });
document.addEventListener("pointerdown", () => (pressed_ms = performance.now()), { capture: true });
for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, () => setTimeout(lifted, LIFTED_MS), { capture: true });
globalThis.addEventListener("online", () => linkChanged());
globalThis.addEventListener("offline", () => linkChanged());
drawAll();
if (asked === null) setUp("no-key");
else begin(asked);

function ask() {
  const patience = state.hall && state.kiosk ? { patience_ms: START_PATIENCE_MS } : {};
  return Promise.all([call("GET", `/v1/halls/${encodeURIComponent(hallId)}`, patience), act("GET", "kiosk", patience)]);
}

/**
 * Find the hall, or begin with what is known of it, and follow it.
 * @param {ReturnType<typeof ask>} first
 */
async function begin(first) {
  for (let answers = first; ; answers = ask()) {
    try {
      const [hall, self] = await answers;
      adopt(hall.body, self.body);
      break;
    } catch (reason) {
      if (!passes(reason)) {
        if (!(reason instanceof Refused)) throw reason;
        if (state.view !== "setup") setUp(reason.code === "forbidden" || reason.code === "device-not-found" ? "other-key" : "key-over");
        return;
      }
      if (state.hall && state.kiosk) {
        state.beganCut = true; // the stock is there
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
  state.view = "start";
  live = new Live({ hall: state.hall, read, onFacts: (facts) => adopt(facts, null), onLink: () => linkChanged(), onBoard: () => hear() });
  live.start();
  listenToScanner((scanned) => scan(scanned));
  lookForCamera();
  navigator.mediaDevices?.addEventListener("devicechange", lookForCamera);
  setInterval(tick, TICK_MS);
  setInterval(keepUp, SYNC_EVERY_MS);
  drawAll();
  usable();
  inStep();
  resume();
  keepPage(`/halls/${encodeURIComponent(hallId)}/kiosk`); // when it stands: what it keeps must not be in the way of what people wait for
}

function hear() {
  remember(kept("clock"), String(live.clock.now() - Date.now()));
  drawSoon();
}

async function read() {
  return (await call("GET", `/v1/halls/${encodeURIComponent(hallId)}`)).body;
}

function adopt(hall, self) {
  state.hall = hall;
  remember(kept("hall"), JSON.stringify(hall));
  remember(kept("clock"), String(Date.parse(hall.as_of_at) - Date.now())); // the first board may never come
  if (self) {
    state.kiosk = self;
    remember(kept("self"), JSON.stringify(self));
    if (recall(kept("slip")) === null && self.printer) remember(kept("slip"), "network");
  }
  drawSoon();
}

function setUp(words) {
  live?.stop();
  state.setup = words;
  show("setup");
}

/** Whether the service cannot be asked just now. */
function cut() {
  return navigator.onLine === false || live?.link === "silent" || (state.beganCut && live?.link === "connecting");
}

function linkChanged() {
  if (!cut()) {
    live?.now();
    inStep();
  }
  drawSoon();
}

/** What changes without a frame: what the service does not know yet, and doors, which open by the clock. */
function keepUp() {
  if (cut()) return;
  inStep();
  live.now();
}

/** Let the service know what it does not, and the other way round. */
function inStep() {
  if (key.value === null) return; // it would be done as by anybody
  sync.run();
  paper.run();
}

// Pressing.

/**
 * Take a number.
 * @param {{id: string}} service
 */
function take(service) {
  if (state.view !== "start") return;
  const code = state.invitation;
  const press = code
    ? { kind: "check-in", path: "check-ins", body: { code, service: service.id } }
    : { kind: "take", path: "tickets", body: { service: service.id, count: state.count } };
  state.invitation = null;
  carryOut({ ...press, key: newKey(), at: Date.now() });
}

/** @param {string} code */
function checkIn(code) {
  // The same code scanned again, while what came of it is not known, is the same act.
  const before = JSON.parse(recall(kept("press")) ?? "null");
  const same = before?.kind === "check-in" && before.body.code === code && Date.now() - before.at < PRESS_KEPT_MS;
  carryOut(same ? before : { kind: "check-in", path: "check-ins", body: { code }, key: newKey(), at: Date.now() });
}

/** Go on with a press that was under way when the page was loaded anew. */
function resume() {
  const press = JSON.parse(recall(kept("press")) ?? "null");
  if (press === null) return;
  if (Date.now() - press.at < PRESS_KEPT_MS) carryOut(press);
  else if (press.kind === "take") stock.undo(press).then(() => remember(kept("press"), null));
}

/** @param {{kind: "take" | "check-in", path: string, body: object, key: string, at: number, sent?: boolean}} press */
async function carryOut(press) {
  state.slow = press.sent === true;
  show("checking");
  const slow = setTimeout(() => {
    state.slow = true;
    if (state.view === "checking") drawAll();
  }, SLOW_MS);
  try {
    if (press.kind === "take" && !press.sent && cut()) {
      await takeFromStock(press);
      return;
    }
    remember(kept("press"), JSON.stringify({ ...press, sent: true }));
    const { body: ticket, status } = await act("POST", press.path, { body: press.body, key: press.key, patience_ms: TAKE_PATIENCE_MS });
    remember(kept("press"), null);
    showTicket({ ticket, offline: false, resumed: status === 200 });
  } catch (reason) {
    if (reason instanceof Refused) {
      remember(kept("press"), null);
      refuse(reason, press);
    } else if (reason instanceof Unreached) {
      await (press.kind === "take" ? takeFromStock(press, true) : refuseCut());
    } else {
      throw reason;
    }
  } finally {
    clearTimeout(slow);
  }
}

/**
 * Give a number out of the stock.
 * @param {object} press
 * @param {boolean} [asked] whether the service may have given one, too, which is then taken back
 */
async function takeFromStock(press, asked = false) {
  const slip = await stock.give(press.body, now_ms());
  if (slip === null && asked && !cut()) {
    carryOut({ ...press, sent: true }); // there is nothing but to wait for the answer
    return;
  }
  if (asked) await stock.undo({ key: press.key, body: press.body });
  remember(kept("press"), null);
  if (slip === null) {
    refuseCut("refused-used-up");
    return;
  }
  if (!("number" in slip)) {
    refuse(new Refused({ code: "hall-closed", title: "", status: 409, opens_at: slip.opens_at }), press);
    return;
  }
  const ticket = { id: slip.ticket, number: slip.number, code: slip.code, token: slip.token, service: slip.service, count: slip.count, issued_at: slip.issued_at };
  showTicket({ ticket, offline: true, resumed: false });
}

/** @param {string} scanned */
async function scan(scanned) {
  if (!["start", "code", "camera", "ticket", "refused"].includes(state.view)) return;
  closeCamera();
  closeDialog();
  const read = readScan(scanned);
  if (read === null) {
    refuse(new Refused({ code: "code-not-found", title: "", status: 404 }), { kind: "check-in" });
    return;
  }
  if (cut()) {
    refuseCut();
    return;
  }
  if ("code" in read) {
    checkIn(read.code);
    return;
  }
  show("checking");
  try {
    const { body } = await act("GET", `${read.kind}/${encodeURIComponent(read.id)}`, { token: read.token });
    checkIn(body.code);
  } catch (reason) {
    if (reason instanceof Unreached) refuseCut();
    else if (reason instanceof Refused) refuse(new Refused({ code: "code-not-found", title: "", status: 404 }), { kind: "check-in" });
    else throw reason;
  }
}

// What is shown.

function show(wanted) {
  const view = key.value === null ? "setup" : wanted; // without a key numbers would be given out as to anybody
  state.view = view;
  lastTouch_ms = performance.now();
  if (view !== "camera") closeCamera();
  drawAll();
  sayAloud(view === "ticket" ? heardOf(state.shown) : view === "refused" ? state.shown.about : []);
  (part("title") ?? part("main")).focus({ preventScroll: true });
  scrollTo(0, 0);
}

/**
 * For who listens to the page: what the heading that is read out does not say, in the language that leads.
 * @param {import("./words.js").Said[]} said
 */
function sayAloud([said]) {
  const place = part("said");
  place.lang = said?.tag ?? "";
  place.textContent = said?.text ?? "";
}

function home() {
  state.count = 1;
  state.typed = "";
  state.invitation = null;
  state.shown = null;
  show("start");
}

function urlOf({ id, token }) {
  const form = state.kiosk?.ticket_url;
  return form && token ? form.replace("{ticket}", id).replace("{token}", token) : null;
}

function showTicket({ ticket, offline, resumed }) {
  const service = serviceOf(state.hall, ticket.service);
  state.shown = { ticket, service, stage: firstStage(ticket), outlook: outlookOf({ admission: ticket.admission, shown: ticket.wait?.shown ?? null }, outlookNow()), offline, resumed, url: urlOf(ticket), paper: "none" };
  show("ticket");
  print();
}

/** The stage where people go first, in words; null where nobody is at it now, and where it is the hall's last, to which all go. */
function firstStage({ stage }) {
  if (!live?.board) return null;
  const { names, counters } = live.board;
  const isStaffed = counters.some(({ id, state: now }) => now === "open" && names.counters[id]?.stage === stage);
  if (!isStaffed || Object.keys(names.stages).at(-1) === stage) return null;
  const words = Object.fromEntries(ofHall(names.stages[stage]).map(({ key: language, text }) => [language, text]));
  return languages().every((language) => words[language]) ? words : null;
}

/** Print the slip, if the kiosk prints at all; the number is on the screen whatever comes of it. */
async function print() {
  const shown = state.shown;
  const slip = recall(kept("slip")) ?? "none";
  if (slip === "58" || slip === "80") {
    showPaper("printed");
    printSlip(part("slip"), slip, slipFacts(shown));
  } else if (slip === "network") {
    const answered = shown.offline ? "unprinted" : await printOverNetwork(shown.ticket);
    if (state.shown === shown) showPaper(answered);
    if (answered === "printed") paper.prints();
    else if (answered === "unprinted") paper.report("away");
  }
}

/** @param {"printed" | "unprinted" | "told"} how */
function showPaper(how) {
  state.shown.paper = how;
  drawAll();
  if (how !== "printed") sayAloud(wordsOfPaper(how));
}

/** A browser cannot know it: the roll is empty, or the slip is stuck. */
function noSlip() {
  showPaper("unprinted");
  part("print").focus({ preventScroll: true });
  paper.report("out");
}

async function printOverNetwork(ticket) {
  try {
    const { body } = await act("POST", `devices/${state.kiosk.device}/slips`, { body: { ticket: ticket.id }, patience_ms: TAKE_PATIENCE_MS });
    return body.state === "ok" || body.state === "low" ? "printed" : "told"; // by the service, which asked the printer
  } catch (reason) {
    if (reason instanceof Refused || reason instanceof Unreached) return "unprinted";
    throw reason;
  }
}

function slipFacts({ ticket, service, url, offline }) {
  return { hall: state.hall.name, service: service?.name, number: ticket.number, code: ticket.code, count: ticket.count, taken: (language) => when.moment(ticket.issued_at, language), url, offline };
}

/** By what is told how long people wait: the board's counters, which are newer than the hall's, once there is one. */
function outlookNow() {
  const { hall } = state;
  const staffed = live?.board ? !hall.open || !noneOpen(live.board) : isStaffed(hall);
  return { staffed, now_ms: now_ms(), ends_at: hall.day_ends_at };
}

/** What is told to who might take a number of a service now. */
function outlookFor(service) {
  const waiting = live?.board?.waiting.find((one) => one.service === service.id);
  return outlookOf(waiting ?? { admission: service.admission, shown: service.wait?.shown ?? null }, outlookNow());
}

/**
 * Why no number can be had now, and the way forward; empty while one can. Who was invited checks in, and a kiosk that is cut off
 * goes by the hours in its stock.
 * @returns {import("./words.js").Said[][]}
 */
function closedFor() {
  const { hall, invitation } = state;
  if (invitation || cut()) return [];
  const suspended = live?.board ? live.board.suspended : hall.suspended ? {} : null;
  if (suspended) return [suspended.text ? ofHall(suspended.text) : both("refused-hall-suspended"), both("refused-hall-suspended-about")];
  if (hall.doors_open) return [];
  return [both("refused-hall-closed"), hall.opens_at ? both("refused-hall-closed-about", (language) => ({ when: when.due(hall.opens_at, language) })) : both("refused-hall-closed-none-about")];
}

/** Say no in words, with the way forward. */
function refuse(reason, press) {
  const { code, problem } = reason;
  if (code === "body-invalid" && press.kind === "check-in" && problem.errors?.some(({ path }) => path === "service")) {
    state.invitation = press.body.code; // an invitation to any service: which one?
    show("start");
    return;
  }
  sayNo(refusalOf(reason, when));
}

function refuseCamera() {
  sayNo(refusalOfCamera());
}

function refuseCut(words = "refused-cut") {
  sayNo(refusalOfCut(words));
}

/** @param {import("./refusals.js").Refusal} refusal */
function sayNo(refusal) {
  state.shown = refusal;
  show("refused");
}

// Drawing.

let drawing = 0;
function drawSoon() {
  drawing ||= requestAnimationFrame(() => {
    drawing = 0;
    isLate = performance.now() - pressed_ms < PRESSED_MOST_MS;
    if (isLate) return; // what a finger is on stays where it is, or lifting it would press nothing
    if (["start", "connecting"].includes(state.view)) drawAll();
    else drawStatus();
  });
}

/** Draw what changed while something was pressed. */
function lifted() {
  pressed_ms = Number.NEGATIVE_INFINITY;
  if (isLate) drawSoon();
}

function drawAll() {
  const { hall, view, shown } = state;
  document.body.dataset.view = view;
  document.documentElement.classList.toggle("large", state.larger);
  document.body.classList.toggle("low", state.lower);
  const [first, second] = ofHall(hall?.name);
  if (first) redraw(part("hall"), first, () => [first.text]);
  if (first) part("hall").lang = first.tag;
  part("hall-second").lang = second?.tag ?? "";
  for (const [id, name] of [["hall", first], ["hall-second", second]]) part(id).dataset.length = (name?.text.length ?? 0) > NAME_SHORT_MAX ? "long" : "short";
  redraw(part("hall-second"), second ?? null, () => (second ? [second.text] : []));
  redraw(part("langs"), languageNow(), () => drawLanguages((wanted) => useLanguage(wanted)));
  placeLanguages();
  drawStatus();
  const leave = () => home();
  const focused = document.activeElement?.id;
  const facts = { view, language: languageNow(), cut: cut(), typed: state.typed, count: state.count, invitation: state.invitation, services: hall?.services, outlooks: hall?.services.map(outlookFor), camera: state.camera, waiting: live?.board?.waiting, closed: hall ? closedFor() : [], shown, slow: state.slow, setup: state.setup, larger: state.larger };
  const isNew = redraw(part("main"), facts, () => [
    {
      connecting: () => drawSetup({ id: "connecting" }),
      setup: () => drawSetup({ id: state.setup }),
      start: () => drawStart({ hall, board: live?.board ?? null, count: state.count, invitation: state.invitation, cut: cut(), camera: state.camera, closed: closedFor(), outlookFor }, { type: openCode, film: openCamera, take, people: setPeople }),
      code: () => drawCode({ typed: state.typed }, { type: setTyped, send: sendTyped, leave }),
      camera: () => drawCamera(camera.picture, { leave }),
      checking: () => drawChecking({ slow: state.slow }),
      ticket: () => drawTicket(shown, { leave, print: recall(kept("slip")) && recall(kept("slip")) !== "none" ? print : null, noSlip }),
      refused: () => drawRefusal(shown, { leave, type: openCode }),
    }[view](),
  ]);
  if (isNew && focused) part(focused)?.focus({ preventScroll: true });
  const foot = { language: languageNow(), larger: state.larger, contrast: state.contrast, lower: state.lower, help: state.help };
  if (redraw(part("foot"), foot, () => drawFoot(state, { larger: () => toggle("larger"), contrast: () => toggle("contrast"), lower: () => toggle("lower"), call: help })) && focused) part(focused)?.focus({ preventScroll: true });
  part("foot").hidden = view === "setup";
  drawCountdown();
}

/** Within reach, too, when the buttons are low. */
function placeLanguages() {
  const [langs, head] = [part("langs"), part("head")];
  if (state.lower === (langs.parentElement !== head)) return;
  if (state.lower) part("foot").before(langs);
  else head.append(langs);
}

function drawStatus() {
  const off = state.view !== "setup" && state.view !== "connecting" && cut();
  document.body.dataset.link = off ? "cut" : live?.link === "live" ? "live" : "connecting";
  const band = part("band");
  band.hidden = !off && state.trouble.length === 0;
  const said = state.trouble.length > 0 ? both("band-trouble", { numbers: state.trouble.join(" ") }) : both("band-cut");
  redraw(band, band.hidden ? null : said, () => [make("span", {}, spans(said))]);
  const link = document.body.dataset.link;
  const facts = { language: languageNow(), name: state.kiosk?.name ?? "", link, key: key.value !== null };
  redraw(part("status"), facts, () => {
    if (!facts.key) return [];
    const open = make("button.button.plain", { type: "button", id: "settings" }, make("span.said", {}, spans(both("settings"))));
    open.addEventListener("click", openSettings);
    return [make("span.live", { class: link === "live" ? "live" : "live silent" }, spans(both(`link-${link}`)), ` · ${facts.name}`), open];
  });
}

/** Until the page is the next person's, if nobody touches it. */
function left_s() {
  return Math.ceil(BACK_AFTER_S - (performance.now() - lastTouch_ms) / 1000);
}

function drawCountdown() {
  const place = part("countdown");
  if (place) place.replaceChildren(...spans(both("countdown", { seconds: left_s() })));
}

function tick() {
  if (left_s() > 0) {
    drawCountdown();
  } else {
    closeDialog();
    if (["ticket", "refused", "code", "camera"].includes(state.view) || state.invitation || state.count > 1) homeForTheNext();
    else reset();
  }
  drawStatusOnChange();
}

function closeDialog() {
  document.querySelector("dialog")?.close();
}

let wasCut = null;
function drawStatusOnChange() {
  if (cut() === wasCut) return;
  wasCut = cut();
  drawAll();
}

function homeForTheNext() {
  home();
  reset();
}

/** As the next person would like to find it. */
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

function sendTyped() {
  if (state.typed.length < CODE_LENGTH) return;
  if (cut()) refuseCut();
  else checkIn(state.typed);
}

function toggle(name) {
  state[name] = !state[name];
  if (name === "contrast") useTheme(state.contrast ? "contrast" : "system");
  drawAll();
}

function callStaff() {
  return act("POST", "alarm", { body: {}, patience_ms: TAKE_PATIENCE_MS });
}

/** What comes of it is said at the button: meanwhile the page may be another person's. */
async function help() {
  if (state.help === "asking") return;
  sayHelp("asking");
  try {
    await callStaff();
    sayHelp("told");
  } catch (reason) {
    if (!(reason instanceof Refused || reason instanceof Unreached)) throw reason;
    sayHelp("untold");
  }
}

/** @param {typeof state.help} how */
function sayHelp(how) {
  state.help = how;
  clearTimeout(helpTimer);
  if (how !== "asking") {
    helpTimer = setTimeout(() => {
      state.help = null;
      drawAll();
    }, HELP_TOLD_MS);
  }
  drawAll();
}

async function openSettings() {
  const [left, untold] = [await stock.left(now_ms()), (await stock.given()).length];
  const dialog = drawSettings(
    { name: state.kiosk?.name ?? "", slip: recall(kept("slip")) ?? "none", network: Boolean(state.kiosk?.printer), ails: paper.ails, left, untold },
    { slip: (value) => remember(kept("slip"), value), paperIn: () => paper.report("ok") },
  );
  document.body.append(dialog);
  dialog.showModal();
}

async function openCamera() {
  const opened = (camera = new Camera({ onFound: scan, onGone: refuseCamera }));
  show("camera");
  try {
    await opened.open();
  } catch (reason) {
    if (!(reason instanceof NoCamera)) throw reason;
    if (camera === opened) refuseCamera();
  }
}

function closeCamera() {
  camera?.close();
  camera = null;
}

async function lookForCamera() {
  state.camera = await canFilm();
  drawSoon();
}
