/**
 * The lobby screen of one hall, or of one of its zones.
 *
 * It reads the hall's name, languages and socket address, receives its board and draws it. It never shows as true what may
 * no longer be: after a few seconds without a frame it shows how old the numbers are, after ten minutes it removes them.
 *
 * For observers: `data-link` and `data-view` on the body, `data-number`, `data-counter` and `data-again` on the calls,
 * and the event `paihao:spoken` on the document, `{number, counter, lang, clips}`, as each sentence begins.
 */

import { CallLog, Turns } from "./calls.js";
import { CallsView } from "./calls-view.js";
import { HallClock } from "./clock.js";
import { Entrance } from "./entrance.js";
import { Key } from "./key.js";
import { NextBookable } from "./bookable.js";
import { NotesView } from "./notes-view.js";
import { Opening } from "./opening.js";
import { Presence } from "./presence.js";
import { BoardSocket, SILENCE_MS, backOff_ms } from "./socket.js";
import { Speaker } from "./speaker.js";
import { usable } from "./usable.js";
import { WaitsView } from "./waits-view.js";
import { Words } from "./words.js";

const LOOK_MS = 250;
const LISTS_MAX_MS = 10 * 60_000;
const HALL_FETCH_MS = 8000;
const HALL_UNKNOWN_RETRY_MS = 30_000;
// After so many failed attempts in a row the address of the socket may have changed.
const FAILURES_TO_ASK_AGAIN = 8;

const hallId = decodeURIComponent(location.pathname.match(/^\/halls\/([^/]+)\/screen\/?$/)?.[1] ?? "");
const query = new URLSearchParams(location.search);
const zoneId = query.get("zone") || null;

const part = (id) => document.getElementById(id);
const callsView = new CallsView(part("newest"), part("list"));
const waitsView = new WaitsView(part("waits"));
const notesView = new NotesView({
  hall: part("hall"),
  date: part("date"),
  clock: part("clock"),
  band: part("band"),
  bandWords: part("band-words"),
  message: part("message"),
  noticeWords: part("notice-words"),
  asOf: part("as-of"),
  soundWords: part("sound-words"),
});

const key = new Key(hallId);
const entrance = new Entrance(hallId, key);
const presence = new Presence(hallId, zoneId, key);
const bookable = new NextBookable(hallId);
const opening = new Opening(askHall);
const callLog = new CallLog();
const turns = new Turns();
let words = new Words();
let clock = new HallClock();
/** The hall's data; null until they were read. */
let hall = null;
/** @type {"hall" | "zone" | null} the part of the screen's address that does not exist */
let unknown = null;
/** The last board, with all its parts; null until one was received. */
let board = null;
/** When the last frame was made: up to then the content is true. */
let truth_ms = NaN;
/** @type {BoardSocket | null} */
let socket = null;
/** @type {Speaker | null} */
let speaker = null;
const started_ms = performance.now();

/** Read the hall's data, until an answer comes. */
async function findHall() {
  for (let failures = 0; ; failures += 1) {
    const answer = await askHall();
    unknown = answer === "unknown" ? "hall" : null;
    if (answer !== null && answer !== "unknown") return answer;
    const delay_ms = unknown ? HALL_UNKNOWN_RETRY_MS * (1 + Math.random()) : backOff_ms(failures);
    await new Promise((resolve) => setTimeout(resolve, delay_ms));
  }
}

/** @returns {Promise<object | "unknown" | null>} null if it could not be read */
async function askHall() {
  try {
    const response = await fetch(`/v1/halls/${encodeURIComponent(hallId)}`, { cache: "no-store", signal: AbortSignal.timeout(HALL_FETCH_MS) });
    if (response.status === 404) return "unknown";
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

function adopt(answer) {
  hall = answer;
  opening.adopt(hall);
  words = new Words(hall.languages);
  clock = new HallClock(hall.time_zone);
  for (const [id, label] of [["calls", "callsLabel"], ["waits", "waitsLabel"]]) part(id).setAttribute("aria-label", words.say(label)[0].text);
}

/** The address of the board's socket; read again from the hall's data now and then while it cannot be reached. */
function address(failures) {
  if (failures > 0 && failures % FAILURES_TO_ASK_AGAIN === 0) {
    askHall().then((answer) => {
      if (answer !== null && answer !== "unknown") adopt(answer);
    });
  }
  const zone = zoneId === null ? "" : `?zone=${encodeURIComponent(zoneId)}`;
  return `${hall.display_url.replace(/\/$/, "")}/v1/halls/${encodeURIComponent(hallId)}/board${zone}`;
}

function hear(frame) {
  unknown = null;
  truth_ms = Date.parse(frame.at);
  clock.heard(truth_ms);
  if (frame.type === "board") {
    board = whole(frame);
    const news = callLog.news(board.called, truth_ms);
    turns.add(news);
    if (board.suspended) speaker?.hush();
    else for (const call of news) speaker?.say(call);
  }
  draw();
  if (board) usable();
}

/** When a suspended hall is expected to continue; with the day if that is not today. */
function resumes(at_ms) {
  if (clock.date("en", at_ms) === clock.date("en", clock.now())) return words.say("resumesAt", clock.minutes(at_ms));
  return words.say("resumesOn", words.languages.map(({ key, tag }) => ({ key, tag, text: clock.soon(key, at_ms) })));
}

/** A board with all parts that are drawn: a part that the server leaves out is empty and causes no error. */
function whole(frame) {
  const names = frame.names ?? {};
  const services = Object.fromEntries((hall.services ?? []).map((service) => [service.id, service]));
  return {
    called: frame.called ?? [],
    waiting: frame.waiting ?? [],
    counters: frame.counters ?? [],
    standby: frame.standby ?? 0,
    notices: frame.notices ?? [],
    closing_at: frame.closing_at ?? null,
    doors: frame.doors ?? null,
    day_ends_ms: Date.parse(frame.day_ends_at ?? ""), // when calls end
    suspended: frame.suspended ?? null,
    names: { hall: names.hall ?? hall.name, services: names.services ?? services, counters: names.counters ?? {}, stages: names.stages ?? {}, zones: names.zones ?? {} },
  };
}

/** @returns {"connecting" | "live" | "stale" | "lost" | "unknown-zone" | "unknown-hall"} */
function linkState() {
  if (unknown) return `unknown-${unknown}`;
  const silent_ms = socket && board ? socket.silent_ms : performance.now() - started_ms;
  if (silent_ms <= SILENCE_MS) return board ? "live" : "connecting";
  return board && silent_ms <= LISTS_MAX_MS ? "stale" : "lost";
}

function draw() {
  const now_ms = performance.now();
  const link = linkState();
  const stale = link === "stale";
  const ahead = link === "live" ? opening.ahead(clock.now()) : null;
  const opens = ahead && words.languages.map(({ key, tag }) => ({ key, tag, text: clock.soon(key, ahead.opens_ms) }));
  const early = ahead !== null && ahead.doors_open;
  const closed = ahead !== null && !early && isEmpty(board);
  const view = link !== "live" && !stale ? "words" : board.suspended ? "suspended" : closed ? "words" : "board";
  document.body.dataset.link = link;
  document.body.dataset.view = view;

  const zone = zoneId === null ? [] : words.of(board?.names.zones[zoneId]);
  notesView.drawName(words, words.of(board?.names.hall ?? hall?.name), zone);
  if (hall) notesView.drawTime(words, clock);
  const silent_min = socket ? Math.floor(socket.silent_ms / 60_000) : 0;
  notesView.drawBand(stale ? words.say("stale", clock.minutes(truth_ms), words.say("age", silent_min)) : null);

  const notices = board && link === "live" ? board.notices.map((notice) => words.of(notice.text)).filter((said) => said.length > 0) : [];
  notesView.drawNotice(notices.length > 0 ? notices : closed ? [] : [words.say(stale || link === "lost" ? "valid" : "noNotice")], now_ms);
  notesView.drawAsOf(
    link === "live" ? words.say("live", clock.seconds(truth_ms)) : words.say("reconnecting", zone.length > 0 ? zone : zoneId),
    link === "live",
  );

  // Last, because the layout of the board depends on the room that the rest leaves.
  if (view === "board") {
    callsView.draw({ words, board, stale, opens: early ? opens : null, ...turns.pick(board.called, now_ms) });
    waitsView.draw({ words, clock, board, stale, entrance: entrance.shown(clock.now()), early, doors: opening.doors(board, clock.now()), bookable: bookable.at(clock.now()), now_ms });
  } else if (view === "suspended") {
    const { text, until_at } = board.suspended;
    const said = words.of(text);
    notesView.drawMessage(said.length > 0 ? said : words.say("suspended"), until_at ? resumes(Date.parse(until_at)) : [], 1);
  } else if (closed) {
    notesView.drawMessage(words.say("closed"), words.say("opens", opens));
  } else {
    notesView.drawMessage(...message(link));
  }
}

/** Whether no one is called or waits. */
function isEmpty({ called, waiting, standby }) {
  return called.length === 0 && standby === 0 && waiting.every(({ count }) => count === 0);
}

function message(link) {
  switch (link) {
    case "unknown-hall":
      return [words.say("unknownHall", hallId), words.say("checkAddress")];
    case "unknown-zone":
      return [words.say("unknownZone", zoneId), words.say("checkAddress")];
    case "lost":
      return board ? [words.say("lost"), words.say("lostHint", clock.minutes(truth_ms))] : [words.say("unreached")];
    default:
      return [words.say("connecting"), words.say("connectingHint")];
  }
}

function prepareSound() {
  const button = part("sound");
  speaker = new Speaker({
    languages: words.languages.map(({ key }) => key),
    clipsOnly: query.get("voice") === "clips",
    onState: (on) => {
      button.hidden = on;
      document.body.dataset.sound = on ? "on" : "off";
    },
  });
  button.hidden = false;
  document.body.dataset.sound = "off";
  // A screen on the wall has one button: a tap anywhere presses it, and so does Enter on a remote control.
  document.addEventListener("click", () => speaker.on || speaker.unlock());
  document.addEventListener("keydown", (event) => event.key === "Enter" && (speaker.on || speaker.unlock()));
  if (query.get("sound") === "on") speaker.unlock(); // an unattended screen, whose browser allows sound without a tap
}

function look() {
  socket?.look();
  if (board) entrance.look(clock.now());
  draw();
  if (document.body.dataset.link === "live") {
    presence.look();
    opening.look(board, clock.now());
    if (board.standby > 0) bookable.look(clock.now());
  }
}

setInterval(look, LOOK_MS);
document.addEventListener("visibilitychange", look);
globalThis.addEventListener("online", () => socket?.hurry());
draw();

adopt(await findHall());
prepareSound();
socket = new BoardSocket({
  address,
  onFrame: hear,
  onUnknownZone: () => {
    unknown = "zone";
    draw();
  },
});
socket.open();
