/**
 * The dialog for two managers who changed the document at the same time. The fields that both changed are shown side by side. All other
 * changes of both are kept.
 */

import { make } from "/display/element.js";
import { say } from "/pages/texts.js";
import { ask } from "/pages/ui.js";
import { labelOf, valueOf } from "./describe.js";
import { changeWords } from "./effect.js";
import { fieldOf } from "./model/schema.js";

/**
 * Show both versions, and continue with the choices. If the dialog is left, nothing changes.
 * @param {import("./model/draft.js").Draft} draft
 */
export async function mergeDialog(draft) {
  const { base, conflicts, taken, kept } = draft.theirs;
  const [mine, before, theirs] = [draft.form, draft.base.form, base.form];
  const body = [make("p", {}, say("merge-about"))];
  if (conflicts.length > 0) {
    body.push(
      make("h3", {}, say("merge-both", { count: conflicts.length })),
      ...conflicts.map((conflict, place) => choice(conflict, place, { mine, before, theirs })),
    );
  }
  if (taken.length > 0) body.push(listOf(say("merge-theirs", { count: taken.length }), taken, draft, [theirs, before]));
  if (kept.length > 0) body.push(listOf(say("merge-mine", { count: kept.length }), kept, draft, [mine, before]));
  const settled = await ask({
    title: say("merge-title"),
    body,
    confirm: say("merge-go-on"),
    act: (form) => conflicts.map((_, place) => form.get(`conflict-${place}`)),
  });
  if (settled === null || draft.theirs?.base !== base) return false;
  draft.resolve(
(conflict) => settled[conflicts.indexOf(conflict)]);
  return true;
}

function choice({ path, base, mine, theirs }, place, forms) {
  const side = (name, value, form) =>
    make(
      "label.check.side-of",
      {},
      make("input", { type: "radio", name: `conflict-${place}`, value: name, required: true, id: `conflict-${place}-${name}` }),
      make("span", {}, make("span.small.quiet.block", {}, say(name === "mine" ? "merge-is-mine" : "merge-is-theirs")), make("b", {}, words(path, value, form))),
    );
  return make(
    "fieldset.several.conflict",
    { "data-path": path.join("/") },
    make("legend", {}, labelOf(path, forms.mine, forms.theirs, forms.before)),
    make("p.small.quiet", {}, say("was", { value: words(path, base, forms.before) })),
    side("mine", mine, forms.mine),
    side("theirs", theirs, forms.theirs),
  );
}

function words(path, value, form) {
  if (value === undefined && fieldOf(path)?.kind === "row") return say("change-removed");
  return valueOf(path, value, form);
}

function listOf(title, differences, draft, forms) {
  return make(
    "details.changes",
    { open: differences.length <= 3 },
    make("summary", {}, title),
    make("ul", {}, differences.map(({ path, was, now }) => make("li", {}, make("b", {}, labelOf(path, ...forms)), make("br"), changeWords(path, was, now, draft)))),
  );
}
