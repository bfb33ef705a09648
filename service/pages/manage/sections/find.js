/** Search by number, code, phone number or name, and the list of the day's tickets. */

import { make } from "/display/element.js";
import { sought } from "/pages/codes.js";
import { pick } from "/pages/language.js";
import { serviceOf } from "/pages/outlook.js";
import { languageNow, say } from "/pages/texts.js";
import { whileBusy } from "/pages/ui.js";
import { action, allOf, head, keepFocus, part, table } from "../parts.js";

const PAGE = 50;
const STATES = ["waiting", "called", "serving", "parked", "done", "no_show", "left"];
const STATE_WORDS = { waiting: "ticket-waiting", called: "ticket-called", serving: "ticket-serving", parked: "ticket-parked", done: "ticket-done", no_show: "ticket-no-show", left: "ticket-left" };
const CLASS_WORDS = { walk_in: "class-walk-in", appointment: "class-appointment", green: "class-green", returning: "class-returning" };

/** @param {import("../parts.js").Ui} ui */
export function find(ui) {
  return [head(say("find-title"), say("find-about")), searchPart(ui), listPart(ui)];
}

function searchPart(ui) {
  const found = make("div", { id: "found", role: "status" });
  const input = make("input.input", { id: "search", type: "search", required: true, maxlength: 64, autocomplete: "off", spellcheck: "false", "aria-describedby": "search-hint" });
  const button = make("button.button", { type: "submit" }, say("find"));
  const form = make("form.stack", { role: "search" }, make("div.field", {}, make("label", { for: "search" }, say("find-label")), make("div.line.search-line", {}, input, button), make("p.small.quiet", { id: "search-hint" }, say("find-hint"))));
  let items = [];
  const page = async (wanted, query) => (await ui.call("POST", "search", { body: wanted, query })).body;
  const search = async ([wanted, ...instead]) => {
    const body = await page(wanted, { limit: PAGE });
    if (body.items.length === 0 && instead.length > 0) return search(instead);
    items = [];
    return show(wanted, body);
  };
  const show = async (wanted, body) => {
    items = [...items, ...body.items];
    // The search finds appointments too, so `next_cursor` does not show whether there are more tickets. Only the next page does.
    const more = body.items.length === PAGE && body.next_cursor !== null && (await page(wanted, { limit: 1, cursor: body.next_cursor })).items.length > 0;
    const way = action(ui, say("more"), async () => show(wanted, await page(wanted, { limit: PAGE, cursor: body.next_cursor })), { id: "found-more" });
    keepFocus(() =>
      found.replaceChildren(
        ...(items.length > 0 ? [ticketsOf(ui, items, say("find-found"), { withDay: true })] : [make("p.message", {}, say("find-nothing"))]),
        ...(more ? [make("div.line", {}, make("p.message.heed", {}, say("find-found-more", { count: items.length })), way)] : []),
      ),
    );
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    whileBusy(button, () => search(sought(input.value)).catch(ui.fail));
  });
  return make("section", {}, form, found);
}

function listPart(ui) {
  const list = make("div", { id: "list" });
  const more = make("div.line", {});
  const on = make("input.input.date", { type: "date", id: "list-on", min: "2000-01-01", max: "2999-12-31" });
  on.value = ui.today();
  const state = make("select.input", { id: "list-state" }, make("option", { value: "" }, say("all")), STATES.map((one) => make("option", { value: one }, say(STATE_WORDS[one]))));
  const service = make("select.input", { id: "list-service" }, make("option", { value: "" }, say("all")), ui.hall.services.map(({ id, name }) => make("option", { value: id }, pick(name, languageNow()).text || id)));
  let items = [];
  let asked = 0;
  const read = async (cursor) => {
    asked += 1;
    const mine = asked;
    const { body } = await ui.call("GET", "tickets", { query: { on: on.value || null, state: state.value || null, service: service.value || null, limit: PAGE, cursor } });
    if (ui.signal.aborted || mine !== asked) return;
    items = cursor ? [...items, ...body.items] : body.items;
    list.replaceChildren(items.length > 0 ? ticketsOf(ui, items, say("list-title")) : make("p.quiet", {}, say("list-empty")));
    more.replaceChildren(...(body.next_cursor ? [action(ui, say("more"), () => read(body.next_cursor), { id: "list-more" })] : []));
  };
  for (const control of [on, state, service]) control.addEventListener("change", () => read(null).catch(ui.fail));
  read(null).catch(ui.fail);
  return part(
    say("list-title"),
    make("div.filters", {}, labelled(say("list-on"), on), labelled(say("list-state"), state), labelled(say("queue-service"), service)),
    list,
    more,
  );
}

function labelled(label, control) {
  return make("div.field", {}, make("label", { for: control.id }, label), control);
}

function ticketsOf(ui, items, caption, { withDay = false } = {}) {
  const rows = items.map((ticket) => ({
    attributes: { "data-number": ticket.number },
    cells: [
      [make("span.number", {}, ticket.number), withDay && ticket.day !== ui.today() ? make("span.small.quiet.block", {}, ui.times.day(ticket.day)) : null],
      serviceName(ui, ticket.service),
      make(ticket.class === "green" ? "span.tag.green" : ticket.class === "appointment" ? "span.tag.booked" : "span.tag", {}, say(CLASS_WORDS[ticket.class])),
      [say(STATE_WORDS[ticket.state]), ticket.admission === "standby" && ticket.state === "waiting" ? ` ${say("ticket-standby")}` : ""],
      ticket.counter ?? ticket.last_counter ?? "–",
      ui.times.time(ticket.issued_at),
      action(ui, say("ticket-history"), () => showHistory(ui, ticket), { kind: "plain", "aria-label": say("of-thing", { act: say("ticket-history"), thing: ticket.number }) }),
    ],
  }));
  return table(caption, [say("ticket-number"), say("queue-service"), say("ticket-class"), say("counter-state"), say("counter"), say("ticket-issued"), say("ticket-history")], rows);
}

function serviceName(ui, id) {
  const { text, lang } = pick(serviceOf(ui.hall, id)?.name, languageNow());
  return make("span", { lang }, text || id);
}

async function showHistory(ui, ticket) {
  const items = await allOf(ui.call, `tickets/${ticket.id}/history`);
  const dialog = make("dialog.dialog", { "aria-labelledby": "history-title" });
  const leave = make("button.button", { type: "button" }, say("close"));
  leave.addEventListener("click", () => dialog.close());
  dialog.append(
    make("h2", { id: "history-title" }, say("ticket-history-of", { number: ticket.number })),
    make("ol.events", {}, items.map((item) => make("li", {}, make("time", { datetime: item.at }, ui.times.seconds(item.at)), make("span", {}, pick(item.words, languageNow()).text), make("span.small.quiet", {}, item.who ?? "")))),
    make("div.dialog-foot", {}, leave),
  );
  document.body.append(dialog);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
}
