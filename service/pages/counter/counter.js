/**
 * The page of one counter: call, serve and finish with one key. Beside it the queue, and the reason why this ticket is next.
 *
 * The page shows only what the service answers: it sends an act, waits for the answer, and reads the hall again. It predicts
 * nothing, so two clerks who press at the same time see who has which person.
 *
 * Tests and monitors can read its state: `data-view` on the body (signed-out, closed, paused, idle, called, serving), `data-link`
 * on the body, and `aria-busy` on the main button while an act is runningActs.
 */

import { make, redraw } from "/display/element.js";
import { usable } from "/display/usable.js";
import { call, Refused } from "/pages/api.js";
import { untilRead } from "/pages/first.js";
import { Live } from "/pages/live.js";
import { signedIn } from "/pages/session.js";
import { languageNow, say, texts } from "/pages/texts.js";
import { HallTimes } from "/pages/times.js";
import { whileBusy, wordsOf } from "/pages/ui.js";
import { Acts } from "./acts.js";
import { unsentOf, forgetUnsent, keepUnsent } from "./unsent.js";
import { Checklist } from "./checklist.js";
import { showKeys } from "./dialogs.js";
import { drawActs, drawAlarm, drawFrame, drawLink, drawMain, drawNobody, drawPrinter } from "./draw.js";
import { listenToKeys, areKeysOn } from "./keys.js";
import { LineView } from "./line.js";
import { drawMessage, showMessage, showPendingCalls } from "./message.js";
import { lineOf } from "./order.js";
import { drawPerson, drawTimer, whyWords } from "./person.js";
import { canMarkNoShow, counterId, currentView, hallId, isDeskOld, ofHall, part, state, stoppedReason, suspension } from "./state.js";
import { HallWords } from "./words.js";

const TICK_MS = 1000;
// After a call the main button rests: a second press of a double press must not finish the person who was just called.
const REST_MS = 1000;

let restUntil_ms = 0;
/** Ids of the running acts that have no button. @type {Set<string>} */
const runningActs = new Set();

const textsLoaded = texts("common", "counter").then(() => {
  document.addEventListener("paihao:language", () => drawAll());
  drawFrame();
});
state.hall = (await untilRead(() => call("GET", `/v1/halls/${encodeURIComponent(hallId)}`), textsLoaded)).body;
drawFrame();
adopt(await signedIn(hallId, ["staff", "volunteer"]));
document.addEventListener("paihao:signed-in", ({ detail }) => {
  adopt(detail);
  state.live.now();
});
document.addEventListener("paihao:signed-out", () => acts.onSignedOut());
state.times = new HallTimes(state.hall.time_zone);

const checklist = new Checklist(part("checklist"), () => drawAll());
const acts = new Acts({
  state,
  ofHall,
  counterId,
  checklist,
  toast: part("toast"),
  showMessage,
  read: () => state.live.now(),
  now_ms: () => state.live.clock.now(),
});
const line = new LineView({ title: part("queue-title"), order: part("queue-order"), list: part("line"), also: part("also") }, (ticket) => run(null, () => acts.openTicket(ticket)));

state.live = new Live({ hall: state.hall, read, onFacts: onRead, onLink: drawLink, onRefused, onBoard: drawAll });
state.live.start().then(() => part("main").focus());
setInterval(tick, TICK_MS);

part("main").addEventListener("click", () => pressMain());
part("help").addEventListener("click", () => run(part("help"), () => acts.alarm()));
part("acts").addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (button) press(button.dataset.act, button);
});
part("alarms").addEventListener("click", (event) => {
  const button = event.target.closest("[data-alarm]");
  if (button) run(button, () => acts.clearAlarm(button.dataset.alarm));
});
listenToKeys({
  main: () => pressMain(),
  rest: () => {
    line.chosen = null;
    part("main").focus();
  },
  act: (letter) => pressLetter(letter),
  move: (step) => line.move(step),
});
document.addEventListener("paihao:calls", ({ detail }) => showPendingCalls(detail));

/** Take over who is signed in. */
function adopt({ session, roles }) {
  state.session = session;
  state.roles = roles;
  document.querySelector("account-menu").show(session);
}

/** Read the counter and the queue. `seq` is the lower of their two positions in the journal: the page shows the state up to there. */
async function read() {
  const [counter, queue, desk] = await Promise.all([
    ofHall("GET", `counters/${encodeURIComponent(counterId)}`),
    ofHall("GET", "queue"),
    isDeskOld() ? ofHall("GET", "desk") : null,
  ]);
  return { counter: counter.body, queue: queue.body, desk: desk?.body ?? null, day: queue.body.day, seq: Math.min(counter.body.seq, queue.body.seq) };
}

/** Show why the hall cannot be read. If there is no such counter, offer links to the counters of the hall. */
async function onRefused(refused) {
  showMessage(wordsOf(refused), "heed");
  if (refused.code !== "counter-not-found") return;
  state.live.stop();
  for (const id of ["state", "services", "link", "help", "clock"]) {
    delete part(id).dataset.signedIn; // keep these hidden after a sign-in too
    part(id).hidden = true;
  }
  const { body: desk } = await ofHall("GET", "desk");
  const words = new HallWords(desk);
  part("acts").replaceChildren(...desk.counters.map((counter) => make("a.button", { href: `${encodeURIComponent(counter.id)}${location.search}` }, words.counter(counter))));
}

/** Take over a reading of the counter and the queue. */
function onRead({ counter, queue, desk }) {
  if (desk) {
    state.words = new HallWords(desk, state.words);
    state.deskRead_ms = performance.now();
  }
  const before = { next: state.next, view: document.body.dataset.view };
  state.counter = counter;
  state.queue = queue;
  const previousId = state.ticket?.id;
  state.ticket = queue.called.find(({ id }) => id === counter.ticket) ?? null;
  if (state.ticket && state.ticket.id !== previousId) {
    if (state.pauseAfter) keepUnsent(state.ticket.id, { pauseAfter: state.pauseAfter }); // the person before left in another way than by this page
    else state.pauseAfter = unsentOf(state.ticket.id).pauseAfter ?? null;
  }
  state.next = counter.next ?? null;
  checklist.setTicket(state.ticket, state.words);
  if (before.view === "idle" && before.next && before.next.id !== state.next?.id) showTakenElsewhere(before.next);
  if (state.pauseAfter && state.ticket === null && counter.state !== "open") {
    state.pauseAfter = null;
    forgetUnsent();
  }
  acts.onRead();
  drawAll();
  usable();
}

/** Show that another counter has called the person who was next here. */
function showTakenElsewhere(ticket) {
  const elsewhere = state.queue.called.find(({ id, counter }) => id === ticket.id && counter !== counterId);
  if (!elsewhere) return;
  const args = { number: ticket.number, counter: state.words.counterById(elsewhere.counter) };
  const mineNow = () => state.ticket?.number ?? state.next?.number;
  const mine = mineNow();
  showMessage(mine ? say(state.ticket ? "taken-elsewhere-here" : "taken-elsewhere", { ...args, mine }) : say("taken-elsewhere-none", args), "", () => mineNow() === mine);
}

/** How long the message of a refusal is true, by problem code. @type {Record<string, () => boolean>} */
const REFUSED_WHILE = {
  "hall-suspended": () => stoppedReason() === "suspended",
  "hall-closed": () => stoppedReason() !== null,
  "counter-busy": () => state.ticket !== null,
  "counter-closed": () => state.counter?.state !== "open",
};

/**
 * Run an act, and show why it was refused.
 * @param {HTMLButtonElement | null} button the act's button, busy until the act ends; null for none
 * @param {() => Promise<unknown>} act
 */
async function run(button, act) {
  showMessage(null);
  const focused = document.activeElement;
  const runAndReport = async () => {
    try {
      await act();
    } catch (reason) {
      showMessage(wordsOf(reason, refusalArguments(reason)), "heed", reason instanceof Refused ? REFUSED_WHILE[reason.code] : undefined);
      state.live.now();
    }
  };
  await (button ? whileBusy(button, runAndReport) : runAndReport());
  if (!focused?.isConnected || focused === document.body || focused.closest("[hidden]")) part("main").focus();
}

/** Arguments for the text of a refusal. */
function refusalArguments(reason) {
  if (!(reason instanceof Refused) || !reason.problem.ticket) return {};
  const ticket = state.queue?.called.find(({ id }) => id === reason.problem.ticket);
  return { number: ticket?.number ?? "" };
}

/** Run an act that has no button. A second press while it runs does nothing. */
async function runOnce({ id, run: act }) {
  if (runningActs.has(id)) return;
  runningActs.add(id);
  try {
    await run(null, act);
  } finally {
    runningActs.delete(id);
  }
}

function pressMain() {
  const main = acts.main(currentView());
  if (!main?.run || performance.now() < restUntil_ms) return;
  run(part("main"), async () => {
    const called = await main.run();
    if (!called) return;
    restUntil_ms = performance.now() + REST_MS;
    await new Promise((resolve) => setTimeout(resolve, REST_MS));
  });
}

function press(id, button = part("main")) {
  const act = acts.grid(currentView(), { canMark: canMarkNoShow() }).find((offered) => offered?.id === id);
  if (act) run(button, act.run);
}

function pressLetter(letter) {
  if (letter === "?") {
    showHelp();
    return true;
  }
  if (letter === "U" && part("toast").open) {
    part("toast").undo();
    return true;
  }
  if (/^[1-9]$/.test(letter)) return checklist.toggle(Number(letter) - 1);
  const offered = [...acts.grid(currentView(), { canMark: canMarkNoShow() }), ...acts.always(currentView(), line.ticket)].find((act) => act?.key === letter);
  if (!offered) return false;
  const button = document.querySelector(`[data-act="${offered.id}"]`);
  if (button) run(button, offered.run);
  else runOnce(offered);
  return true;
}

function showHelp() {
  const known = [...acts.grid("called", { canMark: true }), ...acts.grid("serving", {}), ...acts.grid("idle", {}), ...acts.grid("closed", {}), ...acts.always("idle", line.ticket ?? {})].filter(Boolean);
  const rows = [...new Map(known.map(({ key, label }) => [key, label]))].map(([key, label]) => [key, label]);
  showKeys([[["Enter", "Space", "F8"], say("key-main")], ["Esc", say("key-rest")], ...rows, ["U", say("key-undo")], [["↑", "↓"], say("key-move")], ["1–9", say("key-paper")], ["?", say("key-help")]]);
}

// Drawing.

function drawAll() {
  drawFrame();
  if (!state.counter || !state.words) return;
  const { counter, queue, ticket, next, words, times } = state;
  const focused = document.activeElement;
  const now_ms = state.live.clock.now();
  const shown = currentView();
  state.stopped = stoppedReason();
  document.body.dataset.view = shown;

  part("state").className = counter.state === "open" ? "tag open" : "tag";
  part("state").textContent = say("counter-state", { state: counter.state });
  part("services").textContent = words.serviceList(counter.services);
  part("help").textContent = say("help");

  const language = languageNow();
  const person = ticket ?? (shown === "idle" ? next : null);
  const as = ticket ? (ticket.state === "serving" ? "here" : "called") : "next";
  redraw(part("person"), [language, words.edition, shown, person, as === "next" && person ? Math.floor(now_ms / 60_000) : 0, counter.until_at, counter.reason, suspension(), state.stopped], () => (person ? drawPerson({ ticket: person, as, words, times, now_ms }) : [drawNobody(acts, shown)]));
  redraw(part("why"), [language, words.edition, person?.reason, person?.number], () => (person ? whyWords(person, words, times) : []));
  checklist.draw();
  drawMain(acts.main(shown));
  drawActs(acts, shown);
  drawMessage();
  redraw(part("alarms"), [language, words.edition, queue.alarms ?? [], queue.printers ?? []], () => [...(queue.alarms ?? []).map(drawAlarm), ...(queue.printers ?? []).map(drawPrinter)]);
  redraw(part("keys"), [language, areKeysOn()], () => [["Enter", say("key-main")], ["Esc", say("key-rest")], ["/", say("key-find")], ["?", say("key-help")]].flatMap(([key, label]) => [make("span", {}, make("kbd", {}, key), ` ${label}`), " "]));

  const states = new Map([...words.desk.counters.map(({ id, state: counterState }) => [id, counterState]), ...(state.live.board?.counters ?? []).map(({ id, state: counterState }) => [id, counterState]), [counter.id, counter.state]]);
  line.draw({ waiting: lineOf(queue.waiting, counter, words, states), standby: lineOf(queue.standby, counter, words, states), parked: queue.parked.filter(({ service }) => counter.services.includes(service)), next: next?.id ?? null, words, now_ms });
  if (focused && !focused.isConnected && document.activeElement === document.body) part("main").focus(); // the focused row was removed
  tick();
}

function tick() {
  if (!state.counter || !state.words) return;
  // There were events since the last reading of services and papers. They may have changed these, and no frame follows by itself.
  if (state.live.link === "live" && state.words.desk.seq !== state.queue.seq && isDeskOld()) state.live.now();
  const now_ms = state.live.clock.now();
  const time = state.times.time(now_ms);
  if (part("clock").textContent !== time) {
    part("clock").textContent = time;
    drawAll();
    return;
  }
  const timer = part("timer");
  if (timer && state.ticket) drawTimer(timer, { ticket: state.ticket, words: state.words, now_ms });
  drawActs(acts, currentView());
  drawMessage();
  drawLink(state.live.link);
}
