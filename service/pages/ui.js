/**
 * Components every staff page is made of: the language switch, dialogs, the toast with undo, refusals in words, a busy button.
 *
 * They say words of `common.ftl`: `await texts("common", …)` comes first.
 */

import { make } from "/display/element.js";
import { Refused, Unreached } from "/pages/api.js";
import { isSaid, languageNow, say, useLanguage } from "/pages/texts.js";

/** `<language-switch>`: the two languages, each in itself. */
class LanguageSwitch extends HTMLElement {
  connectedCallback() {
    const links = [["zh", "zh-CN", "中文"], ["en", "en", "English"]].map(([key, lang, name]) => {
      const link = make("a", { href: `?lang=${key}`, lang, "data-lang": key }, name);
      link.addEventListener("click", (event) => {
        event.preventDefault();
        useLanguage(key);
      });
      return link;
    });
    const mark = () => {
      for (const link of links) {
        if (link.dataset.lang === languageNow()) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
    };
    this.replaceChildren(make("span.langs", {}, links));
    document.addEventListener("paihao:language", mark);
    mark();
  }
}
customElements.define("language-switch", LanguageSwitch);

/** What an act threw whose dialog was left meanwhile: it is said in the dialog's words all the same. */
class ThrownAfterwards extends Error {
  /** @param {unknown} cause @param {(reason: unknown) => string | null} words of the dialog */
  constructor(cause, words) {
    super("thrown afterwards", { cause });
    this.name = "ThrownAfterwards";
    this.words = words;
  }
}

/**
 * What a refusal, or a silence, means to the person.
 * @param {unknown} reason what `call` or `ask` threw
 * @param {Record<string, string | number>} [args] for the words of this code
 * @returns {string}
 */
export function wordsOf(reason, args = {}) {
  if (reason instanceof ThrownAfterwards) return reason.words(reason.cause) ?? wordsOf(reason.cause, args);
  if (reason instanceof Refused) {
    const id = `problem-${reason.code}`;
    if (args.number && isSaid(`${id}-named`)) return say(`${id}-named`, args);
    return isSaid(id) ? say(id, { seconds: reason.retryAfter_s ?? 1, ...args }) : say("problem-other", { title: reason.problem.title || reason.code });
  }
  if (reason instanceof Unreached) return say("problem-unreached");
  throw reason;
}

/**
 * Carry out what a button is for: it stays, says it is busy, and takes no second press.
 * @param {HTMLButtonElement} button
 * @param {() => Promise<unknown>} act
 */
export async function whileBusy(button, act) {
  if (button.getAttribute("aria-busy") === "true") return undefined;
  button.setAttribute("aria-busy", "true");
  try {
    return await act();
  } finally {
    button.removeAttribute("aria-busy");
  }
}

/** What is asked of somebody who has signed out stands in the way of signing in. */
document.addEventListener("paihao:signed-out", () => {
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
});

/** Enter that is held down was meant for what opened the dialog: it must not confirm as well. @param {HTMLDialogElement} dialog */
function ignoreHeldEnter(dialog) {
  const ignore = (event) => {
    if (!event.repeat || event.key !== "Enter" || event.target.matches("textarea")) return;
    event.preventDefault();
    event.stopPropagation();
  };
  dialog.addEventListener("keydown", ignore, { capture: true });
}

/**
 * Ask something in a dialog. Focus returns to where it was. What cannot be taken back begins at the way out.
 *
 * Who leaves while it is being done does not stop it: what came of it is the answer all the same.
 * @template Result
 * @param {object} options
 * @param {string} options.title
 * @param {(Node | string)[]} options.body what stands between the title and the buttons
 * @param {string} options.confirm words of the main button
 * @param {string} [options.leaving] words of the way out, where "cancel" would be read as the act
 * @param {string} [options.kind] "stop" for what cannot be taken back
 * @param {(form: FormData) => Result | Promise<Result>} [options.act] done before the dialog closes; what it throws of ours is said in it
 * @param {(reason: unknown) => string} [options.words] for what `act` throws
 * @param {AbortSignal} [options.signal] what is asked of is so no longer: the dialog goes, but not while its own act is under way
 * @returns {Promise<Result | null>} null when it was left
 * @throws what `act` threw after it was left; `wordsOf` has the words for it
 */
export function ask({ title, body, confirm, leaving = say("cancel"), kind, act = (form) => form, words = wordsOf, signal }) {
  const dialog = make("dialog.dialog", { "aria-labelledby": "dialog-title" });
  const main = make(`button.button.${kind === "stop" ? "stop" : "primary"}`, { type: "submit" }, confirm);
  const leave = make("button.button", { type: "button" }, leaving);
  const message = make("p.message", { role: "status", hidden: true });
  const form = make("form", { method: "dialog" }, make("h2", { id: "dialog-title" }, title), make("div.dialog-body", {}, body), message, make("div.dialog-foot", {}, main, leave));
  dialog.append(form);
  document.body.append(dialog);
  ignoreHeldEnter(dialog);
  const withdraw = () => {
    if (main.getAttribute("aria-busy") !== "true") dialog.close();
  };
  const waiting = ({ detail }) => {
    if (detail.state !== "unreached" && detail.state !== "busy") return;
    message.hidden = false;
    message.textContent = say("checking");
  };
  document.addEventListener("paihao:calls", waiting);
  return new Promise((resolve, reject) => {
    let result = null;
    let isActing = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      await whileBusy(main, async () => {
        isActing = true;
        try {
          result = await act(new FormData(form));
          if (dialog.open) dialog.close();
          else resolve(result);
        } catch (reason) {
          if (!dialog.open) return reject(words === wordsOf ? reason : new ThrownAfterwards(reason, words));
          message.hidden = false;
          message.textContent = words(reason) ?? wordsOf(reason);
        } finally {
          isActing = false;
        }
      });
      if (signal?.aborted) withdraw();
    });
    signal?.addEventListener("abort", withdraw);
    // Browsers let Enter send a form from a field, not from a list to choose from.
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing || !event.target.matches("select")) return;
      event.preventDefault();
      form.requestSubmit(main);
    });
    leave.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      document.removeEventListener("paihao:calls", waiting);
      signal?.removeEventListener("abort", withdraw);
      dialog.remove();
      if (!isActing) resolve(result);
    });
    dialog.showModal();
    const first = form.querySelector("[autofocus], input, select, textarea");
    (first ?? (kind === "stop" ? leave : main)).focus();
    if (signal?.aborted) withdraw();
  });
}

/**
 * Offer a few ways on in a dialog; each is a button.
 * @param {object} options
 * @param {string} options.title
 * @param {(Node | string)[]} options.body
 * @param {{id: string, label: string, key?: string}[]} options.choices the first is the main one; `key` is a physical key's letter
 * @param {string} [options.leaving] words of the way out
 * @param {AbortSignal} [options.signal] what is asked of is so no longer: the dialog goes
 * @returns {Promise<string | null>} the id, null when it was left
 */
export function choose({ title, body, choices, leaving = say("cancel"), signal }) {
  const dialog = make("dialog.dialog", { "aria-labelledby": "dialog-title" });
  const leave = make("button.button", { type: "button" }, leaving);
  const buttons = choices.map(({ id, label, key }) => make("button.button", { type: "button", value: id }, make("span", {}, label), key ? make("kbd", { "aria-hidden": "true" }, key) : null));
  dialog.append(make("h2", { id: "dialog-title" }, title), make("div.dialog-body", {}, body), make("div.dialog-choices", {}, buttons, leave));
  document.body.append(dialog);
  ignoreHeldEnter(dialog);
  const withdraw = () => dialog.close();
  return new Promise((resolve) => {
    let result = null;
    const take = (id) => {
      result = id;
      dialog.close();
    };
    for (const button of buttons) button.addEventListener("click", () => take(button.value));
    leave.addEventListener("click", () => dialog.close());
    dialog.addEventListener("keydown", (event) => {
      const chosen = choices.find(({ key }) => key && event.code === `Key${key}`);
      if (!chosen || event.repeat || event.ctrlKey || event.altKey || event.metaKey || event.target.matches("input, select, textarea")) return;
      event.preventDefault();
      take(chosen.id);
    });
    signal?.addEventListener("abort", withdraw);
    dialog.addEventListener("close", () => {
      signal?.removeEventListener("abort", withdraw);
      dialog.remove();
      resolve(result);
    });
    dialog.showModal();
    (dialog.querySelector("[autofocus], input") ?? buttons[0] ?? leave).focus();
    if (signal?.aborted) withdraw();
  });
}

/**
 * A field with its label above, a hint below, and room for what is to be put right.
 * @param {string} label
 * @param {HTMLElement} control with an id
 * @param {string} [hint]
 * @returns {HTMLElement}
 */
export function field(label, control, hint) {
  const below = hint ? make("p.small.quiet", { id: `${control.id}-hint` }, hint) : null;
  if (below) control.setAttribute("aria-describedby", below.id);
  return make("div.field", {}, make("label", { for: control.id }, label), control, below);
}

/** `<undo-toast>`: one fact, and thirty seconds to take it back. */
class UndoToast extends HTMLElement {
  #timer = 0;
  #until_ms = 0;
  #undo = null;
  #text = () => "";

  /** Whether there is something to take back. */
  get open() {
    return !this.hidden && this.#undo !== null;
  }

  connectedCallback() {
    this.hidden = true;
    this.setAttribute("role", "status");
    this.className = "toast";
    document.addEventListener("paihao:language", () => {
      if (!this.open) return;
      this.words.textContent = this.#text();
      this.#tick();
    });
  }

  /**
   * @param {string | (() => string)} text a function is asked again when the page's language changes
   * @param {() => Promise<unknown>} undo
   * @param {number} within_s
   */
  show(text, undo, within_s = 30) {
    this.#text = typeof text === "function" ? text : () => text;
    clearInterval(this.#timer);
    this.#undo = undo;
    this.#until_ms = performance.now() + within_s * 1000;
    this.words = make("span", {}, this.#text());
    this.left = make("span", { "aria-live": "off" });
    const button = make("button.button", { type: "button" }, this.left, make("kbd", { "aria-hidden": "true" }, "U"));
    button.addEventListener("click", () => this.undo(button));
    this.replaceChildren(this.words, button);
    this.hidden = false;
    this.#timer = setInterval(() => this.#tick(), 250);
    this.#tick();
  }

  /** Take it back now. */
  async undo(button = this.querySelector("button")) {
    const undo = this.#undo;
    if (!undo || !button) return;
    await whileBusy(button, undo);
  }

  /** Nothing more to take back; a focus that was here goes to the element that `data-then` names. */
  clear() {
    const focused = this.contains(document.activeElement);
    clearInterval(this.#timer);
    this.#undo = null;
    this.hidden = true;
    this.replaceChildren();
    if (focused) document.getElementById(this.dataset.then)?.focus();
  }

  #tick() {
    const left_s = Math.ceil((this.#until_ms - performance.now()) / 1000);
    if (left_s <= 0) this.clear();
    else if (this.left.textContent !== say("undo", { seconds: left_s })) this.left.textContent = say("undo", { seconds: left_s });
  }
}
customElements.define("undo-toast", UndoToast);
