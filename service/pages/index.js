/** The list of halls: what each offers, whether it is open, and the way to its screens. */

import { make } from "/display/element.js";
import { offerLanguages, pick } from "/pages/language.js";

const WORDS = {
  zh: {
    title: "大厅",
    about: "各大厅的事项、开放情况和叫号屏。",
    docs: "接口说明",
    languages: "页面",
    open: "开放中",
    closed: "未开放",
    opensAt: (when) => `${when} 开放`,
    localTime: (zone, time) => `${zone}，当地时间 ${time}`,
    online: "网上即可办理，无需到场",
    come: "预约、取号",
    screens: "叫号屏",
    wholeHall: "全部区域",
    screen: "打开叫号屏",
    staff: "工作人员",
    manage: "大厅管理",
    unreachedHall: "现在读不到窗口。请稍后再打开。",
    more: "更多大厅",
    loading: "正在读取",
    none: "还没有大厅。",
    unreached: "现在读不到大厅列表，正在再试。",
  },
  en: {
    title: "Halls",
    about: "What each hall offers, whether it is open, and its lobby screens.",
    docs: "API reference",
    languages: "Page",
    open: "Open",
    closed: "Closed",
    opensAt: (when) => `opens ${when}`,
    localTime: (zone, time) => `${zone}, ${time} there`,
    online: "Online. No visit needed",
    come: "Book or take a number",
    screens: "Lobby screens",
    wholeHall: "Whole hall",
    screen: "Open the lobby screen",
    staff: "For staff",
    manage: "Manage the hall",
    unreachedHall: "The counters cannot be read just now. Open this again in a moment.",
    more: "More halls",
    loading: "Loading",
    none: "There are no halls yet.",
    unreached: "The list of halls cannot be read just now. Trying again.",
  },
};

const FETCH_MS = 8000;
const RETRY_MS = 3000;

const part = (id) => document.getElementById(id);
let language = "zh";
/** @type {object[]} */
let halls = [];
/** What staff have unfolded: by hall, its board, null while it is read, or "unreached". @type {Map<string, object | null | "unreached">} */
const unfolded = new Map();
/** @type {string | null} */
let cursor = null;
/** @type {"loading" | "ready" | "unreached"} */
let state = "loading";

async function load() {
  part("more").setAttribute("aria-busy", "true");
  const address = cursor === null ? "/v1/halls" : `/v1/halls?cursor=${encodeURIComponent(cursor)}`;
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(FETCH_MS) });
    if (!response.ok) throw new Error(String(response.status));
    const page = await response.json();
    halls = [...halls, ...page.items];
    cursor = page.next_cursor ?? null;
    state = "ready";
  } catch {
    state = "unreached";
    setTimeout(load, RETRY_MS * (1 + Math.random()));
  }
  part("more").removeAttribute("aria-busy");
  draw();
}

function draw() {
  const words = WORDS[language];
  document.title = `${words.title} · Paihao`;
  part("title").textContent = words.title;
  part("about").textContent = words.about;
  part("docs").textContent = words.docs;
  part("nav").setAttribute("aria-label", words.languages);
  part("more").textContent = words.more;
  part("more").hidden = cursor === null;
  const said = state === "loading" ? words.loading : state === "unreached" ? words.unreached : halls.length === 0 ? words.none : null;
  part("state").replaceChildren(...(said === null ? [] : [make("p.message", {}, said)]));
  part("halls").replaceChildren(...halls.map((hall) => drawHall(hall, words)));
}

function drawHall(hall, words) {
  const name = pick(hall.name, language);
  const opens = !hall.open && hall.opens_at ? words.opensAt(wallTime(hall, new Date(hall.opens_at), true)) : null;
  return make(
    "li.hall",
    { "data-hall": hall.id },
    make(
      "div.hall-head",
      {},
      make("h2", { lang: name.lang }, name.text || hall.id),
      make(hall.open ? "span.tag.open" : "span.tag", {}, hall.open ? words.open : opens ? `${words.closed} · ${opens}` : words.closed),
      make("a.button.come", { href: `/halls/${encodeURIComponent(hall.id)}` }, words.come),
      make("p.quiet.small", {}, words.localTime(hall.time_zone, wallTime(hall, new Date(), false))),
    ),
    make("ul.services", {}, (hall.services ?? []).map((service) => drawService(service, words))),
    make("div.links", {}, make("h3", {}, words.screens), drawScreens(hall, words)),
    drawStaff(hall, words),
  );
}

function drawService(service, words) {
  const name = pick(service.name, language);
  return make(
    "li",
    {},
    make("span.prefix", {}, service.prefix),
    make("div", {}, make("span", { lang: name.lang }, name.text), service.online_url ? make("p.quiet.small", {}, words.online) : null),
  );
}

function drawScreens(hall, words) {
  const address = (zone) => `/halls/${encodeURIComponent(hall.id)}/screen?zone=${encodeURIComponent(zone)}`;
  const zones = hall.zones ?? [];
  const links = zones.length > 1 ? [make("a.button", { href: address("") }, words.wholeHall)] : [];
  for (const zone of zones) {
    const name = pick(zone.name, language);
    links.push(make("a.button", { href: address(zone.id ?? zone), lang: name.lang }, name.text || zone.id || zone));
  }
  return links.length > 0 ? links : [make("a.button", { href: address("") }, words.screen)];
}

/** The way to the pages for staff: folded, for few who come here work here; the counters are read when it is opened. */
function drawStaff(hall, words) {
  const address = `/halls/${encodeURIComponent(hall.id)}`;
  const counters = make("div");
  const fill = () => counters.replaceChildren(...drawCounters(unfolded.get(hall.id), address, words));
  const details = make(
    "details.staff",
    { open: unfolded.has(hall.id) },
    make("summary", {}, words.staff),
    make("a", { href: `${address}/manage` }, words.manage),
    counters,
  );
  details.addEventListener("toggle", async () => {
    if (details.open === unfolded.has(hall.id)) return;
    if (!details.open) {
      unfolded.delete(hall.id);
      return;
    }
    unfolded.set(hall.id, null);
    unfolded.set(hall.id, await readBoard(hall));
    if (details.isConnected) fill();
    else draw(); // the page was drawn anew meanwhile, in another language
  });
  fill();
  return details;
}

/** A line for each stage, with the way to each of its counters. */
function drawCounters(board, address, words) {
  if (board === undefined || board === null) return [];
  if (board === "unreached") return [make("p.quiet.small", { role: "status" }, words.unreachedHall)];
  const stageOf = ({ id }) => board.names.counters[id]?.stage;
  return [...new Set(board.counters.map(stageOf))].map((stage) => {
    const name = pick(board.names.stages[stage], language);
    const links = board.counters
      .filter((counter) => stageOf(counter) === stage)
      .map(({ id }) => make("a", { href: `${address}/counter/${encodeURIComponent(id)}` }, make("span.hidden", { lang: name.lang }, `${name.text} `), id));
    return make("p.counters", {}, make("span.quiet", { lang: name.lang }, name.text), links);
  });
}

async function readBoard(hall) {
  try {
    const response = await fetch(`/v1/halls/${encodeURIComponent(hall.id)}/board`, { signal: AbortSignal.timeout(FETCH_MS) });
    if (!response.ok) throw new Error(String(response.status));
    return await response.json();
  } catch {
    return "unreached";
  }
}

/** A time as the hall's own clock shows it; with the day when it is not today's. */
function wallTime(hall, at, withDay) {
  const locale = language === "zh" ? "zh-CN" : "en-GB";
  const show = (options) => {
    try {
      return at.toLocaleString(locale, { timeZone: hall.time_zone, ...options });
    } catch {
      return at.toLocaleString(locale, options);
    }
  };
  const time = show({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const day = { month: "long", day: "numeric" };
  const today = new Date().toLocaleDateString(locale, day) === at.toLocaleDateString(locale, day);
  return withDay && !today ? `${show(day)} ${time}` : time;
}

part("more").addEventListener("click", () => part("more").getAttribute("aria-busy") || load());
offerLanguages(part("nav"), (wanted) => {
  language = wanted;
  draw();
});
load();
