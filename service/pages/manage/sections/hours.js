/** Hours and staffing: opening hours, exceptions and holidays, and the number of staffed counters over a date. */

import { make } from "/display/element.js";
import { say } from "/pages/texts.js";
import { ask } from "/pages/ui.js";
import { bandsDrawing } from "../bands.js";
import { dateName, spanText, weekdayName } from "../describe.js";
import { checkField, idOf, spansField, textField, timeField } from "../fields.js";
import { WEEKDAYS } from "../model/form.js";
import { runOf, segmentsOn, withStaffing, withPlannedStaffing, windowsOn } from "../model/staffing.js";
import { floorTo, localOf, placeOf, readTime, spanOf } from "../model/times.js";
import { at, put, same } from "../model/values.js";
import { action, head, keepFocus, part } from "../parts.js";

const STEP_MIN = 15;

/** State of this section while the page is open. `on`: the shown date, null for the current one; the others: what is unfolded. */
const view = { on: null, byDay: null, week: false };

/** @param {import("../parts.js").Ui} ui */
export function hours(ui) {
  view.byDay ??= !isSameEachDay(ui.draft.form);
  return [head(say("hours-title"), say("hours-about")), openingPart(ui), staffingPart(ui), calendarPart(ui)];
}

function isSameEachDay({ hours: days }) {
  return WEEKDAYS.every((day) => same(days[day], days["1"])) && days["1"].length === 1;
}

function openingPart(ui) {
  const { draft } = ui;
  const exceptions = make("div.exceptions");
  const drawn = () => {
    const dates = [...new Set([...Object.keys(draft.form.exceptions), ...Object.keys(draft.base.form.exceptions)])].sort();
    exceptions.replaceChildren(...dates.map((on) => exceptionLine(ui, on)));
  };
  drawn();
  draft.addEventListener("change", () => keepFocus(drawn), { signal: ui.signal });
  return part(
    say("hours-opening"),
    view.byDay ? byDay(ui) : everyDay(ui),
    exceptions,
    make("div.line", {}, checkField(ui, ["holidays"], { label: say("hours-holidays"), hideWas: true }), make("span.grow"), action(ui, say("hours-exception-add"), () => editException(ui, null), { kind: "plain", id: "exception-add" })),
  );
}

/** The common case on one line: the same span on all days. */
function everyDay(ui) {
  const { draft } = ui;
  const path = ["hours", "1"];
  const inputs = ["from", "to"].map((end) => {
    const input = make("input.input.short", { type: "text", id: `hours-${end}`, autocomplete: "off", maxlength: 5, "aria-label": say(end === "from" ? "hours-opens" : "hours-closes") });
    input.value = at(draft.form, path)[0]?.[end] ?? "";
    input.addEventListener("input", () => {
      const value = readTime(input.value);
      if (value === null) {
        draft.refuse(path, "fault-time");
        return;
      }
      draft.alter((form) => {
        const span = { ...form.hours["1"][0], [end]: value };
        return { ...form, hours: Object.fromEntries(WEEKDAYS.map((day) => [day, [span]])) };
      });
    });
    return [end, input];
  });
  const wrong = make("p.wrong", { id: "hours-fault", hidden: true });
  const was = make("p.was.small.quiet", { hidden: true });
  const update = () => {
    const [fault] = WEEKDAYS.flatMap((day) => draft.faultsAt(["hours", day]));
    wrong.hidden = !fault;
    wrong.textContent = fault ? say(fault.text, fault.args) : "";
    const before = draft.base.form.hours["1"][0];
    was.hidden = same(draft.base.form.hours, draft.form.hours) || !isSameEachDay(draft.base.form);
    was.textContent = was.hidden ? "" : say("was", { value: spanText(before) });
    for (const [end, input] of inputs) {
      input.classList.toggle("edited", !same(draft.form.hours["1"][0]?.[end], before?.[end]));
      if (fault) input.setAttribute("aria-describedby", wrong.id);
      else input.removeAttribute("aria-describedby");
      input.toggleAttribute("aria-invalid", Boolean(fault));
      const value = draft.form.hours["1"][0]?.[end];
      if (document.activeElement !== input && !fault && value !== undefined) input.value = value;
    }
  };
  draft.addEventListener("change", update, { signal: ui.signal });
  draft.addEventListener("effect", update, { signal: ui.signal });
  update();
  return make(
    "div.field",
    { id: idOf(path), tabindex: "-1" },
    make(
      "div.line",
      {},
      make("span.grow", {}, say("hours-every-day")),
      inputs[0][1],
      make("span", {}, say("span-to-word")),
      inputs[1][1],
      action(ui, say("hours-by-day"), () => ((view.byDay = true), ui.redraw(), document.getElementById(idOf(path))?.focus()), { id: "by-day" }),
    ),
    was,
    wrong,
  );
}

function byDay(ui) {
  return make(
    "div.days",
    {},
    WEEKDAYS.map((day) => spansField(ui, ["hours", day], { label: weekdayName(day), head: weekdayName(day), empty: say("value-closed") })),
  );
}

function exceptionLine(ui, on) {
  const { draft } = ui;
  const [now, was] = [draft.form.exceptions[on], draft.base.form.exceptions[on]];
  const path = ["exceptions", on];
  const isRemoved = now === undefined;
  const shown = now ?? was;
  const words = shown.closed || shown.spans.length === 0 ? say("hours-closed-all-day") : shown.spans.map(spanText).join(say("list-separator"));
  const tag = make(`span.tag${same(now, was) ? "" : ".changed"}`, {}, isRemoved ? say("hours-exception-removed", { was: words }) : words);
  const [fault] = draft.faultsAt(path);
  return make(
    "div.field",
    { id: idOf(path), tabindex: "-1" },
    make(
      "div.line",
      {},
      make("span.grow", {}, say("hours-exception-on", { date: dateName(on) })),
      tag,
      isRemoved
        ? action(ui, say("restore"), () => draft.set(path, was), { kind: "plain", id: `exception-${on}`, "aria-label": say("of-thing", { act: say("restore"), thing: dateName(on) }) })
        : action(ui, say("change"), () => editException(ui, on), { kind: "plain", id: `exception-${on}`, "aria-label": say("of-thing", { act: say("change"), thing: dateName(on) }) }),
    ),
    fault ? make("p.wrong", {}, say(fault.text, fault.args)) : null,
  );
}

async function editException(ui, on) {
  const { draft } = ui;
  const now = on === null ? { closed: true, spans: [] } : draft.form.exceptions[on];
  const date = make("input.input", { type: "date", id: "exception-on", required: true, disabled: on !== null, min: "2000-01-01", max: "2999-12-31" });
  date.value = on ?? "";
  const kinds = [["closed", say("hours-closed-all-day")], ["open", say("hours-other-times")], ...(on === null ? [] : [["none", say("hours-as-weekday")]])];
  const choices = kinds.map(([value, words]) => {
    const input = make("input", { type: "radio", name: "kind", value, id: `exception-${value}` });
    input.checked = value === (now.closed ? "closed" : "open");
    return make("label.check", {}, input, make("span", {}, words));
  });
  const times = make("input.input", { type: "text", id: "exception-times", autocomplete: "off", placeholder: "09:00–12:00, 13:30–17:00" });
  times.value = now.spans.map(spanText).join(", ");
  const body = [
    make("div.field", {}, make("label", { for: date.id }, say("hours-exception-date")), date),
    make("fieldset.several", {}, make("legend", {}, say("hours-exception-is")), choices),
    make("div.field", {}, make("label", { for: times.id }, say("hours-exception-times")), times, make("p.small.quiet", {}, say("hours-exception-times-hint"))),
  ];
  times.addEventListener("input", () => {
    body[1].querySelector("#exception-open").checked = true;
  });
  class Wrong extends Error {}
  await ask({
    title: say("hours-exception-title"),
    body,
    confirm: say("take-over"),
    act: (form) => {
      const kind = form.get("kind");
      const spans = kind === "open" ? readSpans(times.value) : [];
      if (spans === null || (kind === "open" && spans.length === 0)) throw new Wrong();
      draft.set(["exceptions", date.value], kind === "none" ? undefined : { closed: kind === "closed", spans });
      return true;
    },
    words: () => say("hours-exception-times-hint"),
  });
}

/** Parse `9-12, 13:30–17` into spans; null if it cannot be parsed. */
function readSpans(typed) {
  const spans = [];
  for (const piece of typed.split(/[,，;；、]/).filter((part) => part.trim())) {
    const ends = piece.split(/[-–—~～至]/).map((end) => readTime(end));
    if (ends.length !== 2 || ends.includes(null)) return null;
    spans.push({ from: ends[0], to: ends[1] });
  }
  return spans;
}

const dateSeen = (ui) => view.on ?? ui.today();

function staffingPart(ui) {
  const { draft } = ui;
  const drawing = bandsDrawing(ui.signal);
  const body = make("div.staffed");
  const adjust = make("div.adjust");
  const restore = make("span");
  const drawn = () => {
    const on = dateSeen(ui);
    const segments = segmentsOn(draft.form, on);
    drawing.show(segments, draft.form.day_starts_at_local, on === ui.today() ? say("staffing-drawn-today") : say("staffing-drawn-on", { date: dateName(on) }));
    body.replaceChildren(...staffedOn(ui, on, segments));
    const isOther = draft.form.staffing.dates[on] !== undefined;
    restore.replaceChildren(...(isOther ? [action(ui, say("staffing-as-week"), () => draft.alter((form) => withPlannedStaffing(form, on)), { kind: "plain", id: "staffing-as-week" })] : []));
  };
  drawn();
  const typing = () => body.contains(document.activeElement) && document.activeElement.tagName === "INPUT";
  draft.addEventListener("change", () => (typing() ? keepFocus(drawn) : drawn()), { signal: ui.signal });
  const date = make("input.input.date", { type: "date", id: "staffing-on", "aria-label": say("staffing-date"), min: "2000-01-01", max: "2999-12-31" });
  date.value = dateSeen(ui);
  date.addEventListener("change", () => {
    if (!date.value) return;
    view.on = date.value === ui.today() ? null : date.value;
    ui.redraw();
  });
  const open = (by) => () => {
    adjust.replaceChildren(adjustLine(ui, by, () => adjust.replaceChildren()));
    adjust.querySelector("input").focus();
  };
  const title = view.on === null ? say("staffing-today") : say("staffing-on", { date: dateName(view.on) });
  return make(
    "section",
    {},
    make("div.line", {}, make("h3.grow", {}, title), make("label.small.quiet", { for: date.id }, say("staffing-date")), date),
    drawing.element,
    body,
    adjust,
    make(
      "div.line",
      {},
      action(ui, say("staffing-less"), open(-1), { id: "staffing-less" }),
      action(ui, say("staffing-more"), open(1), { id: "staffing-more" }),
      make("span.grow"),
      restore,
      action(ui, say(view.week ? "staffing-week-hide" : "staffing-week"), () => ((view.week = !view.week), ui.redraw()), { kind: "plain", id: "staffing-week", "aria-expanded": String(view.week) }),
    ),
    view.week ? weekOf(ui) : null,
  );
}

function staffedOn(ui, on, segments) {
  const { draft } = ui;
  const starts = draft.form.day_starts_at_local;
  if (segments.length === 0) return [make("p.message", {}, say("staffing-closed"))];
  const rows = segments.map((segment, place) => {
    const from = localOf(segment.from, starts);
    const to = localOf(segment.to, starts);
    const input = make("input.input.short", { type: "text", inputmode: "numeric", id: `staffed-${from}`, maxlength: 3, autocomplete: "off", "aria-label": say("staffing-count-of", { from, to }) });
    input.value = String(segment.counters);
    input.classList.toggle("edited", isEdited(draft, on, segment));
    input.addEventListener("change", () => {
      const counters = /^\d{1,3}$/.test(input.value.trim()) ? Number(input.value) : segment.counters;
      draft.alter((form) => withStaffing(form, on, segment, () => counters));
    });
    const run = runOf(segments, place);
    const reason = run.by === 0 ? make("span.quiet", {}, say("staffing-as-planned")) : make("span.tag.changed", {}, differenceWords(run, starts, segments));
    return make("tr", {}, make("th", { scope: "row" }, `${from}–${to}`), make("td", {}, say("value-counters", { counters: segment.plan })), make("td", {}, input), make("td", {}, reason));
  });
  const [fault] = draft.faultsAt(["staffing", "dates", on]);
  return [
    make(
      "div.table-of.staffed-of",
      { id: idOf(["staffing", "dates", on]), tabindex: "-1" },
      make(
        "table.table",
        {},
        make("caption.hidden", {}, say("staffing-caption", { date: dateName(on) })),
        make("thead", {}, make("tr", {}, ["staffing-span", "staffing-plan", on === ui.today() ? "staffing-now" : "staffing-then", "staffing-why"].map((id) => make("th", { scope: "col" }, say(id))))),
        make("tbody", {}, rows),
      ),
    ),
    fault ? make("p.wrong", {}, say(fault.text, fault.args)) : null,
  ].filter(Boolean);
}

/** Whether the saved staffing differs within a segment. */
function isEdited(draft, on, { from, to, counters }) {
  return segmentsOn(draft.base.form, on).some((segment) => segment.from < to && segment.to > from && segment.counters !== counters);
}

function differenceWords({ from, to, by }, starts, segments) {
  const count = Math.abs(by);
  const toEnd = to === segments.at(-1).to;
  const fromStart = from === segments[0].from;
  const args = { count, from: localOf(from, starts), to: localOf(to, starts) };
  if (toEnd && !fromStart) return say(by < 0 ? "staffing-less-from" : "staffing-more-from", args);
  return say(by < 0 ? "staffing-less-until" : "staffing-more-until", args);
}

/** A line for the two common changes of a day: "one fewer until …" and "one more from …". */
function adjustLine(ui, by, leave) {
  const { draft } = ui;
  const on = dateSeen(ui);
  const starts = draft.form.day_starts_at_local;
  const windows = windowsOn(draft.form, on);
  const [first, last] = [windows[0], windows.at(-1)];
  const present = placeOf(ui.times.time(ui.now_ms()), starts);
  const begin = on === ui.today() && first ? Math.min(Math.max(floorTo(present, STEP_MIN), first.from), last.to) : first?.from ?? 0;
  const time = (id, place, words) => {
    const input = make("input.input.short", { type: "text", id, maxlength: 5, autocomplete: "off", "aria-label": words });
    input.value = place === null ? "" : localOf(place, starts);
    return input;
  };
  const count = make("input.input.tiny", { type: "text", inputmode: "numeric", id: "adjust-count", maxlength: 3, autocomplete: "off", "aria-label": say("adjust-count") });
  count.value = "1";
  const from = time("adjust-from", begin, say("span-from"));
  const to = time("adjust-to", last?.to ?? null, say("span-to"));
  const wrong = make("p.wrong", { role: "status", hidden: true });
  const take = () => {
    const span = [from, to].map((input) => readTime(input.value));
    const places = span.includes(null) ? null : spanOf({ from: span[0], to: span[1] }, starts);
    const number = Number(count.value);
    if (!places || places.to <= places.from || !Number.isInteger(number) || number < 1) {
      wrong.hidden = false;
      wrong.textContent = say(!Number.isInteger(number) || number < 1 ? "fault-whole" : "fault-time");
      return;
    }
    draft.alter((form) => withStaffing(form, on, places, (counters) => counters + by * number));
    leave();
    document.getElementById(by < 0 ? "staffing-less" : "staffing-more")?.focus({ preventScroll: true });
  };
  const line = make(
    "form.message.line",
    {},
    make("span", {}, say(by < 0 ? "adjust-less" : "adjust-more")),
    count,
    make("span", {}, say("adjust-people")),
    from,
    make("span", {}, say("span-to-word")),
    to,
    make("button.button", { type: "submit" }, say("take-over")),
    action(ui, say("cancel"), () => (leave(), document.getElementById(by < 0 ? "staffing-less" : "staffing-more")?.focus()), { kind: "plain" }),
    wrong,
  );
  line.addEventListener("submit", (event) => {
    event.preventDefault();
    take();
  });
  return line;
}

function weekOf(ui) {
  return make(
    "div.days.of-week",
    { role: "group", "aria-label": say("staffing-week-title") },
    WEEKDAYS.map((day) => spansField(ui, ["staffing", "week", day], { label: say("staffing-of-day", { day: weekdayName(day) }), head: weekdayName(day), counters: true, empty: say("staffing-all") })),
    make(
      "div.line",
      {},
      make("span.grow"),
      action(
        ui,
        say("staffing-week-as-monday"),
        () => {
          ui.draft.alter((form) => put(form, ["staffing", "week"], Object.fromEntries(WEEKDAYS.map((day) => [day, form.staffing.week["1"]]))));
          ui.redraw();
        },
        { kind: "plain", id: "as-monday" },
      ),
    ),
  );
}

function calendarPart(ui) {
  return part(
    say("hours-calendar"),
    make(
      "div.grid",
      {},
      textField(ui, ["time_zone"], { label: say("field-time-zone"), hint: say("hint-time-zone"), max: 64 }),
      timeField(ui, ["day_starts_at_local"], { label: say("field-day-starts"), hint: say("hint-day-starts") }),
      textField(ui, ["country"], { label: say("field-country"), hint: say("hint-country"), max: 2, short: true, optional: true }),
      textField(ui, ["region"], { label: say("field-region"), hint: say("hint-region"), max: 16, short: true, optional: true }),
    ),
  );
}
