/** Days and times for the kiosk's texts, in the hall's time zone and in each language. */

const TAGS = { zh: "zh-CN", en: "en-GB" };

export class When {
  #zone;
  #now_ms;

  /** @param {() => string} zone time zone of the hall @param {() => number} now_ms current time of the hall's clock */
  constructor(zone, now_ms) {
    this.#zone = zone;
    this.#now_ms = now_ms;
  }

  /** A date. @param {string} on a date of the hall @param {"zh" | "en"} language */
  day(on, language) {
    const noon = new Date(`${on}T12:00:00Z`);
    return noon.toLocaleDateString(TAGS[language], { timeZone: "UTC", month: "long", day: "numeric", weekday: "short" });
  }

  /** A date and a time. @param {string} at @param {"zh" | "en"} language */
  moment(at, language) {
    return `${this.day(this.#on(at), language)} ${this.#time(at)}`;
  }

  /** The time of an instant, with the date unless it is today. @param {string} at @param {"zh" | "en"} language */
  due(at, language) {
    return this.#on(at) === this.#on(this.#now_ms()) ? this.#time(at) : this.moment(at, language);
  }

  #time(at) {
    return new Date(at).toLocaleTimeString("en-GB", { timeZone: this.#zone(), hour: "2-digit", minute: "2-digit" });
  }

  /** Date of an instant in the hall's time zone. */
  #on(at) {
    return new Intl.DateTimeFormat("en-CA", { timeZone: this.#zone(), year: "numeric", month: "2-digit", day: "2-digit" }).format(new Date(at));
  }
}
