/**
 * The page of a partner, such as a school: its own invitations, and nothing else of the hall.
 *
 * It is opened once with `#key=` and the token of its device behind the address. The key is kept in this browser and taken out of
 * the address; one that was taken back is forgotten.
 */

import { make } from "/display/element.js";
import { usable } from "/display/usable.js";
import { call } from "/pages/api.js";
import { untilRead } from "/pages/first.js";
import { pick } from "/pages/language.js";
import { tell } from "/pages/manage/page-status.js";
import { languageNow, say, sayInto, texts } from "/pages/texts.js";
import { HallTimes } from "/pages/times.js";
import { wordsOf } from "/pages/ui.js";
import "/pages/theme.js";
import { invitations } from "./section.js";

const element = (id) => document.getElementById(id);
const hallId = decodeURIComponent(location.pathname.split("/")[2]);
const STORE = `paihao.partner.${hallId}`;

class PartnersPage {
  #hall = null;
  #key = takenKey();
  #ending = new AbortController();

  async start() {
    const hall = await untilRead(() => call("GET", `/v1/halls/${encodeURIComponent(hallId)}`), texts("common", "invitations"));
    document.addEventListener("paihao:language", () => this.#draw());
    document.addEventListener("paihao:signed-out", () => this.#forget());
    element("forget").addEventListener("click", () => this.#forget());
    globalThis.addEventListener("hashchange", () => {
      this.#key = takenKey();
      this.#draw();
    });
    this.#hall = hall.body;
    this.#draw();
    usable();
  }

  #forget() {
    keep(null);
    this.#key = null;
    this.#draw();
  }

  #draw() {
    this.#ending.abort();
    this.#ending = new AbortController();
    sayInto();
    const { text, lang } = pick(this.#hall.name, languageNow());
    element("hall").textContent = text;
    element("hall").lang = lang ?? document.documentElement.lang;
    document.title = `${say("invite-title")} · ${text}`;
    element("forget").hidden = this.#key === null;
    const drawn = this.#key === null ? [make("h2", { id: "title" }, say("invite-key-title")), make("p", {}, say("invite-key-about"))] : invitations(this.#ui(this.#ending.signal));
    element("form").replaceChildren(...drawn);
  }

  /** @returns {import("/pages/manage/parts.js").Ui} */
  #ui(signal) {
    const times = new HallTimes(this.#hall.time_zone);
    const path = `/v1/halls/${encodeURIComponent(hallId)}`;
    return {
      hall: this.#hall,
      call: (method, rest, options) => call(method, `${path}/${rest}`, { ...options, token: this.#key }),
      times,
      who: { session: null, key: this.#key, roles: new Set(["partner"]) },
      now_ms: () => Date.now(),
      today: () => times.on(Date.now()),
      signal,
      redraw: () => this.#draw(),
      tell,
      fail: (reason) => tell(wordsOf(reason)),
    };
  }
}

/** The key of the address, which is kept and leaves it, or else the one kept before. */
function takenKey() {
  const given = new URLSearchParams(location.hash.slice(1)).get("key");
  if (given) {
    keep(given);
    history.replaceState(null, "", location.pathname + location.search);
    return given;
  }
  try {
    return localStorage.getItem(STORE);
  } catch {
    return null; // a browser that keeps nothing
  }
}

function keep(key) {
  try {
    if (key === null) localStorage.removeItem(STORE);
    else localStorage.setItem(STORE, key);
  } catch {
    // a browser that keeps nothing: the key lasts as long as the page
  }
}

new PartnersPage().start();
