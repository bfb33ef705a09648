/**
 * The page of operations: all halls with the worst first, and the day of one.
 *
 * All halls are asked for every few seconds, and answered in a word when nothing has happened; how long somebody has waited is
 * reckoned here. The day of the chosen hall is read as often, what is foretold of it once in a while.
 */

import { make, redraw } from "/display/element.js";
import { usable } from "/display/usable.js";
import { call, inHall } from "/pages/api.js";
import { waitingWords } from "/pages/first.js";
import { ANY_HALL, rolesIn, signedIn } from "/pages/session.js";
import { localeNow, say, sayInto, texts } from "/pages/texts.js";
import "/pages/theme.js";
import { dayView } from "./day.js";
import { HallList } from "./list.js";
import { unchanged } from "./model.js";
import { reportView } from "./report.js";
import { drawSums, sumsOf } from "./sums.js";

const READ_EVERY_MS = 5000;
const AHEAD_EVERY_MS = 30_000;
/** Two answers that did not come. */
const SILENT_MS = 12_000;
const TICK_MS = 1000;
const NARROWEST = 260;
/** The day of a hall stands beside the list, which is not left half of a page. As in the sheet of styles. */
const beside = matchMedia("(min-width: 1101px)");

const element = (id) => document.getElementById(id);

class Operations {
  #session = null;
  #list = new HallList(element("list"));
  /** @type {{items: object[], watch: object} | null} */
  #halls = null;
  /** @type {Map<string, {text: string, thing: object}>} the halls as they came last */
  #known = new Map();
  #etag = null;
  /** The service's clock beside this device's. */
  #behind_ms = 0;
  #heard_ms = -Infinity;
  #heardAt = new Date();
  /** Whose day is shown while none is chosen, and stays so: the worst may be another in a moment. @type {string | null} */
  #first = null;
  /** @type {object | null} the day of the chosen hall, and what is foretold of it */
  #day = null;
  #dayText = "";
  #ahead = null;
  #aheadRead_ms = -Infinity;
  /** What the day is drawn from: as long as all of it is the same, so is the picture. @type {unknown[]} */
  #drawn = [];
  /** The room for the day, in CSS pixels; nought while it is not shown. */
  #width = 0;
  #reading = null;
  #isOut = false;

  async start() {
    await texts("common", "ops");
    document.addEventListener("paihao:language", () => this.#speak());
    this.#speak();
    const { session } = await signedIn(ANY_HALL, ["ops", "manager"]);
    this.#welcome(session);
    document.addEventListener("paihao:signed-in", ({ detail }) => this.#welcome(detail.session));
    document.addEventListener("paihao:signed-out", () => (this.#isOut = true));
    globalThis.addEventListener("hashchange", () => this.#open());
    // Told rather than asked for: to ask each second would lay out all halls for it.
    new ResizeObserver(([{ contentRect }]) => {
      this.#width = Math.floor(contentRect.width);
      this.#drawDay();
    }).observe(element("day"));
    setInterval(() => this.#tick(), TICK_MS);
    await this.#read();
  }

  #welcome(session) {
    this.#session = session;
    this.#isOut = false;
    document.querySelector("account-menu").show(session);
  }

  get #chosen() {
    const [id] = location.hash.slice(1).split("/");
    return id || (this.#halls?.items.length === 1 ? this.#halls.items[0].id : this.#first);
  }

  get #isReport() {
    return location.hash.endsWith("/report");
  }

  get #now_ms() {
    return Date.now() + this.#behind_ms;
  }

  get #isSilent() {
    return performance.now() - this.#heard_ms > SILENT_MS;
  }

  /** Read all halls, and show them; then the day of the chosen one. Never twice at once. */
  async #read() {
    this.#reading ??= this.#readAll().finally(() => {
      this.#reading = null;
    });
    await this.#reading;
  }

  async #readAll() {
    if (this.#isOut) return;
    try {
      const given = await call("GET", "/v1/ops", { ifNoneMatch: this.#etag });
      if (given.at) this.#behind_ms = Date.parse(given.at) - Date.now();
      this.#heard_ms = performance.now();
      this.#heardAt = new Date(this.#now_ms);
      if (given.status !== 304) {
        const { items, watch } = given.body;
        const isSame = JSON.stringify(watch) === JSON.stringify(this.#halls?.watch);
        this.#halls = { items: unchanged(this.#known, items), watch: isSame ? this.#halls.watch : watch };
        this.#etag = given.etag;
      }
      if (beside.matches) this.#first ??= this.#list.worst(this.#halls.items)?.id ?? null;
      this.#draw();
      await this.#readDay();
    } catch (reason) {
      const words = waitingWords(reason); // only what is ours is silence
      if (this.#halls === null) this.#sayStale(words);
    }
    this.#draw();
  }

  async #readDay() {
    const id = this.#chosen;
    if (id === null || this.#isReport || !this.#halls.items.some((hall) => hall.id === id)) return;
    const ask = inHall(id);
    const isFirst = this.#day?.hall !== id;
    const isDue = isFirst || this.#ahead === null || performance.now() - this.#aheadRead_ms >= AHEAD_EVERY_MS;
    const ahead = isDue ? ask("GET", "forecast") : null;
    ahead?.catch(() => undefined); // it is looked at in its turn
    const { body } = await ask("GET", "ops");
    this.#day = body;
    this.#dayText = JSON.stringify({ ...body, at: null }); // the instant of the answer alone is no news
    if (isFirst) this.#ahead = null;
    if (ahead === null) return;
    this.#draw();
    this.#ahead = (await ahead).body;
    this.#aheadRead_ms = performance.now();
  }

  #tick() {
    if (this.#isOut) return;
    if (performance.now() - this.#heard_ms >= READ_EVERY_MS) this.#read();
    if (this.#halls !== null) this.#drawLink(); // silence is told at once; minutes go on with each reading
  }

  async #open() {
    this.#drawn = [];
    if (this.#day?.hall !== this.#chosen) this.#day = this.#ahead = null;
    this.#draw();
    await this.#reading; // which may be of the hall before
    await this.#read();
    element("day-title")?.focus({ preventScroll: innerWidth > 900 });
  }

  #speak() {
    sayInto();
    document.title = `${say("ops-title")} · Paihao`;
    this.#list.speak();
    this.#drawn = [];
    if (this.#session) document.querySelector("account-menu").show(this.#session);
    this.#draw();
  }

  #draw() {
    if (this.#halls === null || this.#isOut) return;
    const now_ms = this.#now_ms;
    const { items, watch } = this.#halls;
    redraw(element("date"), [localeNow(), new Date(now_ms).toDateString()], () => [dateOf(now_ms)]);
    this.#drawLink();
    const sums = sumsOf(items, watch, now_ms);
    redraw(element("sums"), [localeNow(), sums], () => drawSums(sums));
    this.#list.show({ halls: items, watch, now_ms, chosen: this.#chosen });
    this.#drawDay();
    document.body.dataset.facts = "read";
    usable();
  }

  #drawLink() {
    const silent = this.#isSilent;
    redraw(element("link"), [localeNow(), silent, this.#heardAt], () => {
      const zones = new Set(this.#halls.items.map(({ time_zone }) => time_zone));
      const zone = zones.size === 1 ? [...zones][0] : undefined; // of several halls the reader's own
      const time = this.#heardAt.toLocaleTimeString("en-GB", { timeZone: zone, hourCycle: "h23" });
      element("link").className = silent ? "live silent" : "live";
      this.#sayStale(silent ? say("ops-stale", { time }) : null);
      document.body.dataset.link = silent ? "silent" : "live";
      return [say(silent ? "ops-silent" : "ops-live", { time })];
    });
  }

  /** Say of when it is what is shown, or why nothing is. @param {string | null} words */
  #sayStale(words) {
    element("stale").hidden = words === null;
    if (words !== null) element("stale").firstElementChild.textContent = words;
  }

  #drawDay() {
    if (this.#halls === null || this.#width === 0) return;
    const room = element("day");
    const id = this.#chosen;
    const hall = this.#halls.items.find((one) => one.id === id);
    const width = Math.max(NARROWEST, this.#width);
    const isRead = hall !== undefined && (this.#isReport || this.#day?.hall === id);
    const ahead = this.#isSilent ? null : this.#ahead; // nothing is foretold from what is old
    const minute = Math.floor(this.#now_ms / 60_000);
    const facts = this.#isReport ? ["report", id] : [id, isRead && this.#dayText, ahead, hall, width, minute];
    if (facts.length === this.#drawn.length && facts.every((fact, n) => fact === this.#drawn[n])) return;
    this.#drawn = facts;
    room.dataset.shown = isRead ? (this.#isReport ? "report" : "day") : "none";
    if (hall === undefined) {
      room.replaceChildren(message(say(this.#halls.items.length === 0 ? "ops-none" : "ops-choose")));
    } else if (this.#isReport) {
      room.replaceChildren(...reportView(hall));
    } else if (!isRead) {
      room.replaceChildren(message(say("ops-reading")));
    } else {
      const { watch } = this.#halls;
      const isManager = rolesIn(this.#session, id).has("manager");
      const isUnfolded = element("as-table")?.open ?? false;
      this.#keepingFocus(room, () => room.replaceChildren(...dayView({ hall, day: this.#day, ahead, watch, now_ms: this.#now_ms, isManager, isUnfolded }, width)));
    }
  }

  /** What is drawn anew is the same to whoever stands on it. */
  #keepingFocus(room, draw) {
    const things = () => [...room.querySelectorAll("a, summary, [tabindex]")];
    const at = things().indexOf(document.activeElement);
    draw();
    if (at >= 0) things()[at]?.focus({ preventScroll: true });
  }
}

function message(text) {
  return make("p.message", {}, text);
}

function dateOf(now_ms) {
  return new Date(now_ms).toLocaleDateString(localeNow() === "en" ? "en-GB" : localeNow(), { weekday: "short", day: "numeric", month: "long", year: "numeric" });
}

new Operations().start();
