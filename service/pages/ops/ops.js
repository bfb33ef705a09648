/**
 * The operations page: all halls, the worst first, and the day of one of them.
 *
 * All halls are read every few seconds; if nothing has changed the answer is 304. Waits are computed here from their start. The day of the
 * chosen hall is read as often, its forecast less often.
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
import { reuseUnchanged } from "./model.js";
import { reportView } from "./report.js";
import { drawSums, sumsOf } from "./sums.js";

const READ_EVERY_MS = 5000;
const AHEAD_EVERY_MS = 30_000;
/** Time of two missing answers. */
const SILENT_MS = 12_000;
const TICK_MS = 1000;
const NARROWEST = 260;
/** On wide screens the day of a hall is beside the list. The same width is in the style sheet. */
const beside = matchMedia("(min-width: 1101px)");

const element = (id) => document.getElementById(id);

class OperationsPage {
  #session = null;
  #list = new HallList(element("list"));
  /** @type {{items: object[], watch: object} | null} */
  #halls = null;
  /** The halls of the last answer, by id. @type {Map<string, {text: string, item: object}>} */
  #previous = new Map();
  #etag = null;
  /** Difference between the service's clock and that of this device. */
  #behind_ms = 0;
  #heard_ms = -Infinity;
  #heardAt = new Date();
  /** Id of the hall whose day is shown while none is chosen. It does not change when another hall becomes the worst. @type {string | null} */
  #first = null;
  /** The day of the chosen hall. @type {object | null} */
  #day = null;
  #dayText = "";
  #ahead = null;
  #aheadRead_ms = -Infinity;
  /** The values from which the day was drawn. It is drawn again only when one has changed. @type {unknown[]} */
  #drawn = [];
  /** Width for the day in CSS pixels; 0 while it is not shown. */
  #width = 0;
  #reading = null;
  #isOut = false;

  async start() {
    await texts("common", "ops");
    document.addEventListener("paihao:language", () => this.#drawTexts());
    this.#drawTexts();
    const { session } = await signedIn(ANY_HALL, ["ops", "manager"]);
    this.#onSignedIn(session);
    document.addEventListener("paihao:signed-in", ({ detail }) => this.#onSignedIn(detail.session));
    document.addEventListener("paihao:signed-out", () => (this.#isOut = true));
    globalThis.addEventListener("hashchange", () => this.#open());
    // Observed, because reading the width each second would force a layout of all halls.
    new ResizeObserver(([{ contentRect }]) => {
      this.#width = Math.floor(contentRect.width);
      this.#drawDay();
    }).observe(element("day"));
    setInterval(() => this.#tick(), TICK_MS);
    await this.#read();
  }

  #onSignedIn(session) {
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

  /** Read and draw all halls, then the day of the chosen one. One reading runs at a time. */
  async #read() {
    this.#reading ??= this.#readAll().finally(() => {
      this.#reading = null;
    });
    await this.#reading;
  }

  async #readAll() {
    if (this.#isOut) return;
    try {
      const answer = await call("GET", "/v1/ops", { ifNoneMatch: this.#etag });
      if (answer.at) this.#behind_ms = Date.parse(answer.at) - Date.now();
      this.#heard_ms = performance.now();
      this.#heardAt = new Date(this.#now_ms);
      if (answer.status !== 304) {
        const { items, watch } = answer.body;
        const isSame = JSON.stringify(watch) === JSON.stringify(this.#halls?.watch);
        this.#halls = { items: reuseUnchanged(this.#previous, items), watch: isSame ? this.#halls.watch : watch };
        this.#etag = answer.etag;
      }
      if (beside.matches) this.#first ??= this.#list.worst(this.#halls.items)?.id ?? null;
      this.#draw();
      await this.#readDay();
    } catch (reason) {
      const words = waitingWords(reason); // throws errors of the page itself
      if (this.#halls === null) this.#showStale(words);
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
    ahead?.catch(() => undefined); // awaited below
    const { body } = await ask("GET", "ops");
    this.#day = body;
    this.#dayText = JSON.stringify({ ...body, at: null }); // the time of the answer alone is no change
    if (isFirst) this.#ahead = null;
    if (ahead === null) return;
    this.#draw();
    this.#ahead = (await ahead).body;
    this.#aheadRead_ms = performance.now();
  }

  #tick() {
    if (this.#isOut) return;
    if (performance.now() - this.#heard_ms >= READ_EVERY_MS) this.#read();
    if (this.#halls !== null) this.#drawLink(); // a lost connection is shown at once; waits are updated with each reading
  }

  async #open() {
    this.#drawn = [];
    if (this.#day?.hall !== this.#chosen) this.#day = this.#ahead = null;
    this.#draw();
    await this.#reading; // it may be a reading of the previous hall
    await this.#read();
    element("day-title")?.focus({ preventScroll: innerWidth > 900 });
  }

  #drawTexts() {
    sayInto();
    document.title = `${say("ops-title")} · Paihao`;
    this.#list.updateTexts();
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
      const zone = zones.size === 1 ? [...zones][0] : undefined; // for several zones that of the browser
      const time = this.#heardAt.toLocaleTimeString("en-GB", { timeZone: zone, hourCycle: "h23" });
      element("link").className = silent ? "live silent" : "live";
      this.#showStale(silent ? say("ops-stale", { time }) : null);
      document.body.dataset.link = silent ? "silent" : "live";
      return [say(silent ? "ops-silent" : "ops-live", { time })];
    });
  }

  /** Show how old the data are, or why there are none. @param {string | null} words */
  #showStale(words) {
    element("stale").hidden = words === null;
    if (words !== null) element("stale").firstElementChild.textContent = words;
  }

  #drawDay() {
    if (this.#halls === null || this.#width === 0) return;
    const room = element("day");
    const id = this.#chosen;
    const hall = this.#halls.items.find((item) => item.id === id);
    const width = Math.max(NARROWEST, this.#width);
    const isRead = hall !== undefined && (this.#isReport || this.#day?.hall === id);
    const ahead = this.#isSilent ? null : this.#ahead; // no forecast from old data
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

  /** Draw, and give the focus back to the element at the same position. */
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

new OperationsPage().start();
