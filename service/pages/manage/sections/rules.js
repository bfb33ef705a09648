/** Rules: the order of calls, the door, and the codes that clerks choose from. Each field explains its effect on people. */

import { make } from "/display/element.js";
import { say } from "/pages/texts.js";
import { itemName } from "../describe.js";
import { checkField, choiceField, minutesField, nameFields, numberField, textField } from "../fields.js";
import { CODES, isNew } from "../model/form.js";
import { head, part } from "../parts.js";
import { freeId, listOf } from "./places.js";

/** For each list of codes: stem of the ids of new codes, and text id of the button that adds one. */
const NEW_CODES = {
  reasons: { id: "reason", add: "reason-add" },
  missing: { id: "missing", add: "missing-add" },
  ratings: { id: "rating", add: "rating-add" },
};

/** @param {import("../parts.js").Ui} ui */
export function rules(ui) {
  return [head(say("rules-title"), say("hours-about")), orderPart(ui), doorPart(ui), comingPart(ui), ...CODES.map((name) => codesPart(ui, name))];
}

function orderPart(ui) {
  return part(
    say("rules-order"),
    make("p.quiet.small", {}, say("rules-order-about")),
    make(
      "div.grid",
      {},
      minutesField(ui, ["rules", "credit_s", "appointment"], { label: say("field-credit-appointment"), hint: say("hint-credit-appointment") }),
      minutesField(ui, ["rules", "credit_s", "green"], { label: say("field-credit-green"), hint: say("hint-credit-green") }),
      minutesField(ui, ["rules", "credit_s", "returning"], { label: say("field-credit-returning"), hint: say("hint-credit-returning") }),
      minutesField(ui, ["rules", "park_penalty_s"], { label: say("field-park-penalty"), hint: say("hint-park-penalty") }),
      minutesField(ui, ["rules", "max_walk_in_wait_s"], { label: say("field-max-walk-in-wait"), hint: say("hint-max-walk-in-wait"), min: 1, optional: true }),
    ),
  );
}

function doorPart(ui) {
  return part(
    say("rules-door"),
    make(
      "div.grid",
      {},
      choiceField(ui, ["admission"], [["fit", say("admission-fit")], ["all", say("admission-all")]], { label: say("field-admission"), hint: say("hint-admission") }),
      minutesField(ui, ["rules", "doors_before_s"], { label: say("field-doors-before"), hint: say("hint-doors-before") }),
      numberField(ui, ["rules", "promise", "step_min"], { label: say("field-promise-step"), hint: say("hint-promise-step"), whole: true, min: 1, max: 30, unit: say("unit-minutes") }),
    ),
    checkField(ui, ["overtime"], { label: say("field-overtime") }),
    ui.draft.form.entrance === undefined ? null : checkField(ui, ["entrance"], { label: say("field-entrance"), hint: say("hint-entrance") }),
  );
}

function comingPart(ui) {
  return part(
    say("rules-coming"),
    make(
      "div.grid",
      {},
      minutesField(ui, ["rules", "no_show_after_s"], { label: say("field-no-show-after"), hint: say("hint-no-show-after") }),
      minutesField(ui, ["rules", "grace_s"], { label: say("field-grace"), hint: say("hint-grace") }),
      minutesField(ui, ["rules", "early_s"], { label: say("field-early"), hint: say("hint-early") }),
    ),
    checkField(ui, ["rules", "auto_no_show"], { label: say("field-auto-no-show"), hint: say("hint-auto-no-show") }),
  );
}

/** A list of codes that clerks, or people who rate their visit, choose from: a code for the journal, a text for people. */
function codesPart(ui, name) {
  const { draft } = ui;
  const textOf = (id) => draft.form.texts?.[id] ?? {};
  return part(
    say(`rules-${name}`),
    make("p.quiet.small", {}, say(`rules-${name}-about`)),
    listOf(ui, ["codes", name], {
      what: (row) => itemName({ id: row.id, name: row.name ?? textOf(row.id) }),
      add: say(NEW_CODES[name].add),
      make: () => ({ id: freeId(draft.form.codes[name], NEW_CODES[name].id), name: {} }),
      fields: (path, key, row) => [
        textField(ui, [...path, "id"], { label: say("field-code"), hint: say("hint-code"), max: 32, disabled: !isNew(key) }),
        nameFields(ui, isNew(key) ? [...path, "name"] : ["texts", row.id], { label: say("field-text"), max: 200 }),
      ],
    }),
  );
}
