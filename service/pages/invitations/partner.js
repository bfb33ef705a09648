/**
 * The page of a partner, such as a school: its own invitations, and nothing else of the hall.
 *
 * The first link has the token of the partner's device in its fragment (`#key=`). The page stores the key in this browser and removes it
 * from the address. A revoked key is deleted.
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
  #key = takeKey();
  #ending = new AbortController();

  async start() {
    const hall = await untilRead(() => call("GET", `/v1/halls/${encodeURIComponent(hallId)}`), texts("common", "invitations"));
    document.addEventListener("paihao:language", () => this.#draw());
    document.addEventListener("paihao:signed-out", () => this.#forget());
    element("forget").addEventListener("click", () => this.#forget());
    globalThis.addEventListener("hashchange", () => {
      this.#key = takeKey();
      this.#draw();
    });
    this.#hall = hall.body;
    this.#draw();
    usable();
  }

  #forget() {
    storeKey(null);
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

/** The key from the address, which is stored and removed from it, or the stored key. */
function takeKey() {
  const key = new URLSearchParams(location.hash.slice(1)).get("key");
  if (key) {
    storeKey(key);
    history.replaceState(null, "", location.pathname + location.search);
    return key;
  }
  try {
    return localStorage.getItem(STORE);
  } catch {
    return null; // no storage
  }
}

/** Store the key. @param {string | null} key null deletes it */
function storeKey(key) {
  try {
    if (key === null) localStorage.removeItem(STORE);
    else localStorage.setItem(STORE, key);
  } catch {
    // without storage the key lasts until the page is left
  }
}

new PartnersPage().start();
