/**
 * The page of one counter: call, serve, finish, with one key; the queue beside it, and why this one.
 *
 * What it shows comes from the service alone: an act is sent, its answer is waited for, and the hall is read anew. Nothing is
 * guessed before, so two clerks who press at once see who got whom.
 *
 * To be watched from outside: `data-view` on the body (signed-out, closed, paused, idle, called, serving), `data-link`, and
 * `aria-busy` on the main button while an act is under way.
 */

import { make, redraw } from "/display/element.js";
import { usable } from "/display/usable.js";
import { call, inHall, Refused } from "/pages/api.js";
import { untilRead } from "/pages/first.js";
import { Live } from "/pages/live.js";
import { pick } from "/pages/language.js";
import { signedIn } from "/pages/session.js";
import { languageNow, say, sayInto, texts } from "/pages/texts.js";
import { HallTimes } from "/pages/times.js";
import { whileBusy, wordsOf } from "/pages/ui.js";
import { Acts } from "./acts.js";
import { begunWith, forgetBegun, keepBegun } from "./begun.js";
import { Checklist } from "./checklist.js";
import { showKeys } from "./dialogs.js";
import { listenToKeys, keysOn } from "./keys.js";
import { LineView } from "./line.js";
import { lineOf } from "./order.js";
import { drawPerson, drawTimer, whyWords } from "./person.js";
import { HallWords } from "./words.js";

const TICK_MS = 1000;
const DESK_EVERY_MS = 15_000;
// After a call the main button rests: a second press meant for the first must not finish the person who is still on the way.
const REST_MS = 1000;
// An answer that takes longer than this is worth a word.
const SLOW_MS = 400;
// What was refused, and is not so by what the page hears this long after, is so no longer.
const HEARD_WITHIN_MS = 5000;
const GRID = 8;

const part = (id) => document.getElementById(id);
const [hallId, counterId] = location.pathname.match(/^\/halls\/([^/]+)\/counter\/([^/]+)/).slice(1).map(decodeURIComponent);
const ofHall = inHall(hallId);

const state = {
  hall: null,
  /** @type {HallWords | null} */
  words: null,
  /** @type {HallTimes | null} */
  times: null,
  /** @type {Set<string>} */
  roles: new Set(),
  session: null,
  counter: null,
  queue: null,
  /** The person called or served here. */
  ticket: null,
  /** Who would be called next, with the reason. */
  next: null,
  /** A break that begins when the present person is done. */
  pauseAfter: null,
  /** @type {{text: string, kind: "" | "heed", holds?: () => boolean, held: boolean, until_ms: number, isChecking?: boolean} | null} `isChecking`: until the act under way is answered */
  message: null,
  /** @type {"suspended" | "early" | "over" | null} why the hall calls nobody now */
  stopped: null,
  deskRead_ms: -Infinity,
};
/** @type {Live} */
let live;
let rest_ms = 0;
/** Acts without a button of their own, by id. @type {Set<string>} */
const underWay = new Set();

const spoken = texts("common", "counter").then(() => {
  document.addEventListener("paihao:language", () => drawAll());
  drawFrame();
});
state.hall = (await untilRead(() => call("GET", `/v1/halls/${encodeURIComponent(hallId)}`), spoken)).body;
drawFrame();
const found = await signedIn(hallId, ["staff", "volunteer"]);
adopt(found);
document.addEventListener("paihao:signed-in", ({ detail }) => {
  adopt(detail);
  live.now();
});
document.addEventListener("paihao:signed-out", () => acts.signedOut());
state.times = new HallTimes(state.hall.time_zone);

const checklist = new Checklist(part("checklist"), () => drawAll());
const acts = new Acts({
  state,
  ofHall,
  counterId,
  checklist,
  toast: part("toast"),
  say: tell,
  read: () => live.now(),
  now_ms: () => live.clock.now(),
});
const line = new LineView({ title: part("queue-title"), order: part("queue-order"), list: part("line"), also: part("also") }, (ticket) => run(null, () => acts.openTicket(ticket)));

live = new Live({ hall: state.hall, read, onFacts: take, onLink: drawLink, onRefused: refuse, onBoard: drawAll });
live.start().then(() => part("main").focus());
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
document.addEventListener("paihao:calls", ({ detail }) => sayWaiting(detail));

function adopt({ session, roles }) {
  state.session = session;
  state.roles = roles;
  document.querySelector("account-menu").show(session);
}

/** Read the counter and the queue together; the older of the two is what the page knows. */
async function read() {
  const [counter, queue, desk] = await Promise.all([
    ofHall("GET", `counters/${encodeURIComponent(counterId)}`),
    ofHall("GET", "queue"),
    deskIsOld() ? ofHall("GET", "desk") : null,
  ]);
  return { counter: counter.body, queue: queue.body, desk: desk?.body ?? null, day: queue.body.day, seq: Math.min(counter.body.seq, queue.body.seq) };
}

/** Whether what the counter works with (services, papers, other counters) may be other by now than when it was read. */
function deskIsOld() {
  return state.words === null || performance.now() - state.deskRead_ms > DESK_EVERY_MS;
}

/** The hall cannot be read: not by this person, or there is no such counter. */
async function refuse(refused) {
  tell(wordsOf(refused), "heed");
  if (refused.code !== "counter-not-found") return;
  live.stop();
  for (const id of ["state", "services", "link", "help", "clock"]) {
    delete part(id).dataset.signedIn; // of no counter there is nothing to say, whoever signs in
    part(id).hidden = true;
  }
  const { body: desk } = await ofHall("GET", "desk");
  const words = new HallWords(desk);
  part("acts").replaceChildren(...desk.counters.map((counter) => make("a.button", { href: `${encodeURIComponent(counter.id)}${location.search}` }, words.counter(counter))));
}

function take({ counter, queue, desk }) {
  if (desk) {
    state.words = new HallWords(desk, state.words);
    state.deskRead_ms = performance.now();
  }
  const before = { next: state.next, view: document.body.dataset.view };
  state.counter = counter;
  state.queue = queue;
  const here = state.ticket?.id;
  state.ticket = queue.called.find(({ id }) => id === counter.ticket) ?? null;
  if (state.ticket && state.ticket.id !== here) {
    if (state.pauseAfter) keepBegun(state.ticket.id, { pauseAfter: state.pauseAfter }); // who was here before went otherwise
    else state.pauseAfter = begunWith(state.ticket.id).pauseAfter ?? null;
  }
  state.next = counter.next ?? null;
  checklist.about(state.ticket, state.words);
  if (before.view === "idle" && before.next && before.next.id !== state.next?.id) sayTaken(before.next);
  if (state.pauseAfter && state.ticket === null && counter.state !== "open") {
    state.pauseAfter = null;
    forgetBegun();
  }
  acts.heard();
  drawAll();
  usable();
}

/** Somebody else was quicker. */
function sayTaken(ticket) {
  const elsewhere = state.queue.called.find(({ id, counter }) => id === ticket.id && counter !== counterId);
  if (!elsewhere) return;
  const args = { number: ticket.number, counter: state.words.counterById(elsewhere.counter) };
  const mineNow = () => state.ticket?.number ?? state.next?.number;
  const mine = mineNow();
  tell(mine ? say(state.ticket ? "taken-elsewhere-here" : "taken-elsewhere", { ...args, mine }) : say("taken-elsewhere-none", args), "", () => mineNow() === mine);
}

function view() {
  if (!state.counter) return "signed-out";
  if (state.counter.state !== "open") return state.counter.state;
  return state.ticket ? state.ticket.state : "idle";
}

/**
 * Show words in the message's place, until the next act.
 * @param {string | null} text
 * @param {"" | "heed"} [kind]
 * @param {() => boolean} [holds] what the words are true of: when it is so no longer, they go
 */
function tell(text, kind = "", holds = undefined) {
  state.message = text ? { text, kind, holds, held: false, until_ms: performance.now() + HEARD_WITHIN_MS } : null;
  drawMessage();
}

/** What a refusal is true of. @type {Record<string, () => boolean>} */
const REFUSED_WHILE = {
  "hall-suspended": () => stopped() === "suspended",
  "hall-closed": () => stopped() !== null,
  "counter-busy": () => state.ticket !== null,
  "counter-closed": () => state.counter?.state !== "open",
};

/** @param {HTMLButtonElement | null} button that is for it, and busy meanwhile; null for none @param {() => Promise<unknown>} act */
async function run(button, act) {
  tell(null);
  const focused = document.activeElement;
  const tried = async () => {
    try {
      await act();
    } catch (reason) {
      tell(wordsOf(reason, argsOf(reason)), "heed", reason instanceof Refused ? REFUSED_WHILE[reason.code] : undefined);
      live.now();
    }
  };
  await (button ? whileBusy(button, tried) : tried());
  if (!focused?.isConnected || focused === document.body || focused.closest("[hidden]")) part("main").focus();
}

/** What the words of a refusal want to name. */
function argsOf(reason) {
  if (!(reason instanceof Refused) || !reason.problem.ticket) return {};
  const ticket = state.queue?.called.find(({ id }) => id === reason.problem.ticket);
  return { number: ticket?.number ?? "" };
}

/** Carry out an act that has no button now; like one that has, it takes no second press meanwhile. */
async function runOnce({ id, run: act }) {
  if (underWay.has(id)) return;
  underWay.add(id);
  try {
    await run(null, act);
  } finally {
    underWay.delete(id);
  }
}

function pressMain() {
  const main = acts.main(view());
  if (!main?.run || performance.now() < rest_ms) return;
  run(part("main"), async () => {
    const called = await main.run();
    if (!called) return;
    rest_ms = performance.now() + REST_MS;
    await new Promise((resolve) => setTimeout(resolve, REST_MS));
  });
}

function press(id, button = part("main")) {
  const act = acts.grid(view(), { canMark: canMark() }).find((one) => one?.id === id);
  if (act) run(button, act.run);
}

function pressLetter(letter) {
  if (letter === "?") {
    help();
    return true;
  }
  if (letter === "U" && part("toast").open) {
    part("toast").undo();
    return true;
  }
  if (/^[1-9]$/.test(letter)) return checklist.toggle(Number(letter) - 1);
  const offered = [...acts.grid(view(), { canMark: canMark() }), ...acts.always(view(), line.ticket)].find((act) => act?.key === letter);
  if (!offered) return false;
  const button = document.querySelector(`[data-act="${offered.id}"]`);
  if (button) run(button, offered.run);
  else runOnce(offered);
  return true;
}

/** No-show is offered when the person has had time to come. */
function canMark() {
  const { ticket, words } = state;
  if (!ticket || !words || ticket.state !== "called") return false;
  return live.clock.now() - Date.parse(ticket.called_at) >= words.desk.rules.no_show_after_s * 1000;
}

function help() {
  const known = [...acts.grid("called", { canMark: true }), ...acts.grid("serving", {}), ...acts.grid("idle", {}), ...acts.grid("closed", {}), ...acts.always("idle", line.ticket ?? {})].filter(Boolean);
  const rows = [...new Map(known.map(({ key, label }) => [key, label]))].map(([key, label]) => [key, label]);
  showKeys([[["Enter", "Space", "F8"], say("key-main")], ["Esc", say("key-rest")], ...rows, ["U", say("key-undo")], [["↑", "↓"], say("key-move")], ["1–9", say("key-paper")], ["?", say("key-help")]]);
}

// Drawing.

/** What is there before anybody has signed in. */
function drawFrame() {
  sayInto();
  const stage = { id: counterId, stage: state.counter?.stage ?? "" };
  const title = state.words && state.counter ? state.words.counter(stage) : say("counter-untitled", { counter: counterId });
  part("title").textContent = title;
  const number = state.ticket ? ` ${state.ticket.number}` : "";
  document.title = `${title}${number} · ${pick(state.hall?.name, languageNow()).text || say("paihao")}`;
}

function drawAll() {
  drawFrame();
  if (!state.counter || !state.words) return;
  const { counter, queue, ticket, next, words, times } = state;
  const focused = document.activeElement;
  const now_ms = live.clock.now();
  const shown = view();
  state.stopped = stopped();
  document.body.dataset.view = shown;

  part("state").className = counter.state === "open" ? "tag open" : "tag";
  part("state").textContent = say("counter-state", { state: counter.state });
  part("services").textContent = words.serviceList(counter.services);
  part("help").textContent = say("help");

  const language = languageNow();
  const person = ticket ?? (shown === "idle" ? next : null);
  const as = ticket ? (ticket.state === "serving" ? "here" : "called") : "next";
  redraw(part("person"), [language, words.edition, shown, person, as === "next" && person ? Math.floor(now_ms / 60_000) : 0, counter.until_at, counter.reason, suspension(), state.stopped], () => (person ? drawPerson({ ticket: person, as, words, times, now_ms }) : [nobody(shown)]));
  redraw(part("why"), [language, words.edition, person?.reason, person?.number], () => (person ? whyWords(person, words, times) : []));
  checklist.draw();
  drawMain(acts.main(shown));
  drawActs(shown);
  drawMessage();
  redraw(part("alarms"), [language, words.edition, queue.alarms ?? [], queue.printers ?? []], () => [...(queue.alarms ?? []).map(drawAlarm), ...(queue.printers ?? []).map(drawPrinter)]);
  redraw(part("keys"), [language, keysOn()], () => [["Enter", say("key-main")], ["Esc", say("key-rest")], ["/", say("key-find")], ["?", say("key-help")]].flatMap(([key, label]) => [make("span", {}, make("kbd", {}, key), ` ${label}`), " "]));

  const states = new Map([...words.desk.counters.map(({ id, state: one }) => [id, one]), ...(live.board?.counters ?? []).map(({ id, state: one }) => [id, one]), [counter.id, counter.state]]);
  line.draw({ waiting: lineOf(queue.waiting, counter, words, states), standby: lineOf(queue.standby, counter, words, states), parked: queue.parked.filter(({ service }) => counter.services.includes(service)), next: next?.id ?? null, words, now_ms });
  if (focused && !focused.isConnected && document.activeElement === document.body) part("main").focus(); // a row that has gone
  tick();
}

/** Why the hall calls nobody, and until when; null while it does. */
function suspension() {
  return live?.board?.suspended ?? null;
}

/** Why nobody can be called; null when anybody can. */
function stopped() {
  const from_at = state.queue?.calls_from_at;
  if (from_at === null) return "over";
  if (suspension()) return "suspended";
  return from_at !== undefined && live.clock.now() < Date.parse(from_at) ? "early" : null;
}

function nobody(shown) {
  const { counter, times, words } = state;
  const off = shown === "idle" ? stopped() : null;
  const suspended = off === "suspended" ? suspension() : null;
  const until = (at) => (at ? say("paused-until", { time: times.time(at) }) : "");
  const about = suspended
    ? [pick(suspended.text, languageNow()).text, until(suspended.until_at)].filter(Boolean).join(" · ")
    : shown === "paused"
      ? [counter.reason ? words.code(counter.reason) : "", until(counter.until_at) || say("paused-since", { time: times.time(counter.since_at) })].filter(Boolean).join(" · ")
      : off
        ? say(`nobody-about-${off}`)
        : say(`nobody-about-${shown === "closed" && stopped() === "over" ? "over" : shown}`);
  return make("div.stub.ghost.nobody", {}, make("div", {}, make("p.say", {}, off ? acts.offWords(off) : say(`nobody-${shown}`)), make("p.quiet", {}, about)));
}

function drawMain(main) {
  const button = part("main");
  button.hidden = main === null;
  if (main === null) return;
  if (main.run) button.removeAttribute("aria-disabled");
  else button.setAttribute("aria-disabled", "true");
  redraw(button, [languageNow(), main.label, main.then], () => [
    make("span", {}, main.label, " ", ...(main.run ? [make("kbd", { "aria-hidden": "true" }, "Enter")] : [])),
    ...(main.then ? [make("span.then", {}, make("b", {}, main.then[0]), make("span", {}, main.then[1]))] : []),
  ]);
}

function drawActs(shown) {
  const grid = acts.grid(shown, { canMark: canMark() });
  const focused = document.activeElement?.dataset?.act;
  const isNew = redraw(part("acts"), [languageNow(), grid.map((act) => act && [act.id, act.label, act.pressed])], () =>
    Array.from({ length: grid.length > 4 ? GRID : grid.length }, (_, place) => grid[place] ?? null).map((act) =>
      act ? make("button.button", { type: "button", "data-act": act.id, "aria-pressed": act.pressed === undefined ? null : String(act.pressed) }, make("span", {}, act.label), act.key ? make("kbd", { "aria-hidden": "true" }, act.key) : null) : make("span.gap"),
    ),
  );
  if (isNew && focused) (document.querySelector(`[data-act="${focused}"]`) ?? part("main")).focus();
}

/** What the last act came to; without that, why nobody is called. */
function drawMessage() {
  const { message: told } = state;
  if (told?.holds) {
    const holds = told.holds();
    if (!holds && (told.held || performance.now() > told.until_ms)) state.message = null;
    told.held ||= holds;
  }
  const suspended = suspension();
  const shown = state.message ?? (suspended ? { text: say("suspended", { text: pick(suspended.text, languageNow()).text }), kind: "heed" } : null);
  const text = shown?.isChecking ? say("checking") : (shown?.text ?? "");
  const message = part("message");
  message.hidden = shown === null;
  message.className = shown?.kind ? `message ${shown.kind}` : "message";
  if (message.textContent !== text) message.textContent = text;
}

function drawAlarm(alarm) {
  const where = alarm.counter ? state.words.counterById(alarm.counter) : (alarm.kiosk ?? say("alarm-hall"));
  return make(
    "p.alarm",
    {},
    make("b", {}, say("alarm-at", { where, time: state.times.time(alarm.at) })),
    state.roles.has("staff") ? make("button.button", { type: "button", "data-alarm": alarm.id }, say("alarm-clear")) : null,
  );
}

/** A printer that wants somebody; it is well again when it says so. */
function drawPrinter({ name, state: paper, at }) {
  return make("p.alarm", {}, make("b", {}, say(`printer-${paper}`, { name, time: state.times.time(at) })));
}

/** @param {import("/pages/live.js").Link} link */
function drawLink(link) {
  document.body.dataset.link = link;
  part("link").className = link === "live" ? "live" : "live silent";
  part("link").textContent = say({ live: "connected", connecting: "connecting", silent: "not-connected" }[link]);
  const silent = link === "silent";
  part("stale").hidden = !silent;
  if (silent) redraw(part("stale"), [languageNow(), live.truthAt_ms], () => [make("span", {}, Number.isNaN(live.truthAt_ms) ? say("stale-never") : say("stale", { time: state.times.time(live.truthAt_ms) }))]);
}

let slow = 0;
/** While an act has no answer yet, say that it is being found out, and that it will not be done twice. */
function sayWaiting({ acts: count, state: worst }) {
  clearTimeout(slow);
  const checking = () => {
    tell(say("checking"));
    state.message.isChecking = true;
  };
  if (count === 0) {
    if (state.message?.isChecking) tell(null);
  } else if (worst === "sent") {
    slow = setTimeout(checking, SLOW_MS);
  } else {
    checking();
  }
}

function tick() {
  if (!state.counter || !state.words) return;
  // Something has happened since, and perhaps to the plan: nothing more need happen for it to be seen.
  if (live.link === "live" && state.words.desk.seq !== state.queue.seq && deskIsOld()) live.now();
  const now_ms = live.clock.now();
  const time = state.times.time(now_ms);
  if (part("clock").textContent !== time) {
    part("clock").textContent = time;
    drawAll();
    return;
  }
  const timer = part("timer");
  if (timer && state.ticket) drawTimer(timer, { ticket: state.ticket, words: state.words, now_ms });
  drawActs(view());
  drawMessage();
  drawLink(live.link);
}
