/** Draws the texts around the board: name and time, notices, its age, and the message shown instead of a board. */

import { lines, make, redraw } from "./element.js";

const NOTICE_MS = 10_000;

/** The parts of the page around the board. */
export class NotesView {
  #parts;
  #notice = 0;
  #notice_since_ms = 0;

  /** @param {Record<"hall" | "date" | "clock" | "band" | "bandWords" | "message" | "noticeWords" | "asOf" | "soundWords", HTMLElement>} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /**
   * @param {import("./words.js").Words} words
   * @param {import("./words.js").Said[]} hall
   * @param {import("./words.js").Said[]} zone empty for the whole hall
   */
  drawName(words, hall, zone) {
    const named = hall.length > 0 ? hall : words.say("page");
    redraw(this.#parts.hall, [named, zone], () =>
      lines(named).map((line, index) => {
        const own = zone.find(({ tag }) => tag === line.lang) ?? zone[index];
        const tag = index === 0 ? "h1" : "p.second";
        return make(tag, { lang: line.lang, "data-length": named[index].text.length > 16 ? "long" : null }, ...line.childNodes, own ? make("span.zone", {}, own.text) : null);
      }),
    );
    redraw(this.#parts.soundWords, words.languages, () => lines(words.say("sound"), "span"));
    document.documentElement.lang = words.languages[0].tag;
    document.title = `${words.say("page")[0].text} · ${named[0].text}`;
  }

  /**
   * @param {import("./words.js").Words} words
   * @param {import("./clock.js").HallClock} clock
   */
  drawTime(words, clock) {
    const now_ms = clock.now();
    const time = clock.minutes(now_ms);
    const dates = words.languages.map(({ tag, key }) => ({ tag, key, text: clock.date(key, now_ms) }));
    redraw(this.#parts.date, dates, () => lines(dates));
    redraw(this.#parts.clock, time, () => [time]);
    this.#parts.clock.dateTime = time;
  }

  /** @param {import("./words.js").Said[] | null} texts null removes the band */
  drawBand(texts) {
    this.#parts.band.hidden = texts === null;
    redraw(this.#parts.bandWords, texts, () => lines(texts ?? []));
  }

  /**
   * Show a message instead of the board.
   * @param {import("./words.js").Said[]} texts
   * @param {import("./words.js").Said[]} [hint]
   * @param {number} [level] heading level: 1 if the message is the only content
   */
  drawMessage(texts, hint = [], level = 2) {
    const length = Math.max(0, ...texts.map(({ text }) => text.length));
    this.#parts.message.dataset.length = length > 60 ? "long" : length > 24 ? "medium" : "short";
    redraw(this.#parts.message, [texts, hint, level], () => [make("div.say", { role: "heading", "aria-level": level }, lines(texts)), make("div.hint", {}, lines(hint))]);
  }

  /**
   * Show one notice at a time, each long enough to be read; without notices the place is empty.
   * @param {import("./words.js").Said[][]} notices
   * @param {number} now_ms by the page's own clock
   */
  drawNotice(notices, now_ms) {
    if (now_ms - this.#notice_since_ms >= NOTICE_MS) {
      this.#notice += 1;
      this.#notice_since_ms = now_ms;
    }
    const texts = notices[this.#notice % Math.max(1, notices.length)] ?? [];
    const box = this.#parts.noticeWords;
    box.parentElement.hidden = texts.length === 0;
    box.dataset.length = texts[0]?.text.length > 40 || texts.some(({ text }) => text.length > 90) ? "long" : "short";
    redraw(box, texts, () => lines(texts));
  }

  /**
   * @param {import("./words.js").Said[]} texts
   * @param {boolean} live
   */
  drawAsOf(texts, live) {
    this.#parts.asOf.classList.toggle("live", live);
    redraw(this.#parts.asOf, texts, () => lines(texts));
  }
}
