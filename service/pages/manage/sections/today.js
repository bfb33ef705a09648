/** Today: counters, queue and alarms; suspension, overtime and the end of the day. */

import { make } from "/display/element.js";
import { noneOpen } from "/display/staffed.js";
import { pick } from "/pages/language.js";
import { languageNow, say } from "/pages/texts.js";
import { ask } from "/pages/ui.js";
import { counterName, dateName, languageName } from "../describe.js";
import { readTime } from "../model/times.js";
import { action, allOf, head, languageInputs, part, refill, table, typedTexts } from "../parts.js";

/** Names of accounts by id. They are read once, and again when a name is missing. */
const people = { names: new Map(), asked: new Set() };

/** Called after each reading while a dialog about the end of the day, or about putting a person back, is open. */
let question = () => undefined;

/** @param {import("../parts.js").Ui} ui */
export function today(ui) {
  const on = make("span", {}, dateName(ui.today()));
  const places = { on, alarms: make("div.alarms", { "aria-live": "assertive" }), state: make("div.states"), counters: make("div"), queue: make("div"), acts: make("div") };
  const draw = () => drawFacts(ui, places, draw);
  ui.onFacts(draw);
  const nodes = [
    head(say("today-title"), on),
    places.alarms,
    places.state,
    part(say("today-counters"), places.counters),
    part(say("today-queue"), places.queue),
    part(say("today-acts"), places.acts),
  ];
  draw();
  return nodes;
}

function drawFacts(ui, places, again) {
  const facts = ui.facts();
  if (!facts) return;
  const { queue, desk, hall, board } = facts;
  if (places.on.textContent !== dateName(ui.today())) places.on.textContent = dateName(ui.today());
  question();
  learnNames(ui, desk.counters, again);
  const language = languageNow();
  refill(places.alarms, [language, queue.alarms, queue.printers], () => [
    ...(queue.alarms ?? []).map((alarm) => alarmOf(ui, alarm)),
    ...(queue.printers ?? []).map(({ name, state, at }) => make("div.message.alarm", {}, make("b.grow", {}, say(`printer-${state}`, { name, time: ui.times.time(at) })))),
  ]);
  refill(places.state, [language, board?.suspended, hall.overtime, hall.open, hall.opens_at, board?.closing_at], () => statesOf(ui, hall, board));
  refill(places.counters, [language, desk.counters, queue.called, [...people.names]], () => countersOf(ui, desk, queue));
  const over = isOver(facts);
  refill(places.acts, [language, over], () => [over ? make("p.quiet", { id: "day-over", tabindex: "-1" }, say("day-over")) : actsOf(ui)]);
  refill(places.queue, [language, queue.waiting.map(({ service }) => service), queue.standby.length, queue.parked.length, board?.waiting, board?.names.services, board?.counters, hall.open], () => queueOf(ui, queue, board, hall));
}

function alarmOf(ui, alarm) {
  const time = ui.times.time(alarm.at);
  const words = alarm.counter ? say("alarm-at", { counter: nameAt(ui, alarm.counter), time }) : alarm.kiosk ? say("alarm-kiosk", { name: alarm.kiosk, time }) : say("alarm", { time });
  return make(
    "div.message.alarm",
    {},
    make("b.grow", {}, words),
    action(
      ui,
      say("alarm-clear"),
      async () => {
        await ui.call("DELETE", `alarm/${alarm.id}`);
        await ui.refresh();
      },
      { id: `alarm-${alarm.id}` },
    ),
  );
}

/** Name of a counter as in calls, by its id. */
function nameAt(ui, id) {
  const { counters, stages } = ui.facts().desk;
  const at = counters.find((counter) => counter.id === id)?.stage;
  return counterName(id, pick(stages.find((stage) => stage.id === at)?.name, languageNow()).text);
}

function statesOf(ui, hall, board) {
  const found = [];
  const { suspended } = board ?? {};
  if (suspended) {
    const { text, lang } = pick(suspended.text, languageNow());
    found.push(
      make(
        "div.message.row",
        { id: "suspension-now", tabindex: "-1" },
        make("div.grow", {}, make("b", {}, suspended.until_at ? say("suspended-until", { time: ui.times.due(suspended.until_at, ui.now_ms()) }) : say("suspended")), make("p", { lang }, text)),
        action(
          ui,
          say("suspension-lift"),
          async () => {
            await ui.call("DELETE", "suspension");
            ui.tell(say("suspension-lifted"));
            await ui.refresh();
          },
          { id: "suspension-lift" },
        ),
      ),
    );
  }
  if (hall.overtime) {
    const { until_at, counters } = hall.overtime;
    found.push(
      make(
        "div.message.row",
        { id: "overtime-now", tabindex: "-1" },
        make("b.grow", {}, counters ? say("overtime-until-with", { time: ui.times.time(until_at), counters }) : say("overtime-until", { time: ui.times.time(until_at) })),
        action(
          ui,
          say("overtime-end"),
          async () => {
            await ui.call("DELETE", "overtime");
            ui.tell(say("overtime-ended"));
            await ui.refresh();
          },
          { id: "overtime-end" },
        ),
      ),
    );
  }
  return found;
}

function countersOf(ui, desk, queue) {
  const stageName = (id) => pick(desk.stages.find((stage) => stage.id === id)?.name, languageNow()).text || id;
  const closed = desk.counters.filter(({ state }) => state === "closed");
  const rows = desk.counters.map((counter) => {
    const { id, state, stage, ticket, staff, since_at } = counter;
    const person = queue.called.find((entry) => entry.id === ticket);
    return {
      attributes: { "data-counter": id },
      cells: [
        make("a", { href: `/halls/${encodeURIComponent(ui.hall.id)}/counter/${encodeURIComponent(id)}`, target: "_blank", id: `counter-${id}`, "aria-label": say("counter-page-opens", { counter: nameAt(ui, id) }) }, id),
        stageName(stage),
        make(state === "open" ? "span.tag.open" : "span.tag", {}, say(STATES[state])),
        person ? make("span.number", {}, person.number) : make("span.quiet", {}, "–"),
        since_at && state !== "closed" ? ui.times.time(since_at) : make("span.quiet", {}, "–"),
        staff && state !== "closed" ? people.names.get(staff) ?? say("somebody") : make("span.quiet", {}, "–"),
        make("div.row-acts", {}, actsAt(ui, counter, person)),
      ],
    };
  });
  return [
    table(say("today-counters"), [say("counter"), say("counter-stage"), say("counter-state"), say("counter-person"), say("counter-since"), say("counter-staff"), say("counter-acts")], rows),
    make(
      "div.line",
      {},
      closed.length > 0
        ? action(
            ui,
            say("counters-open-all", { count: closed.length }),
            async () => {
              await Promise.all(closed.map(({ id }) => ui.call("POST", `counters/${encodeURIComponent(id)}/open`, { body: {} })));
              ui.tell(say("counters-opened", { count: closed.length }));
              await ui.refresh();
            },
            { id: "open-all" },
          )
        : null,
      make("span.grow"),
      make("a.button.plain", { href: `/halls/${encodeURIComponent(ui.hall.id)}/screen`, target: "_blank" }, say("screen-open")),
    ),
  ];
}

const STATES = { open: "counter-open", paused: "counter-paused", closed: "counter-closed" };

function actsAt(ui, { id, state }, person) {
  const path = `counters/${encodeURIComponent(id)}`;
  const act = (name, words, body) =>
    action(
      ui,
      words,
      async () => {
        if (person && name !== "open") {
          const gone = new AbortController();
          question = () => {
            if (!ui.facts().desk.counters.some((counter) => counter.id === id && counter.ticket === person.id)) gone.abort();
          };
          const done = await ask({
            title: say("counter-release-title", { counter: nameAt(ui, id), number: person.number }),
            body: [make("p", {}, say("counter-release-about", { number: person.number }))],
            confirm: say("counter-release"),
            act: () => ui.call("POST", `${path}/${name}`, { body: { ...body, release: true, present: person.id } }),
            signal: gone.signal,
          });
          question = () => undefined;
          if (done === null && gone.signal.aborted) ui.tell(say("counter-person-gone", { number: person.number, counter: nameAt(ui, id) }));
          if (done === null) return;
        } else {
          await ui.call("POST", `${path}/${name}`, { body });
        }
        await ui.refresh();
      },
      { id: `${name}-${id}`, "aria-label": say("of-thing", { act: words, thing: nameAt(ui, id) }) },
    );
  if (state === "closed") return [act("open", say("counter-do-open"), {})];
  if (state === "paused") return [act("open", say("counter-do-resume"), {}), act("close", say("counter-do-close"), {})];
  return [act("pause", say("counter-do-pause"), {}), act("close", say("counter-do-close"), {})];
}

function queueOf(ui, queue, board, hall) {
  const unknown = Boolean(board) && hall.open && noneOpen(board);
  const rows = (board?.waiting ?? []).map(({ service, shown, admission }) => {
    const named = board.names.services[service];
    const { text, lang } = pick(named?.name, languageNow());
    const count = queue.waiting.filter((ticket) => ticket.service === service).length;
    return { cells: [make("span", { lang }, text || service), String(count), waitWords({ shown: unknown ? null : shown, admission, offered: named?.offered })] };
  });
  return [
    table(say("today-queue"), [say("queue-service"), say("queue-waiting"), say("queue-wait")], rows, { numbers: [1] }),
    make("p.quiet", {}, say("queue-beside", { standby: queue.standby.length, parked: queue.parked.length })),
  ];
}

/** Expected wait of a new walk-in, or that they would get no number, or only one for standby. */
function waitWords({ shown, admission, offered }) {
  if (offered === false) return say("wait-no-new");
  if (admission === "full" || admission === "standby") return say(`wait-${admission}`);
  return shown ? say("wait-range", { from: shown.from_min, to: shown.to_min }) : say("wait-unknown");
}

function actsOf(ui) {
  return make(
    "div.line.wrap",
    {},
    action(ui, say("suspension-begin"), () => suspend(ui), { id: "suspend" }),
    action(ui, say("overtime-begin"), () => openOvertime(ui), { id: "overtime" }),
    make("span.grow"),
    action(ui, say("day-close"), () => closeDay(ui), { kind: "stop", id: "day-close" }),
  );
}

/** Ids of prepared texts for a suspension: an emergency leaves no time to write one. */
const READY = ["fire", "system", "other"];
const READY_TEXTS = {
  fire: { "zh-CN": "请按工作人员指引，从最近的出口离开", en: "Please follow the staff and leave by the nearest exit." },
  system: { "zh-CN": "系统维护中，恢复后按原顺序叫号", en: "The system is down. Numbers will be called in the same order when it is back." },
};

async function suspend(ui) {
  const { languages } = ui.hall;
  const inputs = languageInputs(languages, (label, language) => say("field-in-language", { field: label, language: languageName(language) }), say("suspension-text"), "suspension");
  const reasons = READY.map((name) => {
    const input = make("input", { type: "radio", name: "ready", value: name, id: `ready-${name}` });
    input.addEventListener("change", () => {
      for (const area of inputs.map((field) => field.querySelector("textarea"))) area.value = pick(READY_TEXTS[name], area.name.startsWith("zh") ? "zh" : "en").text;
      if (name === "other") inputs[0].querySelector("textarea").focus();
    });
    return make("label.check", {}, input, make("span", {}, say(`suspension-${name}`)));
  });
  const until = timeInput("suspension-until", "");
  const body = make("div.dialog-body", {}, make("p", {}, say("suspension-about")), make("fieldset.several", {}, make("legend", {}, say("suspension-why")), reasons), inputs, fieldOf(say("suspension-until"), until, say("suspension-until-hint")));
  const done = await ask({
    title: say("suspension-title"),
    body: [body],
    confirm: say("suspension-confirm"),
    kind: "stop",
    act: () => ui.call("PUT", "suspension", { body: { text: typedTexts(body, languages, "suspension"), until_at: instantOf(ui, until) } }),
  });
  if (done === null) return;
  ui.tell(say("suspended"));
  await ui.refresh();
}

async function openOvertime(ui) {
  const closing = ui.facts()?.board?.closing_at;
  const until = timeInput("overtime-until", closing ? ui.times.time(Date.parse(closing) + 30 * 60_000) : "");
  until.required = true;
  const counters = make("input.input.short", { type: "text", inputmode: "numeric", id: "overtime-counters", pattern: "[0-9]{1,3}", autocomplete: "off" });
  const done = await ask({
    title: say("overtime-title"),
    body: [make("p", {}, say("overtime-about")), fieldOf(say("overtime-until-field"), until), fieldOf(say("overtime-counters"), counters, say("overtime-counters-hint"))],
    confirm: say("overtime-confirm"),
    act: () => ui.call("PUT", "overtime", { body: { until_at: instantOf(ui, until), counters: counters.value.trim() ? Number(counters.value) : null } }),
  });
  if (done === null) return;
  ui.tell(say("overtime-opened"));
  await ui.refresh();
}

/** Whether the day has ended: no more numbers are given out, and nobody waits. */
function isOver({ queue, board }) {
  return board?.doors?.length === 0 && waitingOf({ queue }) === 0;
}

/** Number of people who would leave unserved if the day ended now. */
function waitingOf({ queue }) {
  return queue.waiting.length + queue.standby.length + queue.parked.length;
}

/** Error: more people have come since the question was asked. */
const MORE = Symbol("more");

/** Error: the day of the question is over, and another has begun. */
const OVER = Symbol("over");

/** Close the day. This cannot be undone, so the question must be about the current day and about all people who wait. */
async function closeDay(ui) {
  const about = make("p", { "aria-live": "polite" });
  const { day } = ui.facts().queue;
  let asked = waitingOf(ui.facts());
  question = (facts = ui.facts()) => {
    if (facts.queue.day !== day) return;
    const words = say("day-close-about", { waiting: waitingOf(facts) });
    if (about.textContent !== words) about.textContent = words;
  };
  question();
  const done = await ask({
    title: say("day-close-title", { date: dateName(day) }),
    body: [about],
    confirm: say("day-close-confirm"),
    kind: "stop",
    act: async () => {
      const { body: queue } = await ui.call("GET", "queue");
      if (queue.day !== day) throw OVER;
      const before = asked;
      asked = waitingOf({ queue });
      question({ queue });
      if (asked > before) throw MORE;
      return ui.call("POST", "day/close", { body: { day } });
    },
    words: (reason) => {
      if (reason === MORE) return say("day-close-more");
      return reason === OVER || ["wrong-state", "wrong-day"].includes(reason.code) ? say("day-close-over", { date: dateName(day) }) : null;
    },
  });
  question = () => undefined;
  if (done === null) return;
  ui.tell(say("day-closed"));
  await ui.refresh();
  document.getElementById("day-over")?.focus({ preventScroll: true });
}

function timeInput(id, value) {
  const input = make("input.input.short", { type: "text", id, maxlength: 5, autocomplete: "off", placeholder: "18:00", pattern: "[0-9]{1,2}[:：]?[0-9]{0,2}" });
  input.value = value;
  return input;
}

function fieldOf(label, control, hint) {
  if (hint) control.setAttribute("aria-describedby", `${control.id}-hint`);
  return make("div.field", {}, make("label", { for: control.id }, label), control, hint ? make("p.small.quiet", { id: `${control.id}-hint` }, hint) : null);
}

/** The next instant with this local time in the hall; null for an empty input. */
function instantOf(ui, input) {
  const time = readTime(input.value);
  if (time === null) return null;
  const on = ui.times.on(ui.now_ms());
  const [date, wall] = time === "24:00" ? [nextDate(on), "00:00"] : [on, time];
  const at = ui.times.instant(date, wall);
  return (at.getTime() > ui.now_ms() ? at : ui.times.instant(nextDate(on), wall)).toISOString();
}

function nextDate(on) {
  const at = new Date(`${on}T12:00:00Z`);
  at.setUTCDate(at.getUTCDate() + 1);
  return at.toISOString().slice(0, 10);
}

async function learnNames(ui, counters, again) {
  const unknown = counters.map(({ staff }) => staff).filter((id) => id && !people.names.has(id) && !people.asked.has(id));
  if (unknown.length === 0) return;
  for (const id of unknown) people.asked.add(id);
  for (const { id, name, display_name } of await allOf(ui.call, "staff").catch(() => [])) people.names.set(id, display_name || name);
  if (!ui.signal.aborted) again();
}
