/** Wall time in the hall's zone, by the hall's clock. */

// A device without a battery-backed clock may be hours off. A smaller difference is ignored, so that the clock does not jump.
const DRIFT_MS = 2000;
const DAY_MS = 86_400_000;

/** The hall's wall clock: the device's clock, corrected by the times of the hall's frames if it is wrong. */
export class HallClock {
  #offset_ms = 0;
  #formats;

  /** @param {string} [timeZone] IANA name; the device's own when missing or unknown */
  constructor(timeZone) {
    this.#formats = formats(timeZone) ?? formats(undefined);
  }

  /** @param {number} at_ms the time a frame was made, just heard */
  heard(at_ms) {
    const offset_ms = at_ms - Date.now();
    this.#offset_ms = Math.abs(offset_ms) > DRIFT_MS ? offset_ms : 0;
  }

  /** @returns {number} now, epoch milliseconds */
  now() {
    return Date.now() + this.#offset_ms;
  }

  /** @returns {string} `10:42` */
  minutes(at_ms) {
    return this.#formats.minutes.format(at_ms);
  }

  /** @returns {string} `17:00`; midnight at the end of a day is `24:00` */
  closing(at_ms) {
    const time = this.minutes(at_ms);
    return time === "00:00" ? "24:00" : time;
  }

  /** @returns {string} `10:42:07` */
  seconds(at_ms) {
    return this.#formats.seconds.format(at_ms);
  }

  /**
   * @param {"zh" | "en"} key
   * @returns {string} `11月23日 星期一`, `Mon 23 November`
   */
  date(key, at_ms) {
    const { day, weekday } = this.#formats[key];
    return key === "zh" ? `${day.format(at_ms)} ${weekday.format(at_ms)}` : `${weekday.format(at_ms)} ${day.format(at_ms)}`;
  }

  /**
   * A future time, with a word for today and tomorrow.
   * @param {"zh" | "en"} key
   * @returns {string} `明天 09:20`, `tomorrow 09:20`, `Mon 30 November 09:20`
   */
  soon(key, at_ms) {
    const days = [0, DAY_MS].map((later) => this.date(key, this.now() + later));
    const day = NEAR[key][days.indexOf(this.date(key, at_ms))] ?? this.date(key, at_ms);
    return `${day} ${this.minutes(at_ms)}`;
  }
}

/** The word for a near day. */
const NEAR = { zh: ["今天", "明天"], en: ["today", "tomorrow"] };

function formats(timeZone) {
  const make = (locale, options) => new Intl.DateTimeFormat(locale, { timeZone, ...options });
  const time = { hourCycle: "h23", hour: "2-digit", minute: "2-digit" };
  try {
    return {
      minutes: make("en-GB", time),
      seconds: make("en-GB", { ...time, second: "2-digit" }),
      zh: { day: make("zh-CN", { month: "long", day: "numeric" }), weekday: make("zh-CN", { weekday: "long" }) },
      en: { day: make("en-GB", { month: "long", day: "numeric" }), weekday: make("en-GB", { weekday: "short" }) },
    };
  } catch {
    return null; // this browser does not know the time zone
  }
}
