/** Notices on the lobby screens of all zones or of some. */

import { make } from "/display/element.js";
import { pick } from "/pages/language.js";
import { languageNow, say } from "/pages/texts.js";
import { whileBusy } from "/pages/ui.js";
import { languageName } from "../describe.js";
import { action, allOf, head, languageInputs, part, typedTexts } from "../parts.js";

/** @param {import("../parts.js").Ui} ui */
export function notices(ui) {
  const list = make("ul.things", { id: "notices" });
  const read = async () => {
    const items = await allOf(ui.call, "notices");
    if (ui.signal.aborted) return;
    list.replaceChildren(...(items.length > 0 ? items.map((notice) => noticeOf(ui, notice, read)) : [make("li.quiet.none", {}, say("notices-none"))]));
  };
  read().catch(ui.fail);
  return [head(say("notices-title"), say("notices-about")), part(say("notices-now"), list), part(say("notices-new"), formOf(ui, read))];
}

function noticeOf(ui, notice, read) {
  const zones = notice.zones.map((id) => pick(ui.hall.zones.find((zone) => zone.id === id)?.name, languageNow()).text || id);
  return make(
    "li.notice",
    {},
    make("div.grow", {}, ...Object.entries(notice.text).map(([lang, text]) => make("p", { lang }, text)), make("p.small.quiet", {}, zones.length > 0 ? say("notice-in", { zones: zones.join(say("list-separator")) }) : say("notice-everywhere"))),
    action(
      ui,
      say("notice-remove"),
      async () => {
        try {
          await ui.call("DELETE", `notices/${notice.id}`);
          ui.tell(say("notice-removed"));
        } finally {
          await read(); // another manager may have changed it already

          document.getElementById("title")?.focus();
        }
      },
      { "aria-label": say("of-thing", { act: say("notice-remove"), thing: pick(notice.text, languageNow()).text }) },
    ),
  );
}

function formOf(ui, read) {
  const { languages, zones } = ui.hall;
  const inputs = languageInputs(languages, (label, language) => say("field-in-language", { field: label, language: languageName(language) }), say("notice-text"), "notice");
  const boxes = zones.map(({ id, name }) => make("label.check", {}, make("input", { type: "checkbox", name: "zone", value: id }), make("span", {}, pick(name, languageNow()).text || id)));
  const button = make("button.button", { type: "submit" }, say("notice-post"));
  const form = make(
    "form.stack",
    { id: "notice-form" },
    inputs,
    zones.length > 1 ? make("fieldset.several", {}, make("legend", {}, say("notice-zones")), boxes, make("p.small.quiet", {}, say("notice-zones-hint"))) : null,
    make("div.line", {}, button),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    whileBusy(button, async () => {
      try {
        const chosen = [...form.querySelectorAll("input[name=zone]:checked")].map(({ value }) => value);
        await ui.call("POST", "notices", { body: { text: typedTexts(form, languages, "notice"), zones: chosen } });
        form.reset();
        ui.tell(say("notice-posted"));
        await read();
      } catch (reason) {
        ui.fail(reason);
      }
    });
  });
  return form;
}
