/** Counters and services: name of the hall, zones, stages, counters, services and their papers. */

import { make } from "/display/element.js";
import { say } from "/pages/texts.js";
import { counterName, languageName, round, itemName } from "../describe.js";
import { checkField, choiceField, idOf, minutesField, nameFields, numberField, severalField, textField } from "../fields.js";
import { entriesOf, isNew, movedRow, otherStages, withoutRow, withRow } from "../model/form.js";
import { action, head, part } from "../parts.js";

/** Keys of the unfolded services, kept while the page is open. @type {Set<string>} */
const unfolded = new Set();

/** @param {import("../parts.js").Ui} ui */
export function places(ui) {
  return [head(say("places-title"), say("hours-about")), hallPart(ui), countersPart(ui), servicesPart(ui), zonesPart(ui), stagesPart(ui)];
}

function hallPart(ui) {
  return part(
    say("places-hall"),
    nameFields(ui, ["name"], { label: say("field-hall-name") }),
    textField(ui, ["languages"], {
      label: say("field-languages"),
      hint: say("hint-languages", { names: ui.draft.form.languages.map(languageName).join(say("list-separator")) }),
      read: (typed) => ({ value: typed.split(/[\s,，、]+/).filter(Boolean) }),
      write: (value) => value.join(", "),
    }),
  );
}

function countersPart(ui) {
  const { draft } = ui;
  const named = (list) => entriesOf(draft.form[list]).map(([, row]) => [row.id, itemName(row)]);
  return part(
    say("places-counters"),
    listOf(ui, ["counters"], {
      what: (row) => counterName(row.id, nameOf(draft.form.stages, row.stage)),
      about: (row) => [nameOf(draft.form.stages, row.stage), row.services.map((id) => nameOf(draft.form.services, id)).join(say("list-separator"))].join(" · "),
      add: say("counter-add"),
      make: () => newCounter(draft.form),
      fields: (path, key, row) => [
        make(
          "div.grid",
          {},
          idField(ui, path, key, { label: say("field-counter-number"), max: 16 }),
          choiceField(ui, [...path, "stage"], withUnoffered(named("stages"), row.stage), { label: say("field-counter-stage") }),
          choiceField(ui, [...path, "zone"], withUnoffered(named("zones"), row.zone), { label: say("field-counter-zone") }),
        ),
        severalField(ui, [...path, "services"], unoffered(named("services"), row.services), { label: say("field-counter-services") }),
      ],
    }),
  );
}

function servicesPart(ui) {
  const { draft } = ui;
  const stages = entriesOf(draft.form.stages).map(([, row]) => [row.id, itemName(row)]);
  return part(
    say("places-services"),
    listOf(ui, ["services"], {
      what: (row) => itemName(row),
      tag: (row) => row.prefix,
      about: (row) => (row.online_url ? say("service-online") : [say("value-minutes", { minutes: round(row.duration_s.mean / 60) }), row.stages.map((id) => nameOf(draft.form.stages, id)).join(" → ")].join(" · ")),
      add: say("service-add"),
      make: () => newService(draft.form),
      fields: (path, key, row) => [
        nameFields(ui, [...path, "name"], { label: say("field-name") }),
        make(
          "div.grid",
          {},
          idField(ui, path, key, { label: say("field-code"), hint: say("hint-code") }),
          textField(ui, [...path, "prefix"], { label: say("field-prefix"), hint: say("hint-prefix"), max: 3, short: true, read: (typed) => ({ value: typed.trim().toUpperCase() }) }),
          minutesField(ui, [...path, "duration_s", "mean"], { label: say("field-duration-mean"), hint: row.stages.length > 1 ? say("hint-duration-main") : null, min: 0.1, max: 480 }),
          minutesField(ui, [...path, "duration_s", "prechecked_mean"], { label: say("field-duration-prechecked"), hint: say("hint-prechecked"), min: 0.1, max: 480, optional: true }),
          numberField(ui, [...path, "duration_s", "cv"], { label: say("field-duration-cv"), hint: say("hint-cv"), scale: 0.01, max: 500, unit: "%" }),
          ...stageFields(ui, path),
          numberField(ui, [...path, "count_max"], { label: say("field-count-max"), hint: say("hint-count-max"), whole: true, min: 1, max: 99 }),
        ),
        severalField(ui, [...path, "stages"], unoffered(stages, row.stages), { label: say("field-service-stages") }),
        checkField(ui, [...path, "bookable"], { label: say("field-bookable") }),
        textField(ui, [...path, "online_url"], { label: say("field-online-url"), hint: say("hint-online-url"), optional: true, max: 500, inputmode: "url" }),
        make("h4", {}, say("places-papers")),
        listOf(ui, [...path, "papers"], {
          flat: true,
          what: (paper) => itemName(paper),
          add: say("paper-add"),
          make: () => ({ id: freeId(row.papers, "paper"), name: {} }),
          fields: (paperPath, paperKey) => [nameFields(ui, [...paperPath, "name"], { label: say("field-paper-name") }), idField(ui, paperPath, paperKey, { label: say("field-code") })],
        }),
      ],
    }),
  );
}

function zonesPart(ui) {
  return part(
    say("places-zones"),
    make("p.quiet.small", {}, say("places-zones-about")),
    listOf(ui, ["zones"], {
      what: (row) => itemName(row),
      add: say("zone-add"),
      make: () => ({ id: freeId(ui.draft.form.zones, "zone"), name: {} }),
      fields: (path, key) => [nameFields(ui, [...path, "name"], { label: say("field-name") }), idField(ui, path, key, { label: say("field-code"), hint: say("hint-code") })],
    }),
  );
}

function stagesPart(ui) {
  return part(
    say("places-stages"),
    make("p.quiet.small", {}, say("places-stages-about")),
    listOf(ui, ["stages"], {
      what: (row) => itemName(row),
      add: say("stage-add"),
      make: () => ({ id: freeId(ui.draft.form.stages, "stage"), optional: false, name: {} }),
      fields: (path, key) => [
        nameFields(ui, [...path, "name"], { label: say("field-name") }),
        idField(ui, path, key, { label: say("field-code"), hint: say("hint-code") }),
        checkField(ui, [...path, "optional"], { label: say("field-stage-optional") }),
      ],
    }),
  );
}

/**
 * A list of items. Each item unfolds to show its fields.
 * @param {import("../parts.js").Ui} ui
 * @param {import("../model/values.js").Path} path
 * @param {{what: (row: any) => string, tag?: (row: any) => string, about?: (row: any) => string, add: string, make: () => any, fields: (path: string[], key: string, row: any) => Node[], flat?: boolean}} options
 */
export function listOf(ui, path, options) {
  const { draft } = ui;
  const entries = entriesOf(draft.at(path));
  const removed = entriesOf(draft.was(path)).filter(([key]) => !entries.some(([other]) => other === key));
  const change = (make, focus) => {
    draft.set(path, make(draft.at(path)));
    ui.redraw();
    document.getElementById(focus)?.focus();
  };
  const items = entries.map(([key, row], place) => {
    const own = [...path, "rows", key];
    const id = idOf(own);
    const name = () => options.what(draft.at(own) ?? row) || say("thing-new");
    const buttons = make(
      "div.line.row-acts",
      {},
      place > 0 ? action(ui, say("move-up"), () => change((list) => movedRow(list, key, -1), `${id}-up`), { kind: "plain", id: `${id}-up`, "aria-label": say("of-thing", { act: say("move-up"), thing: name() }) }) : null,
      make("span.grow"),
      action(ui, say("remove"), () => change((list) => withoutRow(list, key), `${idOf(path)}-add`), { kind: "plain stop", id: `${id}-remove`, "aria-label": say("of-thing", { act: say("remove"), thing: name() }) }),
    );
    if (options.flat) return make("li.thing.flat", { id, tabindex: "-1" }, ...options.fields(own, key, row), buttons);
    const summary = make("summary", { id });
    const details = make("details.thing", {}, summary, make("div.thing-body", {}));
    const mark = () => {
      const current = draft.at(own);
      if (!current) return;
      const isWrong = draft.faultsAt(own, { below: true }).length > 0;
      summary.replaceChildren(
        ...[
          options.tag ? make("span.prefix", {}, options.tag(current)) : null,
          make("span.grow", {}, name()),
          options.about ? make("span.about.small.quiet", {}, options.about(current)) : null,
          isNew(key) ? make("span.tag.changed", {}, say("thing-new")) : draft.isEdited(own) ? make("span.tag.changed", {}, say("thing-changed")) : null,
          isWrong ? make("span.tag.over", {}, say("thing-wrong")) : null,
        ].filter(Boolean),
      );
    };
    const unfold = () => {
      if (details.open) unfolded.add(id);
      else unfolded.delete(id);
      const body = details.querySelector(".thing-body");
      if (details.open && body.childElementCount === 0) body.replaceChildren(...options.fields(own, key, row), buttons);
    };
    details.open = unfolded.has(id) || isNew(key);
    unfold();
    details.addEventListener("toggle", unfold);
    draft.addEventListener("change", mark, { signal: ui.signal });
    draft.addEventListener("effect", mark, { signal: ui.signal });
    mark();
    return make("li", {}, details);
  });
  const removedItems = removed.map(([key, row]) =>
    make(
      "li.line.gone",
      {},
      make("span.tag.changed", {}, say("thing-removed")),
      make("s.grow", {}, options.what(row)),
      action(ui, say("restore"), () => change((list) => ({ order: insertedAsBefore(draft.was(path).order, list.order, key), rows: { ...list.rows, [key]: row } }), `${idOf([...path, "rows", key])}`), { kind: "plain", "aria-label": say("of-thing", { act: say("restore"), thing: options.what(row) }) }),
    ),
  );
  const add = action(
    ui,
    options.add,
    () => {
      const { key, list } = withRow(draft.at(path), options.make());
      const id = idOf([...path, "rows", key]);
      unfolded.add(id);
      draft.set(path, list);
      ui.redraw();
      const thing = document.getElementById(id);
      (thing?.closest(".thing")?.querySelector("input, select") ?? thing)?.focus();
    },
    { id: `${idOf(path)}-add` },
  );
  return make("div.list-of", { id: idOf(path), tabindex: "-1" }, make("ul.things", {}, items, removedItems), make("div.line", {}, add));
}

/** Durations of the other stages: a field for each stage of the hall, visible while the service has this stage. */
function stageFields(ui, path) {
  const { draft } = ui;
  const fields = entriesOf(draft.form.stages).map(([, stage]) => {
    const hint = say(stage.optional ? "hint-duration-optional" : "hint-duration-needed");
    const label = say("field-duration-stage", { stage: itemName(stage) });
    return [stage.id, minutesField(ui, [...path, "duration_s", "stages", stage.id], { label, hint, min: 0.1, max: 480, optional: true, inside: "mean" })];
  });
  const update = () => {
    const service = draft.at(path);
    const others = service ? otherStages(service, draft.form) : [];
    for (const [id, field] of fields) field.hidden = !others.includes(id);
  };
  draft.addEventListener("change", update, { signal: ui.signal });
  update();
  return fields.map(([, field]) => field);
}

/** The id of an item. It can be edited only until it is saved, because journals refer to it. */
function idField(ui, path, key, options) {
  return textField(ui, [...path, "id"], { max: 32, ...options, disabled: !isNew(key) });
}

function insertedAsBefore(before, order, key) {
  const earlier = before.slice(0, before.indexOf(key)).filter((other) => order.includes(other));
  const place = earlier.length === 0 ? 0 : order.indexOf(earlier.at(-1)) + 1;
  return [...order.slice(0, place), key, ...order.slice(place)];
}

/** The choices, with the chosen value if it is not offered any more, so that it stays visible. */
function withUnoffered(choices, id) {
  return choices.some(([value]) => value === id) ? choices : [...choices, [id, id]];
}

function unoffered(choices, ids) {
  return ids.reduce(withUnoffered, choices);
}

function nameOf(list, id) {
  const found = entriesOf(list).find(([, row]) => row.id === id);
  return found ? itemName(found[1]) : id;
}

/** An id that no item of the list has. */
export function freeId(list, stem) {
  const ids = new Set(entriesOf(list).map(([, { id }]) => id));
  let number = 1;
  while (ids.has(`${stem}-${number}`)) number += 1;
  return `${stem}-${number}`;
}

function newCounter(form) {
  const counters = entriesOf(form.counters).map(([, row]) => row);
  const numbers = counters.map(({ id }) => Number(id)).filter((number) => Number.isInteger(number));
  const last = counters.findLast(({ id }) => Number.isInteger(Number(id))) ?? counters.at(-1);
  const [[, zone]] = entriesOf(form.zones);
  const stage = entriesOf(form.stages).at(-1)[1];
  return {
    id: String(Math.max(0, ...numbers) + 1),
    zone: last?.zone ?? zone.id,
    stage: last?.stage ?? stage.id,
    services: last?.services ?? entriesOf(form.services).map(([, { id }]) => id),
  };
}

function newService(form) {
  const prefixes = new Set(entriesOf(form.services).map(([, { prefix }]) => prefix));
  const prefix = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"].find((letter) => !prefixes.has(letter)) ?? "";
  const stage = entriesOf(form.stages).at(-1)?.[1].id;
  return { id: freeId(form.services, "service"), name: {}, prefix, stages: stage ? [stage] : [], duration_s: { mean: 300, cv: 0.6, prechecked_mean: null }, online_url: null, bookable: true, papers: { order: [], rows: {} }, count_max: 1 };
}
