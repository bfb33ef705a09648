/**
 * Components of all pages: language switch, dialogs, toast with undo, texts of refusals, busy buttons.
 *
 * They use the texts of `common.ftl`, which must be loaded before: `await texts("common", …)`.
 */

import { make } from "/display/element.js";
import { Refused, Unreached } from "/pages/api.js";
import { hasText, languageNow, say, useLanguage } from "/pages/texts.js";

/** `<language-switch>`: links to the two languages, each named in itself. */
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

/** The error of an act whose dialog was left before it ended. It keeps the dialog's texts for errors. */
class LateError extends Error {
  /** @param {unknown} cause @param {(reason: unknown) => string | null} words of the dialog */
  constructor(cause, words) {
    super("thrown after the dialog was left", { cause });
    this.name = "LateError";
    this.words = words;
  }
}

/**
 * Text for an error of a call. Other errors are thrown again.
 * @param {unknown} reason error of `call` or `ask`
 * @param {Record<string, string | number>} [args] arguments of the text
 * @returns {string}
 */
export function wordsOf(reason, args = {}) {
  if (reason instanceof LateError) return reason.words(reason.cause) ?? wordsOf(reason.cause, args);
  if (reason instanceof Refused) {
    const id = `problem-${reason.code}`;
    if (args.number && hasText(`${id}-named`)) return say(`${id}-named`, args);
    return hasText(id) ? say(id, { seconds: reason.retryAfter_s ?? 1, ...args }) : say("problem-other", { title: reason.problem.title || reason.code });
  }
  if (reason instanceof Unreached) return say("problem-unreached");
  throw reason;
}

/**
 * Run the act of a button. Meanwhile the button is marked as busy, and a second press does nothing.
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

// After a sign-out an open dialog would cover the sign-in form.
document.addEventListener("paihao:signed-out", () => {
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
});

/** Ignore a held Enter key: it opened the dialog, and must not confirm it too. @param {HTMLDialogElement} dialog */
function ignoreHeldEnter(dialog) {
  const ignore = (event) => {
    if (!event.repeat || event.key !== "Enter" || event.target.matches("textarea")) return;
    event.preventDefault();
    event.stopPropagation();
  };
  dialog.addEventListener("keydown", ignore, { capture: true });
}

/**
 * Ask a question in a dialog. The focus returns to where it was. For acts that cannot be undone the focus starts on the Cancel button.
 *
 * Leaving the dialog does not stop a running act: its result is still returned.
 * @template Result
 * @param {object} options
 * @param {string} options.title
 * @param {(Node | string)[]} options.body content between the title and the buttons
 * @param {string} options.confirm text of the main button
 * @param {string} [options.leaving] text of the Cancel button, if "Cancel" could be taken for the act
 * @param {string} [options.kind] "stop" for an act that cannot be undone
 * @param {(form: FormData) => Result | Promise<Result>} [options.act] run before the dialog closes; the dialog shows its refusals
 * @param {(reason: unknown) => string | null} [options.words] texts for errors of `act`; null: the general text
 * @param {AbortSignal} [options.signal] the question has become outdated: the dialog closes, but not while its act is running
 * @returns {Promise<Result | null>} null if the dialog was left
 * @throws the error of `act`, if the dialog was left before; `wordsOf` makes its text
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
  const closeIfIdle = () => {
    if (main.getAttribute("aria-busy") !== "true") dialog.close();
  };
  const showChecking = ({ detail }) => {
    if (detail.state !== "unreached" && detail.state !== "busy") return;
    message.hidden = false;
    message.textContent = say("checking");
  };
  document.addEventListener("paihao:calls", showChecking);
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
          if (!dialog.open) return reject(words === wordsOf ? reason : new LateError(reason, words));
          message.hidden = false;
          message.textContent = words(reason) ?? wordsOf(reason);
        } finally {
          isActing = false;
        }
      });
      if (signal?.aborted) closeIfIdle();
    });
    signal?.addEventListener("abort", closeIfIdle);
    // Browsers submit a form on Enter in an input, but not in a select.
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing || !event.target.matches("select")) return;
      event.preventDefault();
      form.requestSubmit(main);
    });
    leave.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      document.removeEventListener("paihao:calls", showChecking);
      signal?.removeEventListener("abort", closeIfIdle);
      dialog.remove();
      if (!isActing) resolve(result);
    });
    dialog.showModal();
    const first = form.querySelector("[autofocus], input, select, textarea");
    (first ?? (kind === "stop" ? leave : main)).focus();
    if (signal?.aborted) closeIfIdle();
  });
}

/**
 * Offer choices in a dialog, a button for each.
 * @param {object} options
 * @param {string} options.title
 * @param {(Node | string)[]} options.body
 * @param {{id: string, label: string, key?: string}[]} options.choices the first one gets the focus; `key`: letter of a physical key
 * @param {string} [options.leaving] text of the Cancel button
 * @param {AbortSignal} [options.signal] the question has become outdated: the dialog closes
 * @returns {Promise<string | null>} the id; null if the dialog was left
 */
export function choose({ title, body, choices, leaving = say("cancel"), signal }) {
  const dialog = make("dialog.dialog", { "aria-labelledby": "dialog-title" });
  const leave = make("button.button", { type: "button" }, leaving);
  const buttons = choices.map(({ id, label, key }) => make("button.button", { type: "button", value: id }, make("span", {}, label), key ? make("kbd", { "aria-hidden": "true" }, key) : null));
  dialog.append(make("h2", { id: "dialog-title" }, title), make("div.dialog-body", {}, body), make("div.dialog-choices", {}, buttons, leave));
  document.body.append(dialog);
  ignoreHeldEnter(dialog);
  const close = () => dialog.close();
  return new Promise((resolve) => {
    let result = null;
    const finish = (id) => {
      result = id;
      dialog.close();
    };
    for (const button of buttons) button.addEventListener("click", () => finish(button.value));
    leave.addEventListener("click", () => dialog.close());
    dialog.addEventListener("keydown", (event) => {
      const chosen = choices.find(({ key }) => key && event.code === `Key${key}`);
      if (!chosen || event.repeat || event.ctrlKey || event.altKey || event.metaKey || event.target.matches("input, select, textarea")) return;
      event.preventDefault();
      finish(chosen.id);
    });
    signal?.addEventListener("abort", close);
    dialog.addEventListener("close", () => {
      signal?.removeEventListener("abort", close);
      dialog.remove();
      resolve(result);
    });
    dialog.showModal();
    (dialog.querySelector("[autofocus], input") ?? buttons[0] ?? leave).focus();
    if (signal?.aborted) close();
  });
}

/**
 * A field with its label above it and a hint below it.
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

/** `<undo-toast>`: a message with a button to undo an act, which disappears after some seconds. */
class UndoToast extends HTMLElement {
  #timer = 0;
  #until_ms = 0;
  #undo = null;
  #text = () => "";

  /** Whether an undo is offered. */
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
   * Offer an undo.
   * @param {string | (() => string)} text a function is called again when the page's language changes
   * @param {() => Promise<unknown>} undo
   * @param {number} within_s seconds until the offer ends
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

  /** Undo now. */
  async undo(button = this.querySelector("button")) {
    const undo = this.#undo;
    if (!undo || !button) return;
    await whileBusy(button, undo);
  }

  /** End the offer. If the focus was here, it goes to the element that `data-then` names. */
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
