/** Times and numbers as text, in the hall's time zone and the page's language. */

import { localeNow } from "/pages/texts.js";

const MIDNIGHT = "00:00";

/** Times of one hall. */
export class HallTimes {
  #zone;
  #formats = new Map();

  /** @param {string} zone IANA name */
  constructor(zone) {
    this.#zone = zone;
  }

  #format(options) {
    const key = `${localeNow()} ${JSON.stringify(options)}`;
    if (!this.#formats.has(key)) {
      const locale = localeNow() === "en" ? "en-GB" : localeNow();
      this.#formats.set(key, new Intl.DateTimeFormat(locale, { timeZone: this.#zone, hourCycle: "h23", ...options }));
    }
    return this.#formats.get(key);
  }

  /** @param {string | number | Date} at @returns {string} `10:42` */
  time(at) {
    return this.#format({ hour: "2-digit", minute: "2-digit" }).format(new Date(at));
  }

  /**
   * The time at which a hall closes. Midnight is shown as 24:00, unless the hall opens at midnight again, which means that it does not close.
   * @param {string | null} closing_at
   * @param {string | null} [opens_at] the last or the next opening
   * @returns {string | null} `17:00`
   */
  closing(closing_at, opens_at = null) {
    const time = closing_at && this.time(closing_at);
    if (time !== MIDNIGHT) return time;
    return opens_at && this.time(opens_at) === MIDNIGHT ? null : "24:00";
  }

  /** @param {string | number | Date} at @returns {string} `10:42:07` */
  seconds(at) {
    return this.#format({ hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(new Date(at));
  }

  /** @param {string | number | Date} at an instant @returns {string} `11月23日`, `23 November` */
  date(at) {
    return this.#format({ month: "long", day: "numeric" }).format(new Date(at));
  }

  /** @param {string} on `2026-11-23`, a date of the hall @returns {string} `11月23日星期一`, `Mon 23 Nov` */
  day(on) {
    const locale = localeNow() === "en" ? "en-GB" : localeNow();
    const noon = new Date(`${on}T12:00:00Z`);
    return noon.toLocaleDateString(locale, { timeZone: "UTC", weekday: "short", month: locale === "en-GB" ? "short" : "long", day: "numeric" });
  }

  /** @param {string | number | Date} at @returns {string} date and time */
  moment(at) {
    return `${this.date(at)} ${this.time(at)}`;
  }

  /**
   * @param {string | number | Date} at
   * @param {string | number | Date} now
   * @returns {string} the time if the instant is on the same date as `now`, otherwise date and time
   */
  due(at, now) {
    return this.on(at) === this.on(now) ? this.time(at) : this.moment(at);
  }

  /** @param {string | number | Date} at @returns {string} date of the instant in the hall, `2026-11-23` */
  on(at) {
    return new Intl.DateTimeFormat("en-CA", { timeZone: this.#zone, year: "numeric", month: "2-digit", day: "2-digit" }).format(new Date(at));
  }

  /**
   * The instant of a local time on a date of the hall.
   * @param {string} on `2026-11-23`
   * @param {string} time `14:00`
   * @returns {Date}
   */
  instant(on, time) {
    const wall = Date.parse(`${on}T${time}:00Z`);
    // Correct twice, because the first guess may be on the other side of a clock change.
    let guess = wall - this.#offset_ms(wall);
    guess = wall - this.#offset_ms(guess);
    return new Date(guess);
  }

  #offset_ms(at) {
    const parts = new Intl.DateTimeFormat("en-US", {
      timeZone: this.#zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric",
    }).formatToParts(at);
    const of = (type) => Number(parts.find((part) => part.type === type).value);
    return Date.UTC(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"), of("second")) - Math.floor(at / 1000) * 1000;
  }
}

// Three letters: a cell of the calendar on a narrow phone has no room for more.
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** @param {string} on `2026-12-01` @returns {string} the first day of a month in a calendar, with the month: `12/1`, `1 Dec` */
export function firstOfMonth(on) {
  const month = Number(on.slice(5, 7));
  return localeNow() === "en" ? `1 ${MONTHS[month - 1]}` : `${month}/1`;
}

/** Format a number. @param {number} value @returns {string} with the separators of the language */
export function number(value) {
  return value.toLocaleString(localeNow());
}
