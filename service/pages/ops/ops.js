/**
 * The page of operations: all halls with the worst first, and the day of one.
 *
 * All halls are asked for every few seconds, and answered in a word when nothing has happened; how long somebody has waited is
 * reckoned here. The day of the chosen hall is read as often, what is foretold of it once in a while.
 */

import { usable } from "/display/usable.js";
import { call, inHall } from "/pages/api.js";
import { ANY_HALL, rolesIn, signedIn } from "/pages/session.js";
import { localeNow, say, sayInto, texts } from "/pages/texts.js";
import { wordsOf } from "/pages/ui.js";
import "/pages/theme.js";
import { dayView } from "./day.js";
import { HallList } from "./list.js";
import { reportView } from "./report.js";
import { sums } from "./sums.js";

const READ_EVERY_MS = 5000;
const AHEAD_EVERY_MS = 30_000;
/** Two answers that did not come. */
const SILENT_MS = 12_000;
const TICK_MS = 1000;
const NARROWEST = 260;

const element = (id) => document.getElementById(id);

class Operations {
  #session = null;
  #list = new HallList(element("list"));
  /** @type {{items: object[], watch: object} | null} */
  #halls = null;
  #etag = null;
  /** The service's clock beside this device's. */
  #behind_ms = 0;
  #heard_ms = -Infinity;
  #heardAt = new Date();
  /** @type {object | null} the day of the chosen hall, and what is foretold of it */
  #day = null;
  #ahead = null;
  #aheadRead_ms = -Infinity;
  #drawn = "";
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
    new ResizeObserver(() => this.#drawDay()).observe(element("day"));
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
    return id || (this.#halls?.items.length === 1 ? this.#halls.items[0].id : null);
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

  /** Read all halls, then the day of the chosen one; never twice at once. */
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
        this.#halls = given.body;
        this.#etag = given.etag;
      }
      await this.#readDay();
    } catch (reason) {
      wordsOf(reason); // only what is ours is silence
    }
    this.#draw();
  }

  async #readDay() {
    const id = this.#chosen;
    if (id === null || this.#isReport || !this.#halls.items.some((hall) => hall.id === id)) return;
    const ask = inHall(id);
    const { body } = await ask("GET", "ops");
    if (this.#day?.hall !== id) this.#ahead = null;
    this.#day = body;
    if (this.#ahead === null || performance.now() - this.#aheadRead_ms >= AHEAD_EVERY_MS) {
      this.#ahead = (await ask("GET", "forecast")).body;
      this.#aheadRead_ms = performance.now();
    }
  }

  #tick() {
    if (this.#isOut) return;
    if (performance.now() - this.#heard_ms >= READ_EVERY_MS) this.#read();
    this.#draw();
  }

  #open() {
    this.#drawn = "";
    if (this.#day?.hall !== this.#chosen) this.#day = this.#ahead = null;
    this.#draw();
    this.#read().then(() => element("day-title")?.focus({ preventScroll: innerWidth > 900 }));
  }

  #speak() {
    sayInto();
    document.title = `${say("ops-title")} · Paihao`;
    this.#list.speak();
    this.#drawn = "";
    if (this.#session) document.querySelector("account-menu").show(this.#session);
    this.#draw();
  }

  #draw() {
    if (this.#halls === null || this.#isOut) return;
    const now_ms = this.#now_ms;
    const { items, watch } = this.#halls;
    element("date").textContent = new Date(now_ms).toLocaleDateString(localeNow() === "en" ? "en-GB" : localeNow(), { weekday: "short", day: "numeric", month: "long", year: "numeric" });
    this.#drawLink();
    element("sums").replaceChildren(...sums(items, watch, now_ms));
    this.#list.show({ halls: items, watch, now_ms, chosen: this.#chosen });
    this.#drawDay();
    document.body.dataset.facts = "read";
    usable();
  }

  #drawLink() {
    const silent = this.#isSilent;
    const zones = new Set(this.#halls.items.map(({ time_zone }) => time_zone));
    const zone = zones.size === 1 ? [...zones][0] : undefined; // of several halls the reader's own
    const time = this.#heardAt.toLocaleTimeString("en-GB", { timeZone: zone, hourCycle: "h23" });
    element("link").className = silent ? "live silent" : "live";
    element("link").textContent = say(silent ? "ops-silent" : "ops-live", { time });
    element("stale").hidden = !silent;
    if (silent) element("stale").firstElementChild.textContent = say("ops-stale", { time });
    document.body.dataset.link = silent ? "silent" : "live";
  }

  #drawDay() {
    if (this.#halls === null) return;
    const room = element("day");
    const id = this.#chosen;
    const hall = this.#halls.items.find((one) => one.id === id);
    const width = Math.max(NARROWEST, Math.floor(room.clientWidth - 2 * Number.parseFloat(getComputedStyle(room).paddingInlineStart)));
    const isRead = hall !== undefined && (this.#isReport || this.#day?.hall === id);
    const minute = Math.floor(this.#now_ms / 60_000);
    const key = this.#isReport ? `report ${id}` : JSON.stringify([id, isRead && this.#day, this.#ahead?.made_at, hall, width, minute, this.#isSilent]);
    if (key === this.#drawn) return;
    this.#drawn = key;
    room.dataset.shown = isRead ? (this.#isReport ? "report" : "day") : "none";
    if (hall === undefined) {
      room.replaceChildren(message(say(this.#halls.items.length === 0 ? "ops-none" : "ops-choose")));
    } else if (this.#isReport) {
      room.replaceChildren(...reportView(hall));
    } else if (!isRead) {
      room.replaceChildren(message(say("ops-reading")));
    } else {
      this.#keepingFocus(room, () =>
        room.replaceChildren(
          ...dayView(
            {
              hall,
              day: this.#day,
              ahead: this.#isSilent ? null : this.#ahead, // nothing is foretold from what is old
              watch: this.#halls.watch,
              now_ms: this.#now_ms,
              isManager: rolesIn(this.#session, id).has("manager"),
              isUnfolded: element("as-table")?.open ?? false,
            },
            width,
          ),
        ),
      );
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
  const said = document.createElement("p");
  said.className = "message";
  said.textContent = text;
  return said;
}

new Operations().start();
