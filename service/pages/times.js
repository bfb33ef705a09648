/** Times and numbers as people of a hall read them: by its zone and the page's language. */

import { localeNow } from "/pages/texts.js";

const MIDNIGHT = "00:00";

/** Wall time in one hall. */
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
   * Until when a hall is open. A closing at midnight is the end of its day, 24:00; a hall that opens at midnight again closes at none.
   * @param {string | null} closing_at
   * @param {string | null} [opens_at] an opening of it, the last or the next
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
   * @returns {string} the time of what is today; date and time of what is not
   */
  due(at, now) {
    return this.on(at) === this.on(now) ? this.time(at) : this.moment(at);
  }

  /** @param {string | number | Date} at @returns {string} the hall's date then, `2026-11-23` */
  on(at) {
    return new Intl.DateTimeFormat("en-CA", { timeZone: this.#zone, year: "numeric", month: "2-digit", day: "2-digit" }).format(new Date(at));
  }

  /**
   * The instant of a wall time on a date of the hall.
   * @param {string} on `2026-11-23`
   * @param {string} time `14:00`
   * @returns {Date}
   */
  instant(on, time) {
    const wall = Date.parse(`${on}T${time}:00Z`);
    // Twice, as the first guess may lie on the other side of a change of the clocks.
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

// Three letters, for a cell of a calendar on a narrow phone has room for no more.
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** @param {string} on `2026-12-01` @returns {string} the first of a month in a calendar, which says what month it is: `12/1`, `1 Dec` */
export function firstOfMonth(on) {
  const month = Number(on.slice(5, 7));
  return localeNow() === "en" ? `1 ${MONTHS[month - 1]}` : `${month}/1`;
}

/** @param {number} value @returns {string} with the language's separators */
export function number(value) {
  return value.toLocaleString(localeNow());
}
