/** The list of halls: services, opening state, and links to the screens and to the pages for staff. */

import { make } from "/display/element.js";
import { usable } from "/display/usable.js";
import { call, inHall } from "/pages/api.js";
import { pick } from "/pages/language.js";
import { languageNow, say, sayInto, texts } from "/pages/texts.js";
import { HallTimes } from "/pages/times.js";
import { whileBusy } from "/pages/ui.js";

const RETRY_MS = 3000;

const part = (id) => document.getElementById(id);
/** @type {object[]} */
let halls = [];
/** The unfolded parts for staff, by hall id: the board, null while it is read, or "unreached". @type {Map<string, object | null | "unreached">} */
const unfolded = new Map();
/** Difference between the service's clock and that of this machine. */
let behind_ms = 0;
/** Cursor of the next page of halls. @type {string | null} */
let cursor = null;
/** @type {"loading" | "ready" | "unreached"} */
let state = "loading";

await texts("common", "halls");
document.addEventListener("paihao:language", draw);
part("more").addEventListener("click", () => whileBusy(part("more"), load));
draw();
load();

async function load() {
  try {
    const { body } = await call("GET", "/v1/halls", { query: { cursor } });
    halls = [...halls, ...body.items];
    cursor = body.next_cursor;
    if (body.items.length > 0) behind_ms = Date.parse(body.items[0].as_of_at) - Date.now();
    state = "ready";
  } catch {
    state = "unreached";
    setTimeout(load, RETRY_MS * (1 + Math.random()));
  }
  draw();
}

function draw() {
  sayInto();
  document.title = `${say("halls-title")} · Paihao`;
  part("more").hidden = cursor === null;
  const message = { loading: say("halls-loading"), unreached: say("halls-unreached"), ready: halls.length === 0 ? say("halls-none") : null }[state];
  part("state").replaceChildren(...(message === null ? [] : [make("p.message", {}, message)]));
  part("halls").replaceChildren(...halls.map(drawHall));
  if (state === "ready") usable();
}

function drawHall(hall) {
  const name = pick(hall.name, languageNow());
  const times = new HallTimes(hall.time_zone);
  const now = new Date(Date.now() + behind_ms);
  const when = (at) => (times.on(at) === times.on(now) ? times.time(at) : times.moment(at));
  const closed = () => (hall.opens_at ? say("hall-closed-until", { time: when(hall.opens_at) }) : say("hall-closed"));
  return make(
    "li.hall",
    { "data-hall": hall.id },
    make(
      "div.hall-head",
      {},
      make("h2", { lang: name.lang }, name.text || hall.id),
      make(hall.open ? "span.tag.open" : "span.tag", {}, hall.open ? say("hall-open") : closed()),
      make("p.quiet.small", {}, say("hall-local-time", { zone: hall.time_zone, time: times.time(now) })),
    ),
    make("a.button.come", { href: `/halls/${encodeURIComponent(hall.id)}` }, say("hall-come")),
    make("ul.services", {}, hall.services.map(drawService)),
    make("div.links", {}, make("h3", {}, say("hall-screens")), drawScreens(hall)),
    drawStaff(hall),
  );
}

function drawService(service) {
  const name = pick(service.name, languageNow());
  return make(
    "li",
    {},
    make("span.prefix", {}, service.prefix),
    make("div", {}, make("span", { lang: name.lang }, name.text), service.online_url ? make("p.quiet.small", {}, say("service-online")) : null),
  );
}

function drawScreens(hall) {
  const address = (zone) => `/halls/${encodeURIComponent(hall.id)}/screen?zone=${encodeURIComponent(zone)}`;
  const links = hall.zones.map((zone) => {
    const name = pick(zone.name, languageNow());
    return make("a.button", { href: address(zone.id), lang: name.lang }, name.text || zone.id);
  });
  return links.length > 1 ? [make("a.button", { href: address("") }, say("hall-all-zones")), ...links] : links;
}

/** Links to the pages for staff. They are folded, because few visitors are staff. The counters are read when the part is opened. */
function drawStaff(hall) {
  const address = `/halls/${encodeURIComponent(hall.id)}`;
  const counters = make("div");
  const details = make(
    "details.staff",
    { open: unfolded.has(hall.id) },
    make("summary", {}, say("hall-staff")),
    make("a", { href: `${address}/manage` }, say("hall-manage")),
    counters,
  );
  const fill = () => {
    if (details.isConnected) counters.replaceChildren(...drawCounters(unfolded.get(hall.id), address));
    else draw(); // the page was drawn again in the meantime, in another language
  };
  details.addEventListener("toggle", () => {
    if (details.open === unfolded.has(hall.id)) return;
    if (details.open) unfold(hall, fill);
    else unfolded.delete(hall.id);
  });
  counters.replaceChildren(...drawCounters(unfolded.get(hall.id), address));
  return details;
}

/** Read the counters, and repeat until it succeeds or the part is folded. */
async function unfold(hall, fill) {
  unfolded.set(hall.id, null);
  let board;
  try {
    board = (await inHall(hall.id)("GET", "board")).body;
  } catch {
    board = "unreached";
    setTimeout(() => unfolded.get(hall.id) === "unreached" && unfold(hall, fill), RETRY_MS * (1 + Math.random()));
  }
  if (!unfolded.has(hall.id)) return;
  unfolded.set(hall.id, board);
  fill();
}

/** A line for each stage, with a link to each of its counters. */
function drawCounters(board, address) {
  if (board === undefined || board === null) return [];
  if (board === "unreached") return [make("p.quiet.small", { role: "status" }, say("hall-unreached"))];
  const stageOf = ({ id }) => board.names.counters[id]?.stage;
  return [...new Set(board.counters.map(stageOf))].map((stage) => {
    const name = pick(board.names.stages[stage], languageNow());
    const links = board.counters
      .filter((counter) => stageOf(counter) === stage)
      .map(({ id }) => make("a", { href: `${address}/counter/${encodeURIComponent(id)}` }, make("span.hidden", { lang: name.lang }, `${name.text} `), id));
    return make("p.counters", {}, make("span.quiet", { lang: name.lang }, name.text), make("span", {}, links));
  });
}
