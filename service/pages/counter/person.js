/** The person at the counter, or the next one: ticket stub, facts, time, and the reason for the order. */

import { make, makeSvg } from "/display/element.js";
import { say } from "/pages/texts.js";
import { classTag } from "./words.js";

// The style sheet has a font size for each length of a number up to this.
const NUMBER_LENGTH_MAX = 7;

/**
 * The stub of a ticket.
 * @param {object} options
 * @param {object} options.ticket
 * @param {"here" | "called" | "next"} options.as
 * @param {import("./words.js").HallWords} options.words
 * @param {import("/pages/times.js").HallTimes} options.times
 * @param {number} options.now_ms current time of the hall's clock
 * @returns {HTMLElement[]}
 */
export function drawPerson({ ticket, as, words, times, now_ms }) {
  const who = make(
    "div",
    {},
    make("span.quiet", {}, say("person-title", { as })),
    make("p.number", { "data-number": ticket.number, "data-length": Math.min(ticket.number.length, NUMBER_LENGTH_MAX) }, ticket.number),
    as === "next" ? classTag(ticket) : make("div.timer", { id: "timer" }),
  );
  const facts = make("dl.facts", {}, factsOf({ ticket, as, words, times, now_ms }).flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
  return [make(as === "next" ? "div.stub.ghost" : as === "called" ? "div.stub.called" : "div.stub", {}, who, make("i.perf"), make("div", {}, facts))];
}

/** The facts of a ticket, as pairs of name and value. */
export function factsOf({ ticket, as, words, times, now_ms }) {
  const pairs = [
    [say("fact-service"), words.service(ticket.service)],
    [say("fact-class"), classWords(ticket, times)],
    [say("fact-people"), say("people", { count: ticket.count })],
  ];
  if (words.papers(ticket.service).length > 0 || ticket.prechecked || ticket.missing.length > 0) pairs.push([say(ticket.class === "returning" && ticket.missing.length > 0 ? "fact-owed" : "fact-papers"), papersOf(ticket, words)]);
  if (as === "next") pairs.push([say("fact-waiting"), say("minutes", { minutes: minutesSince(ticket.issued_at, now_ms) })]);
  else pairs.push([say("fact-order"), say("order-as-of", { time: times.time(ticket.queue_at) })]);
  if (ticket.then.length > 0) pairs.push([say("fact-then"), words.serviceList(ticket.then)]);
  return pairs;
}

/** The class, with the booked time if there is one: `Booked 10:30`. */
function classWords(ticket, times) {
  const words = say("ticket-class", { class: ticket.class });
  return ticket.slot_at ? say("booked-for", { class: words, time: times.time(ticket.slot_at) }) : words;
}

/** The result of the check of the papers. */
export function papersOf(ticket, words) {
  if (ticket.missing.length > 0) return say("papers-missing", { papers: words.codes(ticket.missing) });
  return say(ticket.prechecked ? "papers-complete" : "papers-not-seen");
}

/** @returns {number} whole minutes */
export function minutesSince(at, now_ms) {
  return Math.max(0, Math.floor((now_ms - Date.parse(at)) / 60_000));
}

/**
 * Draw the time since the call or the start, beside the usual time. Called each second, so it changes only what is different.
 * @param {Element} box
 */
export function drawTimer(box, { ticket, words, now_ms }) {
  const here = ticket.state === "serving";
  const since = here ? ticket.started_at : ticket.called_at;
  const seconds = Math.max(0, Math.floor((now_ms - Date.parse(since ?? ticket.issued_at)) / 1000));
  const clock = `${String(Math.floor(seconds / 60)).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}`;
  const usual_s = words.usual_s(ticket);
  if (box.dataset.ticket !== `${ticket.id} ${ticket.state}`) {
    box.dataset.ticket = `${ticket.id} ${ticket.state}`;
    const about = here ? (usual_s ? say("usual", { minutes: Math.max(1, Math.round(usual_s / 60)) }) : "") : say("since-call");
    box.replaceChildren(
      make("p.now", {}, make("b", { role: "timer", "aria-live": "off" }), make("span.quiet", {}, about)),
      ...(here && usual_s
        ? [
            makeSvg(
              "svg",
              { class: "range", "aria-hidden": "true" },
              makeSvg("rect", { class: "track", width: "100%", height: "100%", rx: 3 }),
              makeSvg("line", { class: "tick", x1: "50%", x2: "50%", y1: 0, y2: "100%" }),
              makeSvg("rect", { class: "span", width: "0%", height: "100%", rx: 3 }),
            ),
          ]
        : []),
    );
  }
  const shown = box.querySelector("b");
  if (shown.textContent !== clock) shown.textContent = clock;
  box.querySelector(".span")?.setAttribute("width", `${Math.min(100, Math.round((seconds / Math.max(1, 2 * usual_s)) * 100))}%`);
}

/**
 * The reason why a ticket is next or was called, as a sentence.
 * @param {object} ticket with its `reason`
 * @returns {(Node | string)[]}
 */
export function whyWords(ticket, words, times) {
  const { reason } = ticket;
  if (!reason) return [];
  const args = {
    number: ticket.number,
    class: reason.class,
    minutes: Math.round(reason.credit_s / 60),
    time: times.time(reason.queue_at),
    others: reason.ahead_of,
    reason: reason.code ? words.code(reason.code) : "",
  };
  return [make("b", {}, say("why-title", args)), say(`why-${reason.rule}`, args)];
}
