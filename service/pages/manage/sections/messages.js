/** Failed messages to applicants: why they failed, and a button to send them again. The recipients are not shown. */

import { make } from "/display/element.js";
import { hasText, say } from "/pages/texts.js";
import { action, head, keepFocus, table } from "../parts.js";

const PAGE = 50;
const STATES = ["dead", "waiting", "sending", "sent", "withdrawn"];
const STATE_WORDS = { dead: "message-dead", waiting: "message-waiting", sending: "message-sending", sent: "message-sent", withdrawn: "message-withdrawn" };
const KIND_WORDS = { booked: "message-booked", changed: "message-changed-appointment", cancelled: "message-cancelled", day_before: "message-day-before", hour_before: "message-hour-before", near: "message-near", missed: "message-missed", closed: "message-closed" };

/** @param {import("../parts.js").Ui} ui */
export function messages(ui) {
  const list = make("div", { id: "messages" });
  const more = make("div.line", {});
  const state = make("select.input", { id: "message-state" }, STATES.map((one) => make("option", { value: one }, say(STATE_WORDS[one]))));
  let items = [];
  let asked = 0;
  const read = async (cursor) => {
    asked += 1;
    const mine = asked;
    const { body } = await ui.call("GET", "messages", { query: { state: state.value, limit: PAGE, cursor } });
    if (ui.signal.aborted || mine !== asked) return;
    items = cursor ? [...items, ...body.items] : body.items;
    keepFocus(() => {
      list.replaceChildren(items.length > 0 ? messagesOf(ui, items, state.value, () => read(null)) : make("p.quiet", {}, say(state.value === "dead" ? "messages-none-dead" : "messages-none")));
      more.replaceChildren(...(body.next_cursor ? [action(ui, say("more"), () => read(body.next_cursor), { id: "messages-more" })] : []));
    });
  };
  state.addEventListener("change", () => read(null).catch(ui.fail));
  read(null).catch(ui.fail);
  return [
    head(say("messages-title"), say("messages-about")),
    make("section", {}, make("div.grid", {}, make("div.field", {}, make("label", { for: state.id }, say("messages-state")), state)), list, more),
  ];
}

function messagesOf(ui, items, state, again) {
  const rows = items.map((message) => ({
    attributes: { "data-message": message.id, "data-state": message.state },
    cells: [
      say(KIND_WORDS[message.kind]),
      say(message.channel === "mail" ? "message-by-mail" : "message-by-webhook"),
      say("message-for-day", { day: ui.times.day(message.day) }),
      ui.times.moment(message.changed_at),
      [reasonWords(message.reason), make("span.small.quiet.block", {}, say("message-tries", { count: message.tries }))],
      state === "dead" ? action(ui, say("message-again"), () => tryAgain(ui, message, again), { id: `again-${message.id}`, "aria-label": say("of-thing", { act: say("message-again"), thing: say(KIND_WORDS[message.kind]) }) }) : "",
    ],
  }));
  return table(say("messages-title"), [say("message-kind"), say("message-channel"), say("message-day"), say("message-changed"), say("message-reason"), say("counter-acts")], rows);
}

async function tryAgain(ui, message, again) {
  try {
    await ui.call("POST", `messages/${message.id}/retry`, { body: {} });
    ui.tell(say("message-again-told"));
  } finally {
    await again(); // another manager may have changed it already
    document.querySelector("#messages button")?.focus();
  }
}

/** Text of a stored reason: a word, or a protocol with a status number. */
function reasonWords(reason) {
  if (!reason) return "–";
  const [name, number] = reason.split(" ");
  const id = `message-reason-${name}`;
  return hasText(id) ? say(id, { number: number ?? "" }) : say("message-reason-other", { reason });
}
