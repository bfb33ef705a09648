/** History of the day: the journal and the audit log together, newest first. */

import { make } from "/display/element.js";
import { pick } from "/pages/language.js";
import { languageNow, say } from "/pages/texts.js";
import { action, head } from "../parts.js";

const PAGE = 100;

/** @param {import("../parts.js").Ui} ui */
export function history(ui) {
  const list = make("ol.events", { id: "events" });
  const more = make("div.line", {});
  const on = make("input.input.date", { type: "date", id: "history-on", min: "2000-01-01", max: "2999-12-31" });
  on.value = ui.today();
  let asked = 0;
  const read = async (cursor) => {
    asked += 1;
    const mine = asked;
    const { body } = await ui.call("GET", "history", { query: { on: on.value || null, limit: PAGE, cursor } });
    if (ui.signal.aborted || mine !== asked) return;
    const lines = body.items.map((item) => eventOf(ui, item));
    if (cursor) list.append(...lines);
    else list.replaceChildren(...(lines.length > 0 ? lines : [make("li.quiet", {}, say("history-empty"))]));
    more.replaceChildren(...(body.next_cursor ? [action(ui, say("more"), () => read(body.next_cursor), { id: "history-more" })] : []));
  };
  on.addEventListener("change", () => read(null).catch(ui.fail));
  read(null).catch(ui.fail);
  return [
    head(say("history-title"), say("history-about")),
    make(
      "section",
      {},
      make("div.filters", {}, make("div.field", {}, make("label", { for: on.id }, say("list-on")), on), make("div.field.end", {}, action(ui, say("history-again"), () => read(null), { id: "history-again" }))),
      list,
      more,
    ),
  ];
}

function eventOf(ui, item) {
  return make(
    "li",
    { "data-kind": item.kind },
    make("time", { datetime: item.at }, ui.times.seconds(item.at)),
    make("span", {}, numberOf(item), wordsOf(item)),
    make("span.small.quiet", {}, whoOf(item)),
  );
}

function numberOf(item) {
  const number = item.data?.number;
  return number && !wordsOf(item).includes(number) ? make("span.number", {}, `${number} `) : null;
}

function wordsOf(item) {
  return pick(item.words, languageNow()).text || item.kind;
}

const ACTORS = { system: "actor-system", applicant: "actor-applicant", anyone: "actor-anyone", admin: "role-admin", device: "actor-device", command: "actor-command" };

const ROLES = { volunteer: "role-volunteer", staff: "role-staff", manager: "role-manager", kiosk: "role-kiosk", partner: "role-partner", admin: "role-admin" };
const NETS = { local: "net-local", private: "net-private", public: "net-public" };

/** Text about the actor: who, in which role, from which kind of network. An actor has the form `kind[:id][/role][/network]`. */
function whoOf(item) {
  const parts = item.actor.split("/");
  const kind = parts[0].split(":")[0];
  const known = parts.slice(1).map((part) => ROLES[part] ?? NETS[part]).filter(Boolean);
  const first = item.who ?? (ACTORS[kind] ? say(ACTORS[kind]) : "");
  return [first, ...known.map((id) => say(id))].filter(Boolean).join(" · ");
}
