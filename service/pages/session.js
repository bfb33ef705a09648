/**
 * Signing in and out.
 *
 * A page shows nothing of the hall, and sends no requests that could be refused, until a person with a role there has signed in. It learns
 * who this is from `GET /v1/session`, which needs no session.
 */

import { make } from "/display/element.js";
import { usable } from "/display/usable.js";
import { Refused, call } from "/pages/api.js";
import { waitingWords } from "/pages/first.js";
import { say, texts } from "/pages/texts.js";
import { THEMES, themeNow, useTheme } from "/pages/theme.js";
import { field, whileBusy, wordsOf } from "/pages/ui.js";

/** @typedef {{account: {id: string, name: string, display_name: string} | null, roles: {hall: string | null, role: string}[], must_change: boolean, sso: boolean, expires_at: string | null}} Session */

const RETRY_MS = 3000;
// Roles that a role includes: a manager is also staff of the hall.
const INCLUDES = { manager: ["staff", "volunteer"], staff: ["volunteer"] };

/** For pages that belong to no single hall: a role in any hall is enough. */
export const ANY_HALL = "*";

/**
 * The roles of a session in a hall, with all that they include.
 * @param {Session} session
 * @param {string} hall
 * @returns {Set<string>}
 */
export function rolesIn(session, hall) {
  const own = session.roles.filter((granted) => granted.role === "admin" || hall === ANY_HALL || granted.hall === hall || granted.hall === null).map(({ role }) => role);
  if (own.includes("admin")) return new Set(["admin", "manager", "staff", "volunteer"]);
  return new Set(own.flatMap((role) => [role, ...(INCLUDES[role] ?? [])]));
}

/**
 * Wait until a person with one of these roles in the hall has signed in.
 *
 * Until then the page's `<sign-in>` is shown, and elements with `data-signed-in` are hidden. The same happens again when the session ends.
 * @param {string} hall
 * @param {string[]} roles
 * @returns {Promise<{session: Session, roles: Set<string>}>}
 */
export async function signedIn(hall, roles) {
  const form = document.querySelector("sign-in") ?? document.body.appendChild(document.createElement("sign-in"));
  const found = await form.run(hall, roles);
  document.addEventListener("paihao:signed-out", () => {
    if (form.hidden) form.run(hall, roles).then((again) => document.dispatchEvent(new CustomEvent("paihao:signed-in", { detail: again })));
  });
  return found;
}

/**
 * End this session, or all sessions of this person, and load the page again.
 * @param {{everywhere?: boolean}} [options]
 */
export async function signOut({ everywhere = false } = {}) {
  await call("DELETE", "/v1/session", { query: { everywhere: everywhere ? 1 : null } });
  document.dispatchEvent(new CustomEvent("paihao:signed-out"));
  location.reload();
}

/** A value that is equal for sessions that are equal for the form. */
function identityOf(session) {
  return JSON.stringify([session?.account?.id, session?.roles, session?.must_change]);
}

/** `<sign-in>`: the form, also for people who have signed in but must change their password, or have no role here. */
class SignIn extends HTMLElement {
  #hall = "";
  #roles = [];
  /** Called when a person with a role has signed in. @type {(found: object) => void} */
  #resolve = () => undefined;
  /** @type {Session | null} */
  #session = null;
  #password = "";
  /** @type {(() => string) | null} */
  #message = null;
  #isShown = false;
  /** The running request for the session. The first one starts before the texts are loaded. */
  #request = null;

  connectedCallback() {
    this.#readSession().catch(() => (this.#request = null)); // it is repeated later
    document.addEventListener("paihao:language", () => this.#isShown && this.#draw());
    // A sign-in in another tab is valid here too.
    globalThis.addEventListener("focus", () => this.#checkAgain());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#checkAgain());
  }

  /** Show the form until a person with one of the roles has signed in. */
  async run(hall, roles) {
    this.#hall = hall;
    this.#roles = roles;
    await texts("common");
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#check();
    });
  }

  #readSession() {
    this.#request ??= call("GET", "/v1/session");
    return this.#request;
  }

  /** Read the session until it succeeds. @param {{fresh?: boolean}} [options] `fresh`: right after a successful sign-in */
  async #check({ fresh = false } = {}) {
    try {
      this.#session = (await this.#readSession()).body;
    } catch (reason) {
      this.#message = () => waitingWords(reason);
      if (this.#isShown) this.#updateMessage();
      else this.#show();
      setTimeout(() => this.#check({ fresh }), RETRY_MS);
      return;
    } finally {
      this.#request = null;
    }
    // Session cookies need https, except on this machine. If the browser has dropped the cookie, only this message explains it.
    const noCookie = globalThis.isSecureContext ? "sign-in-not-kept" : "sign-in-needs-https";
    this.#apply(fresh && !this.#isIn ? () => say(noCookie) : null);
  }

  /** Check whether the browser's session has changed. If not, the form stays as it is, with all that was typed. */
  async #checkAgain() {
    if (!this.#isShown) return;
    const session = await call("GET", "/v1/session").then(({ body }) => body, () => null);
    if (session === null || !this.#isShown || identityOf(session) === identityOf(this.#session)) return;
    this.#session = session;
    // The next person must not get what the previous one typed.
    this.#password = "";
    this.replaceChildren();
    this.#apply(null);
  }

  /** Let the person in, or show the form. @param {(() => string) | null} message of the form */
  #apply(message) {
    this.#message = message;
    const roles = rolesIn(this.#session, this.#hall);
    if (this.#isIn && !this.#session.must_change && this.#roles.some((role) => roles.has(role))) {
      this.#password = "";
      this.hidden = true;
      this.#isShown = false;
      this.replaceChildren();
      for (const part of document.querySelectorAll("[data-signed-in]")) part.hidden = false;
      this.#resolve({ session: this.#session, roles });
    } else {
      this.#show();
    }
  }

  get #isIn() {
    return this.#session !== null && (this.#session.account !== null || this.#session.roles.length > 0);
  }

  #show() {
    for (const part of document.querySelectorAll("[data-signed-in]")) part.hidden = true;
    this.hidden = false;
    this.#isShown = true;
    this.#draw();
  }

  #draw() {
    // Typed texts and the focus stay when the language is switched.
    const typed = [...this.querySelectorAll("input[id]")].map(({ id, value }) => [id, value]);
    const focused = document.activeElement;
    const isElsewhere = focused !== document.body && !this.contains(focused) && focused.getClientRects().length > 0;
    const body = this.#isIn ? (this.#session.must_change ? this.#newPassword() : this.#noRole()) : this.#signIn();
    this.replaceChildren(make("div.sign-in", {}, body));
    for (const [id, value] of typed) {
      const input = document.getElementById(id);
      if (input) input.value = value;
    }
    const again = focused.id === "" ? null : this.querySelector(`#${CSS.escape(focused.id)}`);
    if (!isElsewhere) (again ?? this.querySelector("input:not([value])"))?.focus();
    usable();
  }

  #messageElement() {
    return make("p.message", { role: "status", hidden: this.#message === null }, this.#message?.() ?? "");
  }

  /** Replace the message of the form. */
  #updateMessage() {
    const element = this.querySelector(".message");
    if (!element) return;
    element.hidden = false;
    element.textContent = this.#message();
  }

  #signIn() {
    const name = make("input.input", { id: "sign-in-name", name: "name", autocomplete: "username", autocapitalize: "none", spellcheck: "false", required: true, maxlength: 200 });
    const password = make("input.input", { id: "sign-in-password", name: "password", type: "password", autocomplete: "current-password", required: true, maxlength: 200 });
    const button = make("button.button.primary.wide", { type: "submit" }, say("sign-in"));
    const form = make("form", {}, field(say("sign-in-name"), name), field(say("sign-in-password"), password), this.#messageElement(), button);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      whileBusy(button, async () => {
        try {
          await call("POST", "/v1/session", { body: { name: name.value.trim(), password: password.value } });
          this.#password = password.value;
          await this.#check({ fresh: true });
        } catch (reason) {
          this.#message = () => wordsOf(reason);
          this.#updateMessage();
          if (reason instanceof Refused && reason.code === "sign-in-refused") password.select();
        }
      });
    });
    const to = encodeURIComponent(`${location.pathname}${location.search}`);
    const sso = this.#session?.sso ? [make("p.or", {}, say("sign-in-or")), make("a.button.wide", { href: `/v1/session/oidc?to=${to}` }, say("sign-in-sso"))] : [];
    return [make("h1", {}, say("sign-in-title")), make("p.quiet", {}, say("sign-in-about")), form, ...sso];
  }

  #newPassword() {
    const needsCurrent = this.#password === "";
    // Hidden, for password managers: it tells to which account the new password belongs.
    const name = make("input", { type: "text", autocomplete: "username", value: this.#session.account?.name ?? "", readonly: true, hidden: true });
    const current = make("input.input", { id: "password-current", type: "password", autocomplete: "current-password", required: true, maxlength: 200 });
    const fresh = make("input.input", { id: "password-new", type: "password", autocomplete: "new-password", required: true, minlength: 10, maxlength: 200 });
    const again = make("input.input", { id: "password-again", type: "password", autocomplete: "new-password", required: true, maxlength: 200 });
    const button = make("button.button.primary.wide", { type: "submit" }, say("password-save"));
    const said = this.#messageElement();
    const form = make(
      "form",
      {},
      name,
      needsCurrent ? field(say("password-current"), current) : null,
      field(say("password-new"), fresh, say("password-hint")),
      field(say("password-again"), again),
      said,
      button,
    );
    const tell = (text) => {
      said.hidden = false;
      said.textContent = text;
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (fresh.value !== again.value) {
        tell(say("password-differs"));
        again.select();
        return;
      }
      whileBusy(button, async () => {
        try {
          await call("PUT", "/v1/session/password", { body: { current: needsCurrent ? current.value : this.#password, new: fresh.value } });
          await this.#check();
        } catch (reason) {
          tell(reason instanceof Refused && reason.code === "body-invalid" ? say("password-hint") : wordsOf(reason));
        }
      });
    });
    return [make("h1", {}, say("password-title")), make("p.quiet", {}, say("password-about")), form];
  }

  #noRole() {
    const button = make("button.button.wide", { type: "button" }, say("sign-out"));
    button.addEventListener("click", () => whileBusy(button, () => signOut()));
    return [make("h1", {}, say("no-role-title")), make("p.quiet", {}, say("no-role-about")), button];
  }
}
customElements.define("sign-in", SignIn);

/** `<account-menu>`: the signed-in person, links to their pages, the theme, and sign-out. */
class AccountMenu extends HTMLElement {
  #session = null;

  connectedCallback() {
    document.addEventListener("paihao:language", () => this.#session && this.show(this.#session));
    document.addEventListener("click", (event) => {
      const menu = this.querySelector("details");
      if (menu?.open && !this.contains(event.target)) menu.open = false;
    });
    this.addEventListener("keydown", (event) => {
      const menu = this.querySelector("details");
      if (event.key === "Escape" && menu?.open) {
        menu.open = false;
        menu.querySelector("summary").focus();
        event.stopPropagation();
      }
    });
  }

  /** @param {Session} session */
  show(session) {
    this.#session = session;
    const themes = make("select.input", { id: "theme" }, ...THEMES.map((theme) => make("option", { value: theme, selected: theme === themeNow() }, say(`theme-${theme}`))));
    themes.addEventListener("change", () => useTheme(themes.value));
    const out = make("button.button.wide", { type: "button" }, say("sign-out"));
    out.addEventListener("click", () => whileBusy(out, () => signOut()));
    const everywhere = make("button.button.wide", { type: "button" }, say("sign-out-everywhere"));
    everywhere.addEventListener("click", () => whileBusy(everywhere, () => signOut({ everywhere: true })));
    const name = session.account?.display_name || session.account?.name || say("account-admin");
    this.replaceChildren(make("details.menu", {}, make("summary.button", {}, name), make("div.menu-body", {}, make("nav", { "aria-label": say("go-to") }, goTo(session)), field(say("theme"), themes), out, everywhere)));
  }
}
customElements.define("account-menu", AccountMenu);

/** Links to the other pages that this person can use. */
function goTo(session) {
  const [, hall] = location.pathname.match(/^\/halls\/([^/]+)\//) ?? [];
  const manages = hall !== undefined && rolesIn(session, decodeURIComponent(hall)).has("manager");
  const roles = rolesIn(session, ANY_HALL);
  const pages = [
    manages && [`/halls/${hall}/manage`, say("go-manage")],
    (roles.has("manager") || roles.has("ops")) && ["/ops", say("go-ops")],
    ["/", say("go-halls")],
  ];
  return pages.filter((page) => page && page[0] !== location.pathname).map(([href, text]) => make("a", { href }, text));
}
