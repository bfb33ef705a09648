/** Draws the waits beside the calls: a range for each service, online services, standby, and until when tickets are issued. */

import { lines, make, makeSvg, redraw } from "./element.js";
import { noneOpen } from "./staffed.js";

const AXIS_MIN = 60;
const PAGE_MS = 10_000;
const QUIET_MODULES = 4;

/** The part of the page that shows waits. */
export class WaitsView {
  #box;
  #facts = "";
  /** How many services fit on one page, and in which size: measured by drawing. */
  #fit = { style: "roomy", whole: true, count: 0 };

  /** @param {HTMLElement} box */
  constructor(box) {
    this.#box = box;
  }

  /**
   * @param {object} facts
   * @param {import("./words.js").Words} facts.words
   * @param {import("./clock.js").HallClock} facts.clock
   * @param {object} facts.board
   * @param {boolean} facts.stale ranges, standby, hours and the door's code are hidden, because they may be wrong
   * @param {import("./entrance.js").Shown | null} facts.entrance the code for taking a number by phone here
   * @param {boolean} facts.early whether tickets are issued before the hall opens
   * @param {import("./opening.js").Doors} facts.doors whether tickets are issued: only then newcomers' waits are shown
   * @param {number | null} facts.bookable the next time that can be booked, shown beside the standby count
   * @param {number} facts.now_ms by the page's own clock; selects the page of a long list
   */
  draw({ words, clock, board, stale, entrance, early, doors, bookable, now_ms }) {
    const services = board.names.services;
    const online = Object.values(services).filter((service) => service.online_url);
    // Before the hall opens, its plan gives the number of counters. Later, with all closed, it is unknown when one opens.
    const unknown = !early && noneOpen(board);
    const isTold = ({ shown }) => !unknown && shown && !(clock.now() + shown.to_min * 60_000 > board.day_ends_ms);
    const waiting = board.waiting.filter(({ service }) => !services[service]?.online_url).map((wait) => (isTold(wait) ? wait : { ...wait, shown: null }));
    const shut = !stale && !doors.open;
    const door = stale ? null : doorWords(words, clock, doors);
    const standby = stale ? 0 : board.standby;
    const next = standby > 0 && bookable !== null ? words.languages.map(({ key, tag }) => ({ key, tag, text: clock.soon(key, bookable) })) : null;
    const scan = stale || shut ? null : entrance;

    const build = ({ style, whole, count }, page, pages) => [
      make(
        `div.services.${style}${whole ? ".whole" : ""}`,
        {},
        waiting.slice(page * count, (page + 1) * count).map((wait) => drawWait(words, wait, services[wait.service], { stale, shut, compact: style === "compact" })),
        pages > 1 ? make("p.page", {}, `${page + 1}/${pages}`) : null,
      ),
      ...drawExtras(words, online, standby, next),
      ...drawDoor(words, door, stale, scan),
    ];
    const facts = JSON.stringify([words.languages, waiting, services, stale, shut, standby, next, door, scan?.code, innerWidth, this.#box.parentElement.clientHeight]);
    const anew = facts !== this.#facts;
    this.#facts = facts;
    if (anew) this.#fit = { style: "roomy", whole: true, count: Math.max(1, waiting.length) };
    for (;;) {
      const pages = Math.max(1, Math.ceil(waiting.length / this.#fit.count));
      const page = Math.floor(now_ms / PAGE_MS) % pages;
      redraw(this.#box, [facts, this.#fit, page], () => build(this.#fit, page, pages));
      if (!anew || this.#fits() || !this.#tighten()) return;
    }
  }

  /** Whether nothing is cut off; descenders of the last line hang below it by less than half a unit. */
  #fits() {
    return this.#box.scrollHeight - this.#box.clientHeight <= Math.min(innerWidth, innerHeight) / 216;
  }

  /** Fit the content into less room: smaller, then long names cut, then without bars, then on several pages. */
  #tighten() {
    const { style, whole, count } = this.#fit;
    if (style === "roomy") this.#fit = { style: "full", whole, count };
    else if (whole) this.#fit = { style, whole: false, count };
    else if (style === "full") this.#fit = { style: "compact", whole, count };
    else if (count > 1) this.#fit = { style, whole, count: count - 1 };
    else return false;
    return true;
  }
}

/** The text if a newcomer is promised no wait: no tickets are issued, or only standby. Kiosks show the same. */
function noWait({ admission }, service) {
  if (service?.offered === false) return "noNew";
  return { full: "fullToday", standby: "standbyOnly" }[admission] ?? null;
}

/** @param {{stale: boolean, shut: boolean, compact: boolean}} how shut: no ticket can be taken, so no wait is shown */
function drawWait(words, wait, service, { stale, shut, compact }) {
  const { service: id, count } = wait;
  const none = stale ? null : noWait(wait, service);
  const range = stale || none ? null : wait.shown;
  const unknown = words.say(none ?? (compact ? "waitUnknownShort" : "waitUnknown"));
  const unit = range ? words.say(compact ? "minutesShort" : "minutes") : compact ? unknown : [];
  const withEstimate = compact ? none || !shut : !none && !shut;
  const head = make(
    "div.wait-name",
    {},
    make("span.prefix", { "data-length": Math.min((service?.prefix ?? "").length, 4) }, service?.prefix ?? ""),
    make("div.name", {}, lines(named(words, service, id))),
    !withEstimate ? null : make("div.estimate", { "data-unknown": compact && !range }, make("b", {}, range ? `${range.from_min}–${range.to_min}` : "–"), make("p", {}, lines(unit, "span"))),
  );
  const people = stale ? null : make("p.people", {}, make("b", {}, String(count)), lines(words.say("waiting"), "span"));
  const box = make("div.wait", { "data-service": id }, head);
  if (compact) {
    if (people) head.append(people);
  } else if (shut && !none) box.append(make("div.unknown", {}, people));
  else if (range) box.append(drawScale(words, range, people));
  else box.append(make("div.unknown", {}, make("p", {}, lines(unknown, "span")), people));
  return box;
}

/** A range on an axis from zero to an hour; the axis doubles until the range fits. */
function drawScale(words, { from_min, to_min }, people) {
  let axis_min = AXIS_MIN;
  while (to_min > axis_min) axis_min *= 2;
  const percent = (minutes) => `${((100 * minutes) / axis_min).toFixed(2)}%`;
  const label = words.say("rangeLabel", from_min, to_min)[0];
  const tick = (at) => makeSvg("line", { class: "tick", x1: at, x2: at, y1: 0, y2: "100%" });
  return make(
    "div.scale",
    {},
    make("span", {}, "0"),
    makeSvg(
      "svg",
      { class: "range", role: "img", "aria-label": label.text, lang: label.tag },
      makeSvg("rect", { class: "track", width: "100%", height: "100%", rx: 3 }),
      tick("25%"),
      tick("50%"),
      tick("75%"),
      makeSvg("rect", { class: "span", x: percent(from_min), width: percent(to_min - from_min), height: "100%", rx: 3 }),
    ),
    make("span", {}, String(axis_min)),
    people,
  );
}

function drawExtras(words, online, standby, next) {
  const extras = [];
  if (online.length > 0) {
    const names = online.map((service) => ({ prefix: service.prefix, said: named(words, service, "") }));
    const joins = words.say("join");
    const several = online.length > 1; // a long list may be cut off, so the fact comes before it
    extras.push(
      words.say(several ? "onlineHead" : "online").map((one, index) => {
        const list = names.map(({ prefix, said }) => `${prefix} ${(said.find(({ key }) => key === one.key) ?? said[0])?.text ?? ""}`.trim()).join(joins[index].text);
        return { ...one, text: several ? [make("b", {}, one.text), list] : [make("b", {}, list), " ", one.text] };
      }),
    );
  }
  if (standby > 0) {
    const heads = words.say("standbyHead", standby);
    const rest = next === null ? words.say("standby") : words.say("standbyOrBook", next);
    extras.push(rest.map((one, index) => ({ ...one, text: [make("b", {}, heads[index].text), " ", one.text] })));
  }
  return extras.length > 0 ? [make("div.extras", {}, extras.map((said) => make("div.extra", {}, lines(said))))] : [];
}

/** A QR code with its required white border; adjacent dark modules are one stroke, so that no gap shows. */
function drawCode(words, { modules, code }) {
  const size = modules.length + 2 * QUIET_MODULES;
  const dark = modules.flatMap((row, y) => [...row.matchAll(/1+/g)].map(({ index, 0: run }) => `M${index} ${y}h${run.length}v1h-${run.length}z`));
  const label = words.say("scanLabel")[0].text;
  return makeSvg(
    "svg",
    { class: "qr", viewBox: `${-QUIET_MODULES} ${-QUIET_MODULES} ${size} ${size}`, role: "img", "aria-label": label, "data-code": code, "shape-rendering": "crispEdges" },
    makeSvg("rect", { class: "light", x: -QUIET_MODULES, y: -QUIET_MODULES, width: size, height: size }),
    makeSvg("path", { class: "dark", d: dark.join("") }),
  );
}

/** The texts of the door: until or since when tickets are issued, or from when; null if they always are. */
function doorWords(words, clock, { open, until_ms, since_ms, from_ms }) {
  if (open) return until_ms === null ? null : { fact: words.say("openUntil", clock.closing(until_ms)), hint: words.say("openUntilHint") };
  const again = from_ms === null ? null : words.say("numbersFrom", clock.minutes(from_ms));
  if (since_ms !== null) return { fact: words.say("closedSince", clock.closing(since_ms)), hint: again ?? words.say("closedSinceHint") };
  return again === null ? { fact: words.say("noNumbers"), hint: words.say("noNumbersHint") } : { fact: again, hint: words.say("closedSinceHint") };
}

function drawDoor(words, door, stale, scan) {
  if (stale) return [make("div.door", {}, make("div", {}, lines(words.say("kiosk"))))];
  if (scan !== null) {
    const until = door === null ? null : make("div.hint", {}, lines(door.fact));
    return [make("div.door.scan", {}, drawCode(words, scan), make("div", {}, ...lines(words.say("scan")), until))];
  }
  return door === null ? [] : [make("div.door", {}, make("div", {}, lines(door.fact)), make("div.hint", {}, lines(door.hint)))];
}

function named(words, service, id) {
  const said = words.of(service?.name);
  return said.length > 0 ? said : [{ ...words.languages[0], text: id }];
}
