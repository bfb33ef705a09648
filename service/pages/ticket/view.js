/** The view of a ticket in each state: its name, main part, dock, and announcements. */

import { make } from "/display/element.js";
import { noneOpen } from "/display/staffed.js";
import { isNumbered } from "/display/words.js";
import { comesFor, isPast, serviceOf as find } from "/pages/outlook.js";
import { button, largeNumber, nameOf, named, papersList, rangeText, upper, waitBar } from "/pages/phone.js";
import { languageNow, say } from "/pages/texts.js";
import { pick } from "/pages/language.js";
import { bookInstead, leave, mayBeCalled, moreTime, resume, showCode } from "/pages/ticket/acts.js";
import { rating } from "/pages/ticket/rating.js";

const CALLED_SHOWN = 3;
// Expected times of the call are rounded outward to multiples of this.
const CLOCK_STEP_MS = 5 * 60_000;

/** All values that the view depends on. The page is drawn again only when one of them changes, not each second. */
export function viewFacts(page) {
  const { ticket, board, link, lost, bell, rules } = page;
  const { name, papers, bookable } = serviceOf(page) ?? {};
  const { seq: _seq, wait, ...rest } = ticket;
  const elsewhere = ticket.state === "waiting" ? calledElsewhere(page) : Boolean(board);
  return [rest, wait?.shown, expected(page), isUnknown(page), isLate(page), elsewhere, Boolean(suspension(page)), link, lost, bell.on, beforeOpening(page), isAhead(page, ticket.not_before_at), isAhead(page, ticket.back_by_at), comesNow(page), mayReturn(page), name, papers, bookable, rules.words];
}

/** Whether an instant is in the future. */
function isAhead({ live }, at) {
  return Boolean(at) && Date.parse(at) > live.clock.now();
}

/** The current suspension, with text and end; null if there is none. It ends by itself at its time. */
function suspension(page) {
  const { suspended = null } = page.ticket;
  return suspended?.until_at && !isAhead(page, suspended.until_at) ? null : suspended;
}

/** Whether the hall opens later today: there are numbers already, but no calls. */
function beforeOpening(page) {
  const { hall, times, ticket } = page;
  return !hall.open && isAhead(page, hall.opens_at) && times.on(hall.opens_at) === ticket.day;
}

/** Name of a counter within a sentence: `3 号窗口`, `counter P1`. */
export function placeWords({ board }, counter) {
  const stage = pick(board?.names.stages[board.names.counters[counter]?.stage], languageNow()).text;
  const name = stage || say("counter");
  if (languageNow() === "zh") return isNumbered(counter) ? `${counter} 号${name}` : `${name} ${counter}`;
  return `${name.toLowerCase()} ${counter}`;
}

/**
 * Make the view of the ticket.
 * @returns {{name: string, short: string, main: (Node | null)[], dock: (Node | null)[], call?: string, news?: string}} `short`: for the
 *   title of the tab; `call`: announced at once; `news`: announced when screen readers have time
 */
export function viewOf(page) {
  const { ticket, link } = page;
  const halt = ["left", "done"].includes(ticket.state) ? null : suspension(page);
  const view = halt && ["waiting", "called"].includes(ticket.state) ? halted(page) : { waiting, called, serving, parked, no_show: noShow, left, done }[ticket.state](page);
  const why = halt ? nameOf(halt.text) || say("suspended") : null;
  const first = halt ? make("section.halt", {}, make("h2", {}, why), halt.until_at ? make("p", {}, say("suspended-until", { time: page.times.due(halt.until_at, page.live.clock.now()) })) : null) : null;
  return { ...view, halted: Boolean(halt), main: [first, ...view.main], dock: [drawMessage(page), ...view.dock].filter(Boolean), call: link === "silent" ? null : (why ?? view.call) };
}

/** The view during a suspension, when nobody is called or should go to a counter. The number stays valid. */
function halted(page) {
  const { ticket } = page;
  return {
    name: "halted",
    short: say("title-suspended", { number: ticket.number }),
    main: [card(page, { below: named(serviceOf(page)?.name, "p") }), make("p", {}, say("suspended-kept")), ...missingOf(page)],
    dock: ticket.state === "waiting" ? [make("div.two", {}, codeButton(page), leaveButton(page))] : [codeButton(page)],
  };
}

function drawMessage({ message }) {
  const current = message?.();
  if (!current) return null;
  const ways = (current.ways ?? []).map(({ label, act }) => button("", label, act));
  return make("div.message", { role: "status" }, make("p", {}, make("b", {}, current.text)), ways.length ? make("div.times", {}, ways) : null);
}

/** The card with the number in large letters, and optional parts above and below it. */
function card({ ticket, link }, { head = null, below = null, yours = false } = {}) {
  const kind = link === "silent" ? "section.mine.old" : yours ? "section.mine.yours" : "section.mine";
  return make(kind, {}, head ? make("h2", {}, head) : null, largeNumber(ticket.number), below);
}

/** The ticket's service. Names that the hall no longer has are taken from the last reading that had them. */
export function serviceOf({ hall, ticket }) {
  const [now, known] = [find(hall, ticket.service), hall.known?.id === ticket.service ? hall.known : null];
  if (!now) return known ? { id: known.id, name: known.name, prefix: known.prefix, papers: known.papers } : undefined;
  const wordsOf = (paper) => (nameOf(paper.name) ? paper : (known?.papers.find(({ id }) => id === paper.id) ?? paper));
  return { ...now, papers: now.papers.map(wordsOf) };
}

/** Whether people can come to the hall for the ticket's service now (`always`, `today`, `online`, `never`). */
const comesNow = ({ hall, ticket, times, live }) => comesFor(hall, ticket.service, (at) => times.on(at) === times.on(live.clock.now()));
/** The papers to have ready, without those known to be missing. */
const papersOf = (page) => (serviceOf(page)?.papers ?? []).filter(({ id }) => !page.ticket.missing.includes(id));
const wordOf = (page, code) => nameOf(page.rules.words[code]) || nameOf([serviceOf(page) ?? { papers: [] }, ...page.hall.services].flatMap(({ papers }) => papers).find(({ id }) => id === code)?.name) || code;

/** Whether a ticket is on standby, so that it can be given up for a booking. */
export function isStandby({ state, admission }) {
  return state === "waiting" && admission === "standby";
}

function waiting(page) {
  const { ticket, link, times, hall } = page;
  if (isStandby(ticket)) return standby(page);
  const fresh = link !== "silent";
  if (isAhead(page, ticket.not_before_at)) return putOff(page);
  const early = beforeOpening(page);
  const next = ticket.ahead === 0 && fresh && !early;
  const shown = fresh && !isUnknown(page) ? ticket.wait.shown : null;
  const late = isLate(page);
  const name = named(serviceOf(page)?.name, "p");
  const about = make("p.quiet", {}, say("taken-at", { time: times.time(ticket.issued_at) }));
  const first = next
    ? card(page, { yours: true, head: say("next-title"), below: make("p", {}, make("b", {}, say("next-about"))) })
    : make(link === "silent" ? "section.mine.old" : "section.mine", {}, name, largeNumber(ticket.number), about);
  const ahead = fresh ? make("section.figures", {}, figure(say("ahead"), ticket.ahead, say("ahead-people", { count: ticket.ahead })), shown && !late ? figure(say("wait-likely"), rangeText(shown), say("minutes")) : make("p", {}, make("span.label", {}, say("wait-likely")), say(shown ? "wait-late" : "wait-not-known"))) : null;
  return {
    name: next ? "next" : "waiting",
    short: next ? `${say("next-title")} ${ticket.number}` : fresh ? say("title-ahead", { number: ticket.number, ahead: ticket.ahead }) : ticket.number,
    main: [
      first,
      ahead,
      shown && !next && !late ? waitBar(shown) : null,
      shown && !next ? (late ? untilTheEnd : between)(page) : null,
      next ? make("p", {}, say("next-hint")) : null,
      fresh && early ? make("p", {}, say("calls-begin", { time: times.time(hall.opens_at) })) : null,
      ...missingOf(page),
      // The button for sound comes before the papers, which may be below the dock.
      ...(next && papersOf(page).length ? [sound(page), make("h2.small.quiet", {}, say("take-out")), papersList(papersOf(page))] : [...calls(page), sound(page)]),
    ],
    dock: [button("wide", next ? say("not-here-yet") : say("more-time"), () => moreTime(page), { id: "more" }), make("div.two", {}, codeButton(page), leaveButton(page))],
    call: next ? `${say("next-title")} ${ticket.number}` : null,
    news: shown && !late ? say("wait-news", { from: shown.from_min, to: shown.to_min }) : null,
  };
}

function figure(label, value, unit) {
  return make("p", {}, make("span.label", {}, label), make("b", {}, String(value)), make("span", {}, unit));
}

/** When the call is expected, by the shown range, which counts from now. `from_ms` is null if the call may come at once. */
function expected({ ticket, live }) {
  const shown = ticket.wait?.shown;
  if (!shown) return null;
  const now_ms = live.clock.now();
  const at_ms = (minutes, round) => round((now_ms + minutes * 60_000) / CLOCK_STEP_MS) * CLOCK_STEP_MS;
  const from_ms = at_ms(shown.from_min, Math.floor);
  return { from_ms: from_ms > now_ms ? from_ms : null, to_ms: at_ms(shown.to_min, Math.ceil) };
}

/** The range as times of day. Times in the past are left out. */
function between(page) {
  const { from_ms, to_ms } = expected(page);
  const at = (ms) => make("b", {}, page.times.time(ms));
  if (from_ms === null) return make("p", {}, say("expect-by"), " ", at(to_ms), say("expect-by-after"));
  return make("p", {}, say("expect-before"), " ", at(from_ms), " ", say("expect-middle"), " ", at(to_ms), say("expect-after"));
}

/** Whether the time of the call is unknown: no counter is open, although the hall has opened. */
function isUnknown(page) {
  return Boolean(page.board) && noneOpen(page.board) && !beforeOpening(page);
}

/** Whether the day may end before the call. */
function isLate({ ticket, hall, live }) {
  const shown = ticket.wait?.shown;
  return Boolean(shown) && isPast(shown.to_min, live.clock.now(), hall.day_ends_at);
}

/** Text for a call that may come after the end of the day: the earliest time, the end of the day, and what happens then. */
function untilTheEnd(page) {
  const { hall, rules, times } = page;
  const { from_ms } = expected(page);
  const after = from_ms !== null && from_ms < Date.parse(hall.day_ends_at) ? say("late-from", { time: times.time(from_ms) }) : null;
  const then = say(comesNow(page) === "always" ? "late-about" : "late-last-day", { time: times.closing(hall.day_ends_at), days: rules.returns_within_days, minutes: Math.round(rules.credit_s.returning / 60) });
  return make("p", { id: "late" }, after ? make("b", {}, after) : null, after ? " " : null, then);
}

/** Calls of other tickets. The own ticket is left out: the board may be older than its state. */
function calledElsewhere({ board, ticket }) {
  return board?.called.filter(({ number }) => number !== ticket.number).slice(0, CALLED_SHOWN) ?? [];
}

/** The list of calls of other tickets; empty while the page has no current data. */
function calls(page) {
  const { link, lost } = page;
  const now = calledElsewhere(page);
  if (now.length === 0 || link === "silent" || lost) return [];
  return [make("section", {}, make("h2.small.quiet", {}, say("being-called")), make("ul.called-now", {}, now.map(({ number, counter }) => make("li", {}, make("b.number", {}, number), upper(placeWords(page, counter))))))];
}

function missingOf(page) {
  const { missing } = page.ticket;
  return missing.length === 0 ? [] : [make("div.message.heed", {}, make("p", {}, make("b", {}, say("missing", { papers: missing.map((code) => wordOf(page, code)).join(say("list-join")) }))))];
}

function sound(page) {
  const { bell } = page;
  if (!bell.possible || bell.on) return null;
  return make("div.message.row", {}, make("span", {}, say("sound-off")), button("plain", say("sound-on"), async () => {
    await bell.turnOn();
    page.show();
  }, { id: "sound" }));
}

const leaveButton = (page) => button("stop", say("leave"), () => leave(page), { id: "leave" });
const codeButton = (page) => button("", say("show-code"), (pressed) => showCode(page, pressed), { id: "code" });

function standby(page) {
  const { ticket, link } = page;
  const place = Number.isInteger(ticket.ahead) && link !== "silent" ? ticket.ahead + 1 : null;
  return {
    name: "standby",
    short: say("title-standby", { number: ticket.number }),
    main: [card(page, { head: say("standby-title"), below: named(serviceOf(page)?.name, "p") }), make("p", {}, make("b", {}, place ? say("standby-place", { place }) : say("standby-about"))), make("p", {}, say("standby-hint")), ...missingOf(page), ...calls(page), sound(page)],
    dock: [serviceOf(page)?.bookable ? button("wide", say("book-instead"), () => bookInstead(page), { id: "book" }) : null, make("div.two", {}, codeButton(page), leaveButton(page))],
  };
}

function putOff(page) {
  const { ticket, times } = page;
  const time = times.time(ticket.not_before_at);
  return {
    name: "put-off",
    short: ticket.number,
    main: [card(page, { head: say("put-off-title", { time }), below: named(serviceOf(page)?.name, "p") }), make("p", {}, say("put-off-about")), ...missingOf(page), ...calls(page), sound(page)],
    dock: [button("wide", say("call-me-now"), (pressed) => mayBeCalled(page, pressed), { id: "more" }), make("div.two", {}, codeButton(page), leaveButton(page))],
  };
}

function called(page) {
  const { ticket, link } = page;
  const place = placeWords(page, ticket.counter);
  const words = say("called", { number: ticket.number, place });
  if (link === "silent") return { name: "called", short: words, main: [card(page), make("p", {}, make("b", {}, words))], dock: [codeButton(page)], call: words };
  return {
    name: "called",
    short: words,
    main: [
      card(page, { yours: true, head: say(ticket.calls > 1 ? "called-again" : "called-title"), below: make("p.where", {}, make("span", {}, say("please-go-to")), make("b.counter", {}, place)) }),
      ...(papersOf(page).length ? [make("h2.small.quiet", {}, say("take-out")), papersList(papersOf(page))] : []),
      sound(page),
    ],
    dock: [codeButton(page)],
    call: ticket.calls > 1 ? `${say("called-again")}: ${words}` : words,
  };
}

function serving(page) {
  const { ticket } = page;
  return { name: "serving", short: ticket.number, main: [card(page, { head: say("serving-title", { place: placeWords(page, ticket.counter) }), below: named(serviceOf(page)?.name, "p") })], dock: [codeButton(page)] };
}

function parked(page) {
  const { ticket } = page;
  return {
    name: "parked",
    short: say("title-parked", { number: ticket.number }),
    main: [card(page, { head: say("parked-title"), below: named(serviceOf(page)?.name, "p") }), ...missingOf(page), make("p", {}, say("parked-about"))],
    dock: [button("primary.wide", say("i-am-back"), (pressed) => resume(page, pressed), { id: "resume" }), make("div.two", {}, codeButton(page), leaveButton(page))],
  };
}

function noShow(page) {
  const { ticket, times, rules } = page;
  const open = isAhead(page, ticket.back_by_at);
  return {
    name: "no-show",
    short: say("title-passed", { number: ticket.number }),
    main: [card(page, { head: say("passed-title"), below: named(serviceOf(page)?.name, "p") }), make("p", {}, make("b", {}, open ? say("passed-back", { number: ticket.number, time: times.time(ticket.back_by_at), minutes: Math.round(rules.back_within_s / 60) }) : say("passed-over", { number: ticket.number })))],
    dock: open ? [button("primary.wide", say("i-am-back"), (pressed) => resume(page, pressed), { id: "resume" }), codeButton(page)] : [takeAnother(page)],
  };
}

const takeAnother = (page) => make("a.button.wide", { href: `/halls/${page.hall.id}?${["always", "online"].includes(comesNow(page)) ? `service=${page.ticket.service}&` : ""}lang=${languageNow()}` }, say("take-another"));

/** Whether a person who was not served, or was accepted conditionally, may still return with this ticket. */
export function mayReturn(page) {
  return hasRight(page) && returnBy(page) !== null;
}

/** Whether there is a right to return that is neither used nor expired. */
function hasRight({ ticket, times, live }) {
  return Boolean(ticket.return_by_on) && !ticket.returned_at && times.on(live.clock.now()) <= ticket.return_by_on;
}

/** The date until which the person may return with this ticket; null if the hall no longer offers the service. */
function returnBy(page) {
  const { ticket, times, live } = page;
  return { always: ticket.return_by_on, today: times.on(live.clock.now()) }[comesNow(page)] ?? null;
}

/** A line if the hall offers the service for the last day. */
function lastDayOf(page) {
  return comesNow(page) === "today" ? [make("p", {}, say("return-last-day"))] : [];
}

/**
 * Why the person cannot return: the right was used or has expired, or the hall no longer offers the service. Null if the date is unknown,
 * as in data stored by an older release.
 */
function returnOver(page) {
  const { ticket, times } = page;
  if (!ticket.returned_at && !ticket.return_by_on) return null;
  if (hasRight(page)) return comesNow(page) === "online" ? onlineNow(page) : make("p", {}, make("b", {}, say("return-gone")));
  const words = ticket.returned_at ? say("returned-at", { day: dayWords(times, times.on(ticket.returned_at)), time: times.time(ticket.returned_at) }) : say("return-over", { day: dayWords(times, ticket.return_by_on) });
  return make("p", {}, make("b", {}, words));
}

/** A line that the service is now online, with its link. */
function onlineNow(page) {
  return make("p", {}, make("b", {}, say("return-online")), " ", make("a", { href: serviceOf(page).online_url, rel: "noreferrer" }, say("return-online-go")));
}

/** `11月24日 周二`, `Tue 24 Nov`. */
const dayWords = (times, on) => times.day(on).replace(/(日)(周)/, "$1 $2");

function left(page) {
  const { ticket, times } = page;
  const unserved = ticket.left_reason === "unserved";
  const may = mayReturn(page);
  const about = !unserved ? make("p", {}, say("left-about")) : may ? make("p", {}, say("unserved-about", { day: dayWords(times, returnBy(page)), minutes: Math.round(page.rules.credit_s.returning / 60) })) : returnOver(page);
  return {
    name: "left",
    short: ticket.number,
    main: [card(page, { head: say(unserved ? "unserved-title" : "left-title"), below: named(serviceOf(page)?.name, "p") }), about, ...(may ? lastDayOf(page) : [])],
    dock: may ? [codeButton(page), takeAnother(page)] : [takeAnother(page)],
  };
}

function done(page) {
  const { ticket, times } = page;
  const conditional = ticket.outcome === "conditional";
  const count = ticket.missing.length;
  const head = say(conditional ? "conditional-title" : ticket.outcome === "referred" ? "referred-title" : "done-title", { count });
  const may = mayReturn(page);
  const until = may ? make("p", {}, make("b", {}, say("conditional-until", { day: dayWords(times, returnBy(page)) }))) : null;
  const what = !conditional ? [] : may ? [...missingOf(page), make("p", {}, say("conditional-about", { count })), until, ...lastDayOf(page)] : [returnOver(page)];
  const rate = rating(page);
  return {
    name: "done",
    short: `${ticket.number} ${head}`,
    main: [card(page, { head, below: make("p.quiet", {}, say("done-at", { time: times.time(ticket.finished_at) })) }), ...what, ...rate.main],
    dock: [...rate.dock, may ? codeButton(page) : conditional ? takeAnother(page) : null].filter(Boolean),
  };
}
