/**
 * The effect of saving, beside the Save button: figures now and after saving, and charts of the rest of the day.
 *
 * While the effect is computed, the last figures stay and are marked as old, and Save is disabled.
 */

import { make } from "/display/element.js";
import { grouped } from "/pages/codes.js";
import { pick } from "/pages/language.js";
import { languageNow, say } from "/pages/texts.js";
import { waitsDrawing } from "./bands.js";
import { dateName, labelOf, valueOf } from "./describe.js";
import { faultWords, idOf } from "./fields.js";
import { fieldOf, sectionOf } from "./model/schema.js";
import { action, keepFocus } from "./parts.js";

/** At most so many appointments above capacity are listed; the others are counted. */
const LISTED_MAX = 12;

/**
 * Draw the panel, and keep it up to date until `ui.signal` is aborted.
 * @param {Element} aside
 * @param {import("./parts.js").Ui} ui
 * @param {{go: (section: string, id?: string) => void, merge: () => void}} actions `go`: open a section, and focus a field
 */
export function effectPanel(aside, ui, actions) {
  const { draft } = ui;
  const drawing = waitsDrawing(ui.signal);
  const title = make("h2");
  const state = make("p.quiet.small", { role: "status" });
  const figures = make("div.figures");
  const chart = make("figure", { hidden: true });
  const caption = make("figcaption.small.quiet");
  const numbers = make("details.numbers");
  chart.append(caption, drawing.element, numbers);
  const days = make("div", { hidden: true });
  const notes = make("div.notes");
  /** Appointments by id, null until they are read. */
  const appointments = new Map();
  const changes = make("details.changes");
  const save = action(ui, say("effect-save"), () => saveDraft(ui), { kind: "primary", id: "save" });
  const why = make("p.small.quiet", { id: "save-why" });
  const discard = action(ui, say("effect-discard"), () => draft.discard(), { id: "discard" });
  const foot = make("div.foot", {}, changes, why, save, discard);
  // In the booking section the warnings about appointments come before the long tables.
  const parts = document.body.dataset.section === "booking" ? [figures, notes, days, chart] : [figures, chart, notes];
  aside.replaceChildren(make("div", {}, title, state), ...parts, foot);
  aside.setAttribute("aria-label", say("effect-title"));

  const draw = () => {
    const { effect } = draft;
    const isDirty = draft.isDirty;
    title.textContent = say(isDirty ? "effect-title" : "effect-title-now");
    state.textContent = stateWords(ui, isDirty);
    aside.classList.toggle("is-old", isDirty && effect.state !== "known");
    figures.replaceChildren(...(effect.dryRun ? [figuresOf(ui, effect.dryRun, isDirty)] : []));
    const profile = profileOf(effect.dryRun);
    chart.hidden = profile.length < 2;
    if (!chart.hidden) {
      caption.textContent = say("effect-chart");
      drawing.show(profile, (at) => ui.times.time(at), say(isDirty ? "effect-chart-described" : "effect-chart-described-now"));
      numbersOf(ui, numbers, profile, isDirty);
    }
    placesOf(ui, days, isDirty);
    notes.replaceChildren(...notesOf(ui, actions, appointments));
    readAppointments(ui, appointments, redraw);
    changesOf(changes, ui, actions);
    foot.hidden = !isDirty;
    save.disabled = !draft.isReady;
    why.textContent = draft.isReady ? "" : waitWords(draft);
    why.hidden = why.textContent === "";
    save.toggleAttribute("aria-describedby", !why.hidden);
    if (!why.hidden) save.setAttribute("aria-describedby", why.id);
  };
  const redraw = () => keepFocus(draw);
  for (const name of ["change", "effect", "theirs"]) draft.addEventListener(name, redraw, { signal: ui.signal });
  draw();
}

async function saveDraft(ui) {
  await ui.draft.save();
  if (!ui.draft.isDirty) ui.tell(say("saved"));
}

function stateWords(ui, isDirty) {
  const { effect } = ui.draft;
  if (effect.state === "asking") return say("effect-asking");
  if (effect.state === "unreached") return say("effect-unreached");
  if (effect.state === "faulty") return say("effect-faulty");
  if (effect.state !== "known") return "";
  return say(isDirty ? "effect-known" : "effect-known-now", { time: ui.times.time(ui.now_ms()) });
}

function waitWords(draft) {
  if (draft.theirs) return say("save-waits-merge");
  if (draft.isSaving) return say("save-waits-saving");
  if (draft.effect.state === "asking") return say("save-waits-asking");
  if (draft.effect.state === "faulty") return say("save-waits-faulty");
  return say("save-waits-unreached");
}

/** The table of figures, now and after saving. */
function figuresOf(ui, dryRun, isDirty) {
  const rows = [];
  const today = dryRun.places.find(({ on }) => on === ui.today());
  if (today) rows.push([say("effect-places"), number(today.before), say("unit-places", { count: today.after }), today.before !== today.after]);
  const profile = profileOf(dryRun);
  if (profile.length > 1) {
    const [before, after] = ["before", "after"].map((name) => longest(profile, name));
    rows.push([[make("span", {}, say("effect-longest")), make("span.small.quiet.block", {}, say("effect-ninety"))], before, say("unit-wait", { minutes: after }), before !== after]);
  }
  for (const { service, before, after } of dryRun.waits) rows.push([waitName(ui, service), minutes(before), say("unit-wait", { minutes: minutes(after) }), before.p90_s !== after.p90_s]);
  if (dryRun.over_capacity.length > 0) rows.push([say("effect-over"), "0", say("unit-bookings", { count: dryRun.over_capacity.length }), true]);
  return make(
    "table.compared",
    {},
    make("caption.hidden", {}, say("effect-title")),
    make("thead", {}, make("tr", {}, make("td"), isDirty ? make("th.num", { scope: "col" }, say("effect-now")) : null, make("th.num", { scope: "col" }, say(isDirty ? "effect-after" : "effect-now")))),
    make(
      "tbody",
      {},
      rows.map(([name, before, after, isOther]) => make(`tr${isOther ? ".is-other" : ""}`, {}, make("th", { scope: "row" }, name), isDirty ? make("td.num.quiet", {}, before) : null, make("td.num", {}, after))),
    ),
  );
}

/** The places of the next days. The dry run has them when booking rules are edited. */
function placesOf(ui, element, isDirty) {
  const places = ui.draft.effect.dryRun?.places ?? [];
  element.hidden = places.length === 0;
  if (element.hidden) return;
  element.replaceChildren(
    make(
      "table.compared",
      { id: "places-of-days" },
      make("caption.small.quiet", {}, say("effect-places-of-days")),
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, say("effect-day")), isDirty ? make("th.num", { scope: "col" }, say("effect-now")) : null, make("th.num", { scope: "col" }, say(isDirty ? "effect-after" : "effect-now")))),
      make("tbody", {}, places.map(({ on, before, after }) => make(`tr${before !== after ? ".is-other" : ""}`, { "data-on": on }, make("th", { scope: "row" }, dateName(on)), isDirty ? make("td.num.quiet", {}, number(before)) : null, make("td.num", {}, before !== after ? make("b", {}, number(after)) : number(after))))),
    ),
  );
}

/** Read the appointments that would be above capacity, so that they are listed before anybody saves. */
async function readAppointments(ui, appointments, redraw) {
  const missing = (ui.draft.effect.dryRun?.over_capacity ?? []).slice(0, LISTED_MAX).filter((id) => !appointments.has(id));
  if (missing.length === 0) return;
  for (const id of missing) appointments.set(id, null);
  const found = await Promise.all(missing.map((id) => ui.call("GET", `appointments/${id}`).catch(() => null)));
  if (ui.signal.aborted) return;
  for (const reply of found) if (reply) appointments.set(reply.body.id, reply.body);
  redraw();
}

function overWords(ui, { starts_at, service, code }) {
  const row = Object.values(ui.draft.form.services.rows).find(({ id }) => id === service);
  return `${ui.times.day(ui.times.on(starts_at))} ${ui.times.time(starts_at)} · ${pick(row?.name, languageNow()).text || service} · ${grouped(code)}`;
}

function waitName(ui, id) {
  const row = Object.values(ui.draft.form.services.rows).find((service) => service.id === id);
  const { text, lang } = pick(row?.name, languageNow());
  return [make("span", { lang }, text || id), make("span.small.quiet.block", {}, say("effect-wait"))];
}

function longest(profile, name) {
  const values = profile.map((point) => point[name]).filter((value) => value !== null);
  return values.length === 0 ? "–" : String(Math.round(Math.max(...values)));
}

function minutes({ p90_s }) {
  return p90_s === null ? "–" : String(Math.round(p90_s / 60));
}

function number(value) {
  return String(value);
}

/** The 90th percentile of the wait by time of arrival, for each quarter hour, in minutes. */
function profileOf(dryRun) {
  const inMinutes = (seconds) => (seconds === null ? null : seconds / 60);
  return (dryRun?.profile ?? []).map(({ at, before_p90_s, after_p90_s }) => ({ at_ms: Date.parse(at), before: inMinutes(before_p90_s), after: inMinutes(after_p90_s) }));
}

/** The table of the chart's values. */
function numbersOf(ui, details, profile, isDirty) {
  const text = (value) => (value === null ? "–" : String(Math.round(value)));
  details.replaceChildren(
    make("summary.small", {}, say("effect-numbers")),
    make(
      "table.compared.small",
      {},
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, say("effect-time")), isDirty ? make("th.num", { scope: "col" }, say("effect-now")) : null, make("th.num", { scope: "col" }, say(isDirty ? "effect-after" : "effect-now")))),
      make("tbody", {}, profile.map(({ at_ms, before, after }) => make("tr", {}, make("th", { scope: "row" }, ui.times.time(at_ms)), isDirty ? make("td.num", {}, text(before)) : null, make("td.num", {}, text(after))))),
    ),
  );
}

function notesOf(ui, actions, appointments) {
  const { draft } = ui;
  const { effect } = draft;
  const found = [];
  if (draft.theirs) {
    found.push(make("div.message.heed", {}, make("b", {}, say("merge-title")), make("p", {}, say("merge-about")), action(ui, say("merge-open"), actions.merge, { kind: "plain", id: "merge-open" })));
  }
  if (effect.state === "faulty") {
    const faults = effect.faults.map((fault, place) => {
      const id = idOf(fieldOf(fault.path)?.path ?? fault.path);
      const link = make("a", { href: `#${sectionOf(fault.path)}`, id: `fault-${place}` }, labelOf(fault.path, draft.form, draft.base.form));
      link.addEventListener("click", (event) => {
        event.preventDefault();
        actions.go(sectionOf(fault.path), id);
      });
      return make("li", {}, link, make("br"), ...faultWords(fault));
    });
    found.push(make("div.message.faults", {}, make("b", {}, say("faults-title", { count: faults.length })), make("ul", {}, faults)));
  }
  const overCapacity = effect.dryRun?.over_capacity ?? [];
  if (effect.state === "known" && overCapacity.length > 0) {
    const known = overCapacity.slice(0, LISTED_MAX).map((id) => appointments.get(id)).filter(Boolean).sort((first, second) => (first.starts_at < second.starts_at ? -1 : 1));
    const more = overCapacity.length - known.length;
    found.push(
      make(
        "div.message.heed",
        {},
        make("p", {}, say("effect-over-kept", { count: overCapacity.length })),
        known.length > 0 ? make("ul", { id: "over-named" }, known.map((appointment) => make("li", {}, overWords(ui, appointment))), more > 0 ? make("li", {}, say("effect-over-more", { count: more })) : null) : null,
      ),
    );
  }
  const unknown = effect.dryRun?.holidays_unknown ?? [];
  if (unknown.length > 0 && document.body.dataset.section === "hours") found.push(make("div.message", { id: "holidays-unknown" }, say("effect-holidays-unknown", { years: unknown.join(say("list-separator")) })));
  const later = document.body.dataset.section === "booking" ? [] : (effect.dryRun?.places ?? []).filter(({ on, before, after }) => on !== ui.today() && before !== after);
  if (effect.state === "known" && later.length > 0) {
    found.push(make("div.message", {}, ...later.slice(0, 5).map(({ on, before, after }) => make("p", {}, say("effect-places-on", { date: dateName(on), before, after })))));
  }
  return found;
}

/** The list of unsaved edits, with old and new values. */
function changesOf(details, ui, actions) {
  const { draft } = ui;
  const differences = draft.differences;
  details.hidden = differences.length === 0;
  if (details.hidden) return;
  const isOpen = details.open;
  details.replaceChildren(
    make("summary", {}, say("changes-count", { count: differences.length })),
    make(
      "ul",
      {},
      differences.map(({ path, was, now }, place) => {
        const section = sectionOf(path);
        const link = make("a", { href: `#${section}`, id: `change-${place}` }, labelOf(path, draft.form, draft.base.form));
        link.addEventListener("click", (event) => {
          event.preventDefault();
          actions.go(section, idOf(fieldOf(path)?.path ?? path));
        });
        return make("li", {}, link, make("br"), changeWords(path, was, now, draft));
      }),
    ),
  );
  details.open = isOpen;
}

/** @returns {string} `5 → 4`, or that the item was added or removed */
export function changeWords(path, was, now, draft) {
  const isRow = fieldOf(path)?.kind === "row";
  if (isRow && was === undefined) return say("change-added");
  if (isRow && now === undefined) return say("change-removed");
  return say("change-from-to", { was: valueOf(path, was, draft.base.form, draft.form), now: valueOf(path, now, draft.form, draft.base.form) });
}
