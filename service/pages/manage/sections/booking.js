/** Booking rules: how far ahead, how full, reserved places, and places set by hand. The effect on the days is shown beside them. */

import { make } from "/display/element.js";
import { say } from "/pages/texts.js";
import { round, spanOfDays, itemName, weekdayName } from "../describe.js";
import { bound, dateField, hoursField, idOf, minutesField, numberField, severalField, timeField } from "../fields.js";
import { entriesOf, WEEKDAYS, withRow } from "../model/form.js";
import { action, allOf, head, part } from "../parts.js";
import { listOf } from "./places.js";

/** Text ids for values of the margin `z` of the booking rule: how full days get. */
const FULLNESS = [[0, "full-to-the-brim"], [0.5, "full-usual"], [1, "full-airy"], [2, "full-very-airy"]];

/** Names of partners by device id; null until they are read. @type {Map<string, string> | null} */
let partners = null;

/** @param {import("../parts.js").Ui} ui */
export function booking(ui) {
  readPartners(ui);
  return [head(say("booking-title"), say("hours-about")), whenPart(ui), howFullPart(ui), handPart(ui), reservedPart(ui)];
}

async function readPartners(ui) {
  if (partners !== null) return;
  try {
    const devices = await allOf(ui.call, "devices");
    partners = new Map(devices.filter(({ role }) => role === "partner").map(({ id, name }) => [id, name]));
    if (!ui.signal.aborted && partners.size > 0) ui.redraw();
  } catch (reason) {
    ui.fail(reason);
  }
}

function whenPart(ui) {
  return part(
    say("booking-when"),
    make(
      "div.grid",
      {},
      numberField(ui, ["booking", "horizon_days"], { label: say("field-horizon"), whole: true, max: 366, unit: say("unit-days") }),
      minutesField(ui, ["booking", "notice_s"], { label: say("field-notice"), hint: say("hint-notice") }),
      numberField(ui, ["booking", "per_person"], { label: say("field-per-person"), whole: true, min: 1, max: 50 }),
    ),
  );
}

function howFullPart(ui) {
  return part(
    say("booking-how-full"),
    make(
      "div.grid",
      {},
      fullnessField(ui, ["booking", "z"]),
      numberField(ui, ["booking", "held_share_of_walk_ins"], { label: say("field-held-share"), hint: say("hint-held-share"), scale: 0.01, max: 100, unit: "%" }),
      numberField(ui, ["booking", "late_share"], { label: say("field-late-share"), hint: say("hint-late-share"), scale: 0.01, max: 100, unit: "%" }),
      hoursField(ui, ["booking", "late_before_s"], { label: say("field-late-before"), hint: say("hint-late-before") }),
    ),
  );
}

/** A choice of texts for the margin. Another number in the document stays among the choices. */
function fullnessField(ui, path) {
  const known = FULLNESS.map(([value, words]) => [value, say(words)]);
  const present = ui.draft.at(path);
  const choices = known.some(([value]) => value === present) ? known : [...known, [present, say("full-other", { z: round(present) })]];
  const select = make("select.input", { id: idOf(path) }, choices.map(([value, words]) => make("option", { value }, words)));
  select.value = String(present);
  select.addEventListener("change", () => ui.draft.set(path, Number(select.value)), { signal: ui.signal });
  return bound(ui, path, select, { label: say("field-booking-z"), hint: say("hint-booking-z") }, () => {
    select.value = String(ui.draft.at(path));
  });
}

function handPart(ui) {
  const services = entriesOf(ui.draft.form.services).filter(([, row]) => !row.online_url).map(([, row]) => [row.id, itemName(row)]);
  const path = ["booking", "places"];
  const row = () => ({ ...newSpan(ui), every_min: 30, places: 4, services: null });
  return part(
    say("booking-hand"),
    make("p.quiet.small", {}, say("booking-hand-about")),
    listOf(ui, path, {
      what: spanOfDays,
      about: ({ every_min, places }) => say("hand-about", { every: every_min, places }),
      add: say("hand-add"),
      make: () => ({ ...row(), weekdays: [1, 2, 3, 4, 5], on: null }),
      fields: (own, key, shown) => [
        make("div.grid", {}, whenFields(ui, own, shown), numberField(ui, [...own, "every_min"], { label: say("field-every"), whole: true, min: 5, max: 480, unit: say("unit-minutes") }), numberField(ui, [...own, "places"], { label: say("field-places"), whole: true, max: 1000 })),
        severalField(ui, [...own, "services"], services, { label: say("field-hand-services") }),
      ],
    }),
    addOnDate(ui, path, say("hand-add-date"), row),
  );
}

function reservedPart(ui) {
  const path = ["booking", "reserved"];
  const row = () => ({ ...newSpan(ui), partner: [...(partners ?? new Map()).keys()][0] ?? "", share: 0.2, release_before_s: 86_400 });
  return part(
    say("booking-reserved"),
    make("p.quiet.small", {}, say("booking-reserved-about")),
    listOf(ui, path, {
      what: (shown) => `${partners?.get(shown.partner) ?? shown.partner} · ${spanOfDays(shown)}`,
      about: ({ share }) => say("value-percent", { percent: round(share * 100) }),
      add: say("reserved-add"),
      make: () => ({ ...row(), weekdays: [1, 2, 3, 4, 5], on: null }),
      fields: (own, key, shown) => [
        make("div.grid", {}, partnerField(ui, [...own, "partner"]), whenFields(ui, own, shown), numberField(ui, [...own, "share"], { label: say("field-share"), hint: say("hint-share"), scale: 0.01, unit: "%", ...SHARE }), hoursField(ui, [...own, "release_before_s"], { label: say("field-release"), hint: say("hint-release") })),
      ],
    }),
    addOnDate(ui, path, say("reserved-add-date"), row),
  );
}

// Bounds in units of the document, a fraction shown as a percentage.
const SHARE = { min: 0.01, max: 100 };

function partnerField(ui, path) {
  const present = ui.draft.at(path);
  const known = [...(partners ?? new Map())];
  const choices = known.some(([id]) => id === present) || !present ? known : [...known, [present, present]];
  const select = make("select.input", { id: idOf(path) }, present ? null : make("option", { value: "" }, say("partner-choose")), choices.map(([value, words]) => make("option", { value }, words)));
  select.value = present;
  select.addEventListener("change", () => ui.draft.set(path, select.value), { signal: ui.signal });
  return bound(ui, path, select, { label: say("field-partner"), hint: say("hint-partner") }, () => {
    select.value = ui.draft.at(path);
  });
}

/** Fields for days and times. */
function whenFields(ui, path, row) {
  const days = row.on ? dateField(ui, [...path, "on"], { label: say("field-date") }) : severalField(ui, [...path, "weekdays"], WEEKDAYS.map((day) => [Number(day), weekdayName(day, "short")]), { label: say("field-weekdays") });
  return [days, timeField(ui, [...path, "from"], { label: say("field-from") }), timeField(ui, [...path, "to"], { label: say("field-to") })];
}

function newSpan(ui) {
  const [first] = Object.values(ui.draft.form.hours).find((spans) => spans.length > 0) ?? [{ from: "09:00", to: "17:00" }];
  return { from: first.from, to: first.to };
}

function addOnDate(ui, path, words, make_) {
  return make(
    "div.line",
    {},
    action(
      ui,
      words,
      () => {
        const { key, list } = withRow(ui.draft.at(path), { ...make_(), weekdays: null, on: ui.today() });
        ui.draft.set(path, list);
        ui.redraw();
        document.getElementById(idOf([...path, "rows", key, "on"]))?.focus();
      },
      { id: `${idOf(path)}-add-date` },
    ),
  );
}
