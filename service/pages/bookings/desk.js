/** The page for staff who answer the phone: only the bookings section, without the settings of the hall. */

import { usable } from "/display/usable.js";
import { call, inHall } from "/pages/api.js";
import { untilRead } from "/pages/first.js";
import { pick } from "/pages/language.js";
import { Live } from "/pages/live.js";
import { showLink, tell } from "/pages/manage/page-status.js";
import { keepFocus } from "/pages/manage/parts.js";
import { signedIn } from "/pages/session.js";
import { languageNow, say, sayInto, texts } from "/pages/texts.js";
import { HallTimes } from "/pages/times.js";
import { wordsOf } from "/pages/ui.js";
import "/pages/theme.js";
import { bookings } from "./section.js";

const element = (id) => document.getElementById(id);
// The hall document is read again after this time. It rarely changes, and reading it costs as much as reading the board.
const HALL_EVERY_MS = 15_000;
const CHECK_MS = 1000;
const hallId = decodeURIComponent(location.pathname.split("/")[2]);

class DeskPage {
  #call = inHall(hallId);
  #hall = null;
  #hallRead_ms = -Infinity;
  #who = null;
  #board = null;
  /** @type {Live | null} */
  #live = null;
  #ending = new AbortController();
  #onFacts = () => undefined;

  async start() {
    const hall = await untilRead(() => this.#readHall(), texts("common", "bookings"));
    document.addEventListener("paihao:language", () => this.#drawTexts());
    this.#setHall(hall.body);
    this.#drawTexts();
    this.#who = await signedIn(hallId, ["staff"]);
    document.querySelector("account-menu").show(this.#who.session);
    document.addEventListener("paihao:signed-in", ({ detail }) => {
      const isOther = detail.session.account?.id !== this.#who.session.account?.id;
      this.#who = detail;
      document.querySelector("account-menu").show(detail.session);
      if (isOther && this.#board !== null) this.#draw(); // another clerk: draw an empty form
      this.#live.now();
    });
    this.#live = new Live({
      hall: this.#hall,
      read: () => this.#read(),
      onFacts: (facts) => this.#onRead(facts),
      onLink: (link) => this.#showLink(link),
    });
    this.#live.start();
    setInterval(() => this.#readIfOld(), CHECK_MS);
  }

  #readHall() {
    return call("GET", `/v1/halls/${encodeURIComponent(hallId)}`);
  }

  #setHall(hall) {
    this.#hall = hall;
    this.#hallRead_ms = performance.now();
  }

  get #isHallOld() {
    return performance.now() - this.#hallRead_ms > HALL_EVERY_MS;
  }

  /** Read the hall again if there were events since it was read: its services may have changed, and no further frame may follow. */
  #readIfOld() {
    if (this.#live.link === "live" && this.#isHallOld && this.#board !== null && this.#board.seq !== this.#hall.seq) this.#live.now();
  }

  async #read() {
    const [board, hall] = await Promise.all([this.#call("GET", "board"), this.#isHallOld ? this.#readHall() : null]);
    return { board: board.body, hall: hall?.body ?? null, day: board.body.day, seq: board.body.seq };
  }

  #onRead({ board, hall }) {
    const isFirst = this.#board === null;
    if (hall) this.#setHall(hall);
    this.#board = board;
    this.#live.clock.heard(Date.parse(board.at));
    if (isFirst) this.#draw();
    this.#onFacts();
    document.body.dataset.facts = "read";
    usable();
  }

  /** @returns {import("/pages/manage/parts.js").Ui} */
  #ui(signal) {
    const page = this;
    return {
      get hall() {
        return page.#hall;
      },
      call: this.#call,
      times: new HallTimes(this.#hall.time_zone),
      who: this.#who,
      facts: () => this.#board,
      now_ms: () => this.#live.clock.now(),
      today: () => this.#board.day,
      signal,
      onFacts: (act) => {
        this.#onFacts = act;
      },
      redraw: () => keepFocus(() => this.#draw()),
      tell,
      fail: (reason) => tell(wordsOf(reason)),
      refresh: () => this.#live.now(),
    };
  }

  #draw() {
    this.#ending.abort();
    this.#ending = new AbortController();
    element("form").replaceChildren(...bookings(this.#ui(this.#ending.signal)));
  }

  #drawTexts() {
    sayInto();
    const { text, lang } = pick(this.#hall.name, languageNow());
    element("hall").textContent = text;
    element("hall").lang = lang ?? document.documentElement.lang;
    document.title = `${say("bookings-title")} · ${text}`;
    if (this.#board === null) return;
    this.#showLink(this.#live.link);
    this.#draw();
  }

  #showLink(link) {
    showLink(link, () => say("bookings-stale", { time: new HallTimes(this.#hall.time_zone).time(this.#live.truthAt_ms || this.#live.clock.now()) }));
  }
}

new DeskPage().start();
