/** Staff and devices: roles in this hall, initial passwords, and tokens of devices. */

import { make } from "/display/element.js";
import { say } from "/pages/texts.js";
import { Refused } from "/pages/api.js";
import { ask, wordsOf } from "/pages/ui.js";
import { action, allOf, head, keepFocus, part, table } from "../parts.js";

const ROLES = ["volunteer", "staff", "manager"];
const DEVICE_ROLES = ["kiosk", "partner", "staff"];
// Limits of the API, so that a field cannot take a value that would be refused later.
const NAME_MAX = 64;
const SHOWN_MAX = 100;
const ROLE_WORDS = { volunteer: "role-volunteer", staff: "role-staff", manager: "role-manager", kiosk: "role-kiosk", partner: "role-partner", admin: "role-admin" };

/** @param {import("../parts.js").Ui} ui */
export function people(ui) {
  const staff = make("div", { id: "staff" });
  const devices = make("div", { id: "devices" });
  const readStaff = async () => {
    const items = await allOf(ui.call, "staff");
    if (!ui.signal.aborted) keepFocus(() => staff.replaceChildren(...staffOf(ui, items, readStaff)));
  };
  const readDevices = async () => {
    const items = await allOf(ui.call, "devices");
    if (!ui.signal.aborted) keepFocus(() => devices.replaceChildren(...devicesOf(ui, items, readDevices)));
  };
  readStaff().catch(ui.fail);
  readDevices().catch(ui.fail);
  return [head(say("people-title"), say("people-about")), part(say("people-staff"), staff), part(say("people-devices"), make("p.quiet.small", {}, say("devices-about")), devices)];
}

function staffOf(ui, items, read) {
  const me = ui.who.session.account?.id;
  const rows = items.map((person) => {
    const name = person.display_name || person.name;
    const isMe = person.id === me;
    return {
      attributes: { "data-account": person.name },
      cells: [
        [make("span", {}, name), isMe ? make("span.small.quiet", {}, ` ${say("people-you")}`) : null, make("span.small.quiet.block", {}, person.name)],
        roleOf(ui, person, isMe, read),
        stateOf(person),
        person.last_seen_at ? ui.times.moment(person.last_seen_at) : make("span.quiet", {}, person.elsewhere ? "–" : say("never")),
        isMe ? make("span.quiet.small", {}, say("people-not-oneself")) : make("div.row-acts", {}, personActs(ui, person, name, read)),
      ],
    };
  });
  return [
    items.length === 0 ? make("p.quiet", {}, say("people-none")) : table(say("people-staff"), [say("person"), say("role"), say("person-state"), say("last-seen"), say("counter-acts")], rows),
    make("div.line", {}, action(ui, say("person-add"), () => addPerson(ui, read), { id: "person-add" })),
  ];
}

function roleOf(ui, person, isMe, read) {
  if (isMe || !ROLES.includes(person.role)) return say(ROLE_WORDS[person.role] ?? "role-other");
  const select = make(
    "select.input",
    { id: `role-${person.id}`, "aria-label": say("role-of", { name: person.display_name || person.name }) },
    ROLES.map((role) => make("option", { value: role, selected: role === person.role }, say(ROLE_WORDS[role]))),
  );
  select.addEventListener("change", async () => {
    try {
      await ui.call("PATCH", `staff/${person.id}`, { body: { role: select.value } });
      ui.tell(say("role-changed"));
    } catch (reason) {
      ui.fail(reason);
    }
    await read().catch(ui.fail);
  });
  return select;
}

function stateOf(person) {
  if (person.disabled) return make("span.tag.over", {}, say("person-disabled"));
  if (person.sso) return make("span.tag", {}, say("person-sso"));
  if (person.must_change) return make("span.tag.changed", {}, say("person-must-change"));
  if (person.elsewhere) return make("span.tag", {}, say("person-elsewhere"));
  return make("span.tag.open", {}, say("person-active"));
}

function personActs(ui, person, name, read) {
  const of = (act) => say("of-thing", { act, thing: name });
  const patch = (body, note) => async () => {
    try {
      await ui.call("PATCH", `staff/${person.id}`, { body });
      ui.tell(note);
    } finally {
      await read(); // another manager may have changed it already
      if (document.activeElement === document.body) document.getElementById("person-add")?.focus();
    }
  };
  return [
    person.sso || person.elsewhere
      ? null
      : action(
          ui,
          say("password-reset"),
          async () => {
            const created = await ask({
              title: say("password-reset-title", { name }),
              body: [make("p", {}, say("password-reset-about"))],
              confirm: say("password-reset"),
              act: async () => (await ui.call("POST", `staff/${person.id}/reset`, { body: {} })).body,
            });
            if (created === null) return;
            await showSecret(say("password-once-title", { name }), say("password-once-about"), created.password, person.name);
            await read();
          },
          { "aria-label": of(say("password-reset")) },
        ),
    person.elsewhere
      ? action(
          ui,
          say("person-sign-out"),
          async () => {
            await ui.call("DELETE", `staff/${person.id}/sessions`);
            ui.tell(say("person-signed-out"));
          },
          { "aria-label": of(say("person-sign-out")) },
        )
      : person.disabled
      ? action(ui, say("person-enable"), patch({ disabled: false }, say("person-enabled")), { id: `able-${person.id}`, "aria-label": of(say("person-enable")) })
      : action(ui, say("person-disable"), patch({ disabled: true }, say("person-disabled-told")), { id: `able-${person.id}`, "aria-label": of(say("person-disable")) }),
    action(
      ui,
      say("remove"),
      async () => {
        const done = await ask({
          title: say("person-remove-title", { name }),
          body: [make("p", {}, say("person-remove-about"))],
          confirm: say("remove"),
          kind: "stop",
          act: () => ui.call("DELETE", `staff/${person.id}`),
        });
        if (done === null) return;
        ui.tell(say("person-removed"));
        await read();
        document.getElementById("person-add")?.focus();
      },
      { kind: "stop", "aria-label": of(say("remove")) },
    ),
  ];
}

async function addPerson(ui, read) {
  const name = make("input.input", { id: "person-name", name: "name", required: true, maxlength: NAME_MAX, autocomplete: "off", autocapitalize: "none", spellcheck: "false" });
  const shown = make("input.input", { id: "person-shown", name: "display_name", required: true, maxlength: SHOWN_MAX, autocomplete: "off" });
  const role = make("select.input", { id: "person-role", name: "role" }, ROLES.map((one) => make("option", { value: one, selected: one === "staff" }, say(ROLE_WORDS[one]))));
  const created = await ask({
    title: say("person-add-title"),
    body: [labelled(say("person-name"), name, say("person-name-hint")), labelled(say("person-shown"), shown), labelled(say("role"), role, say("role-hint"))],
    confirm: say("person-add"),
    act: async () => (await ui.call("POST", "staff", { body: { name: name.value.trim(), display_name: shown.value.trim(), role: role.value } })).body,
    words: (reason) => (reason instanceof Refused && reason.code === "body-invalid" ? say("person-name-hint") : wordsOf(reason)),
  });
  if (created === null) return;
  if (created.password) await showSecret(say("password-once-title", { name: shown.value.trim() }), say("password-once-about"), created.password, name.value.trim());
  else ui.tell(say("person-added"));
  await read();
  document.getElementById("person-add")?.focus();
}

function devicesOf(ui, items, read) {
  const rows = items.map((device) => ({
    attributes: { "data-device": device.name },
    cells: [
      device.name,
      say(ROLE_WORDS[device.role] ?? "role-other"),
      device.last_seen_at ? ui.times.moment(device.last_seen_at) : make("span.quiet", {}, say("never")),
      make(
        "div.row-acts",
        {},
        action(
          ui,
          say("device-revoke"),
          async () => {
            const done = await ask({
              title: say("device-revoke-title", { name: device.name }),
              body: [make("p", {}, say("device-revoke-about"))],
              confirm: say("device-revoke"),
              kind: "stop",
              act: () => ui.call("DELETE", `devices/${device.id}`),
            });
            if (done === null) return;
            ui.tell(say("device-revoked"));
            await read();
            document.getElementById("device-add")?.focus();
          },
          { kind: "stop", "aria-label": say("of-thing", { act: say("device-revoke"), thing: device.name }) },
        ),
      ),
    ],
  }));
  return [
    items.length > 0 ? table(say("people-devices"), [say("device"), say("role"), say("last-seen"), say("counter-acts")], rows) : make("p.quiet", {}, say("devices-none")),
    make("div.line", {}, action(ui, say("device-add"), () => addDevice(ui, read), { id: "device-add" })),
  ];
}

async function addDevice(ui, read) {
  const name = make("input.input", { id: "device-name", required: true, maxlength: SHOWN_MAX, autocomplete: "off" });
  const role = make("select.input", { id: "device-role" }, DEVICE_ROLES.map((one) => make("option", { value: one }, say(ROLE_WORDS[one]))));
  const created = await ask({
    title: say("device-add-title"),
    body: [labelled(say("device-name"), name, say("device-name-hint")), labelled(say("role"), role)],
    confirm: say("device-add"),
    act: async () => (await ui.call("POST", "devices", { body: { name: name.value.trim(), role: role.value } })).body,
  });
  if (created === null) return;
  if (created.role === "partner") await showSecret(say("token-once-title", { name: created.name }), say("partner-once-about"), `${location.origin}/halls/${encodeURIComponent(ui.hall.id)}/partner#key=${created.token}`);
  else await showSecret(say("token-once-title", { name: created.name }), say("token-once-about"), created.token);
  await read();
  document.getElementById("device-add")?.focus();
}

function labelled(label, control, hint) {
  if (hint) control.setAttribute("aria-describedby", `${control.id}-hint`);
  return make("div.field", {}, make("label", { for: control.id }, label), control, hint ? make("p.small.quiet", { id: `${control.id}-hint` }, hint) : null);
}

/** Show a secret, which is shown only once. It is removed from the page with the dialog. */
async function showSecret(title, about, secret, name) {
  const output = make("output.secret", { id: "secret", tabindex: "0" }, secret);
  const copied = make("span.small", { role: "status" });
  const copy = make("button.button", { type: "button" }, say("copy"));
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(secret);
      copied.textContent = say("copied");
    } catch {
      getSelection().selectAllChildren(output); // without TLS the browser offers no clipboard: the manager copies the selected text
    }
  });
  await ask({
    title,
    body: [make("p", {}, about), name ? make("p", {}, say("secret-for"), " ", make("b", {}, name)) : null, output, make("div.line", {}, copy, copied)].filter(Boolean),
    confirm: say("secret-noted"),
  });
}
