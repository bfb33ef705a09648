/** Privacy: export or erase the data of a person. Personal data is in no address and in no list. */


import { make } from "/display/element.js";
import { save } from "/pages/save.js";
import { say } from "/pages/texts.js";
import { ask, whileBusy } from "/pages/ui.js";
import { action, head, part } from "../parts.js";

/** @param {import("../parts.js").Ui} ui */
export function privacy(ui) {
  const phone = make("input.input", { id: "person-phone", type: "tel", maxlength: 32, autocomplete: "off" });
  const email = make("input.input", { id: "person-email", type: "email", maxlength: 254, autocomplete: "off" });
  const result = make("div.stack", { id: "person-result", role: "status" });
  const person = () => ({ ...(phone.value.trim() ? { phone: phone.value.trim() } : {}), ...(email.value.trim() ? { email: email.value.trim() } : {}) });
  const isSaidWho = () => {
    if (Object.keys(person()).length > 0) return true;
    result.replaceChildren(make("p.message", {}, say("privacy-who-first")));
    phone.focus();
    return false;
  };
  const form = make(
    "form.stack",
    {},
    make("div.grid", {}, make("div.field", {}, make("label", { for: phone.id }, say("privacy-phone")), phone), make("div.field", {}, make("label", { for: email.id }, say("privacy-email")), email)),
    make(
      "div.line",
      {},
      make("button.button", { type: "submit", id: "person-export" }, say("privacy-export")),
      action(ui, say("privacy-erase"), () => isSaidWho() && erase(ui, person(), result), { kind: "stop", id: "person-erase" }),
    ),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!isSaidWho()) return;
    whileBusy(form.querySelector("#person-export"), () => give(ui, person(), result).catch(ui.fail));
  });
  return [head(say("privacy-title"), say("privacy-about")), part(say("privacy-person"), form, result)];
}

async function give(ui, person, result) {
  const { body } = await ui.call("POST", "exports", { body: person });
  save(JSON.stringify(body, null, 2), "application/json", "person.json");
  const counts = { people: body.people.length, appointments: body.appointments.length, tickets: body.tickets.length, messages: body.messages.length };
  result.replaceChildren(make("p.message", {}, say(body.people.length + body.invitations.length === 0 ? "privacy-nothing" : "privacy-given", counts)));
}

async function erase(ui, person, result) {
  const keep = make("input", { type: "checkbox", id: "erase-keep" });
  const done = await ask({
    title: say("privacy-erase-title"),
    body: [
      make("p", {}, make("b", {}, Object.values(person).join(" · "))),
      make("ul.plain-list", {}, ["privacy-erase-names", "privacy-erase-journal", "privacy-erase-final"].map((words) => make("li", {}, say(words)))),
      make("label.check", {}, keep, make("span", {}, say("privacy-erase-keep"))),
    ],
    confirm: say("privacy-erase-confirm"),
    kind: "stop",
    act: async () => (await ui.call("POST", "erasures", { body: person, query: { keep: keep.checked ? 1 : 0 } })).body,
  });
  if (done === null) return;
  for (const id of ["person-phone", "person-email"]) document.getElementById(id).value = "";
  const nothing = done.people + done.invitations === 0;
  result.replaceChildren(make("p.message", {}, say(nothing ? "privacy-nothing" : "privacy-erased", { people: done.people, cancelled: done.cancelled, invitations: done.invitations, messages: done.messages })));
}
