/** The dialogs of a counter's acts. Each calls `act` with the body of the request, and resolves to its result, or to null when it was left. */

import { make } from "/display/element.js";
import { say } from "/pages/texts.js";
import { ask, choose, field } from "/pages/ui.js";
import { areKeysOn, setKeysOn } from "./keys.js";
import { factsOf, whyWords } from "./person.js";

const DUE_AFTER_DAYS = 14;
const PAUSE_MINUTES = [5, 10, 15, 30, 60];

/** @returns {HTMLElement} a group of check boxes for codes */
function boxes(legend, codes, checked, words) {
  return make(
    "fieldset.boxes",
    {},
    make("legend.label", {}, legend),
    codes.map((code, place) => make("label.check", {}, make("input", { type: "checkbox", name: "missing", value: code, checked: checked.includes(code), autofocus: place === 0 }), words.code(code))),
  );
}

function reasonSelect(words, id, { required }) {
  const options = words.desk.reasons.map(({ code }) => make("option", { value: code }, words.code(code)));
  return make("select.input", { id, name: "reason", required }, ...(required ? [] : [make("option", { value: "" }, say("no-reason"))]), ...options);
}

/** What can be missing: the papers of the ticket's service, then the hall's other codes. */
function missingCodes(ticket, words) {
  return [...new Set([...words.papers(ticket.service).map(({ id }) => id), ...words.desk.missing.map(({ code }) => code)])];
}

/** Finish conditionally: which papers are missing, and when they are due. */
export function askConditional(ticket, words, today, act, signal) {
  const due = new Date(`${today}T00:00:00Z`);
  due.setUTCDate(due.getUTCDate() + DUE_AFTER_DAYS);
  const date = make("input.input", { id: "due-on", name: "due_on", type: "date", min: today, value: due.toISOString().slice(0, 10), required: true });
  const codes = missingCodes(ticket, words);
  return ask({
    title: say("conditional-title", { number: ticket.number }),
    body: [...(codes.length > 0 ? [boxes(say("missing-legend"), codes, ticket.missing, words)] : []), field(say("due-on"), date, say("due-hint"))],
    confirm: say("act-conditional"),
    act: (form) => {
      const missing = form.getAll("missing");
      if (codes.length > 0 && missing.length === 0) throw new RangeError("nothing is missing");
      return act({ outcome: "conditional", missing, due_on: form.get("due_on") });
    },
    words: (reason) => (reason instanceof RangeError ? say("conditional-none") : null),
    signal,
  });
}

/** Park a ticket: which papers are missing, or another reason. */
export function askPark(ticket, words, act, signal) {
  return ask({
    title: say("park-title", { number: ticket.number }),
    body: [boxes(say("missing-legend"), missingCodes(ticket, words), ticket.missing, words), field(say("reason"), reasonSelect(words, "park-reason", { required: false }))],
    confirm: say("act-park"),
    act: (form) => act({ missing: form.getAll("missing"), reason: form.get("reason") || null }),
    signal,
  });
}

/** Record the missing papers of a ticket, at the counter or in the line. */
export function askPapers(ticket, words, act, signal) {
  return ask({
    title: say("papers-title", { number: ticket.number }),
    body: [make("p.quiet", {}, say("papers-about")), boxes(say("missing-legend"), missingCodes(ticket, words), ticket.missing, words)],
    confirm: say("papers-save"),
    act: (form) => act({ missing: form.getAll("missing") }),
    signal,
  });
}

/** Transfer to another service or counter. The ticket's own service is always offered: it means no change of the service. */
export function askTransfer(ticket, counter, words, act, signal) {
  const own = words.services.get(ticket.service) ?? { id: ticket.service, stages: [] };
  const services = words.offered.includes(own) ? words.offered : [own, ...words.offered];
  const service = make("select.input", { id: "to-service", name: "service" }, ...services.map(({ id }) => make("option", { value: id, selected: id === ticket.service }, words.service(id))));
  const to = make("select.input", { id: "to-counter", name: "counter" });
  const offer = () => {
    const fit = words.desk.counters.filter((other) => other.id !== counter.id && other.services.includes(service.value) && (words.services.get(service.value) ?? own).stages.includes(other.stage));
    to.replaceChildren(make("option", { value: "" }, say("any-counter")), ...fit.map((other) => make("option", { value: other.id }, words.counter(other))));
  };
  service.addEventListener("change", offer);
  offer();
  return ask({
    title: say("transfer-title", { number: ticket.number }),
    body: [field(say("fact-service"), service), field(say("transfer-counter"), to, say("transfer-hint"))],
    confirm: say("act-transfer"),
    act: (form) => {
      const body = {};
      if (form.get("service") !== ticket.service) body.service = form.get("service");
      if (form.get("counter")) body.counter = form.get("counter");
      return act(body);
    },
    signal,
  });
}

/** Take a break: reason and minutes (null: open-ended). With a person at the counter also: after them, or now. */
export function askPause(ticket, words, act, signal) {
  const minutes = make("select.input", { id: "pause-minutes", name: "minutes" }, make("option", { value: "" }, say("open-ended")), ...PAUSE_MINUTES.map((duration) => make("option", { value: duration, selected: duration === 15 }, say("minutes", { minutes: duration }))));
  return ask({
    title: say("pause-title"),
    body: [field(say("reason"), reasonSelect(words, "pause-reason", { required: false })), field(say("pause-for"), minutes), ...(ticket ? [whenWithPerson(ticket)] : [])],
    confirm: say("act-pause"),
    act: (form) =>
      act(
        {
          reason: form.get("reason") || null,
          minutes: form.get("minutes") ? Number(form.get("minutes")) : null,
          release: form.get("when") === "now",
        },
        form.get("when") === "after",
      ),
    signal,
  });
}

function whenWithPerson(ticket) {
  return make(
    "fieldset.boxes",
    {},
    make("legend.label", {}, say("pause-when")),
    make("label.check", {}, make("input", { type: "radio", name: "when", value: "after", checked: true }), say("pause-after", { number: ticket.number })),
    make("label.check", {}, make("input", { type: "radio", name: "when", value: "now" }), say("pause-now", { number: ticket.number })),
  );
}

/** Close with a person at the counter, who goes back to their place in the line. */
export function askClose(ticket, act, signal) {
  return ask({
    title: say("close-title"),
    body: [make("p", {}, say("close-about", { number: ticket.number }))],
    confirm: say("act-close-release"),
    kind: "stop",
    act: () => act({ release: true, present: ticket.id }),
    signal,
  });
}

/** Open for some of the services that the counter is planned for. */
export function askOpen(counter, words, act) {
  const planned = words.offered.filter(({ stages }) => stages.includes(counter.stage));
  return ask({
    title: say("open-title"),
    body: [
      make(
        "fieldset.boxes",
        {},
        make("legend.label", {}, say("open-legend")),
        planned.map(({ id }) => make("label.check", {}, make("input", { type: "checkbox", name: "services", value: id, checked: counter.services.includes(id) }), words.service(id))),
      ),
    ],
    confirm: say("main-open"),
    act: (form) => act({ services: form.getAll("services") }),
  });
}

/** Choose a reason from the hall's codes, for acts that need one. In a hall without codes the dialog says that the act is impossible. */
export function askReason(title, about, confirm, words, act, signal) {
  if (words.desk.reasons.length === 0) {
    return choose({ title, body: [make("p.quiet", {}, about), make("p.message", {}, say("reasons-none"))], choices: [], leaving: say("close"), signal });
  }
  return ask({
    title,
    body: [make("p.quiet", {}, about), field(say("reason"), reasonSelect(words, "act-reason", { required: true }))],
    confirm,
    act: (form) => act({ reason: form.get("reason") }),
    signal,
  });
}

/** Show a ticket of the line, with the possible acts. */
export function askTicket({ ticket, words, times, now_ms, choices, signal }) {
  const facts = factsOf({ ticket, as: "next", words, times, now_ms });
  return choose({
    title: ticket.number,
    body: [make("dl.facts", {}, facts.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)])), make("p.why", {}, whyWords(ticket, words, times))],
    choices,
    signal,
  });
}

/** Find a ticket by its number. */
export function askNumber(tickets, words, act) {
  const input = make("input.input", { id: "find-number", name: "number", autocomplete: "off", autocapitalize: "characters", spellcheck: "false", maxlength: 12, list: "find-numbers", required: true });
  return ask({
    title: say("find-title"),
    body: [field(say("find-number"), input, say("find-hint")), make("datalist", { id: "find-numbers" }, tickets.slice(0, 200).map(({ number, service }) => make("option", { value: number }, words.service(service))))],
    confirm: say("find"),
    act: (form) => act(form.get("number")),
    words: (reason) => (reason instanceof RangeError ? say("find-none") : null),
  });
}

/** Enter the number or code of a person who comes or comes back. */
export function askSlip(act, wordsFor) {
  const input = make("input.input", { id: "slip", name: "slip", autocomplete: "off", autocapitalize: "characters", spellcheck: "false", maxlength: 12, required: true });
  return ask({
    title: say("slip-title"),
    body: [field(say("slip-label"), input, say("slip-hint"))],
    confirm: say("slip-confirm"),
    act: (form) => act(form.get("slip").trim().toUpperCase()),
    words: wordsFor,
  });
}

/** Choose the service for an invitation that is valid for any. */
export function askService(words) {
  return choose({ title: say("invited-title"), body: [], choices: words.offered.map(({ id }) => ({ id, label: words.service(id) })) });
}

/** Show all keys, and the switch for the letter keys. */
export async function showKeys(rows) {
  const on = make("input", { type: "checkbox", id: "keys-on", checked: areKeysOn() });
  on.addEventListener("change", () => setKeysOn(on.checked));
  await choose({
    title: say("keys-title"),
    body: [
      make("label.check", {}, on, say("keys-on")),
      make("dl.keys-list", {}, rows.flatMap(([key, label]) => [make("dt", {}, ...[key].flat().map((name) => make("kbd", {}, name))), make("dd", {}, label)])),
    ],
    choices: [],
    leaving: say("close"),
  });
}
