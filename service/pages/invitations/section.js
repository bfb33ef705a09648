/**
 * The invitations section: import lists of people, issue codes, and show the state of each invitation. A partner sees only its own.
 *
 * An import is tried as a whole: if a line is wrong nothing is stored, and each wrong line is listed. The list is then corrected and sent
 * again, or only its correct lines are imported.
 */

import { make } from "/display/element.js";
import { newKey, Refused } from "/pages/api.js";
import { grouped } from "/pages/codes.js";
import { pick } from "/pages/language.js";
import { action, allOf, head, keepFocus, part, table } from "/pages/manage/parts.js";
import { printAlone } from "/pages/print.js";
import { save } from "/pages/save.js";
import { languageNow, say } from "/pages/texts.js";
import { ask } from "/pages/ui.js";
import { badLines, reasonOf, typeOf } from "./lists.js";

const STATE_WORDS = { unused: "invite-unused", booked: "invite-booked", checked_in: "invite-checked-in", done: "invite-done", left: "invite-left", missed: "invite-missed", revoked: "invite-revoked" };
const COLUMN_WORDS = { name: "invite-column-name", phone: "invite-column-phone", email: "invite-column-email", service: "invite-column-service", prechecked: "invite-column-prechecked", locale: "invite-column-locale" };
const OWN = "hall";
const BAD_SHOWN_MAX = 200;
const BATCHES = 20;
/** Problem codes about the list itself, in contrast to its transmission. */
const LIST_PROBLEMS = new Set(["body-invalid", "media-type", "body-too-large", "body-unreadable"]);

/**
 * @typedef {object} Choices
 * @property {File | null} file
 * @property {string} mode
 * @property {string} releases
 * @property {string} partner
 * @property {boolean} isSending
 * @property {{request: string, file: File, key: string} | null} sent the request that is not answered yet
 * @property {{made?: any, refused?: any} | null} result of the list that was sent last
 * @property {string | null} batch id of the shown import
 */
/** @returns {Choices} */
const emptyChoices = () => ({ file: null, mode: "all", releases: "", partner: "", isSending: false, sent: null, result: null, batch: null });
/** Choices and results. They outlive a new drawing, for example in another language. */
let choices = emptyChoices();
/** Account of the choices: another account starts without them. */
let owner = null;
/** The current drawing. @type {InvitationsSection | null} */
let shown = null;

/** @param {import("/pages/manage/parts.js").Ui} ui */
export function invitations(ui) {
  const who = ui.who.session?.account?.id ?? ui.who.key ?? "";
  if (who !== owner) choices = emptyChoices();
  owner = who;
  shown = new InvitationsSection(ui);
  return shown.draw();
}

/** Idempotency key of a request. It stays the same until the request is answered. */
function keyOf(query, file) {
  const request = JSON.stringify(query);
  if (choices.sent?.request !== request || choices.sent.file !== file) choices.sent = { request, file, key: newKey() };
  return choices.sent.key;
}

class InvitationsSection {
  #ui;
  #isPartner;
  /** Names of partners' devices, for managers. */
  #partners = new Map();
  #chosen = make("p", { id: "invite-file-name", role: "status" });
  #result = make("div.stack", { id: "invite-result", role: "status" });
  #batches = make("div", { id: "batches" });
  #opened = make("div.stack", { id: "batch", tabindex: "-1" });
  #input = null;
  #upload = null;
  #mode = null;
  #releases = null;
  #partner = null;

  constructor(ui) {
    this.#ui = ui;
    this.#isPartner = !ui.who.roles.has("manager");
  }

  draw() {
    this.#read().catch(this.#ui.fail);
    if (choices.batch) this.#open(choices.batch, { isAsked: false }).catch(this.#ui.fail);
    return [head(say("invite-title"), say(this.#isPartner ? "invite-about-partner" : "invite-about")), this.#uploadPart(), part(say("invite-batches"), this.#batches), this.#opened];
  }

  async #read() {
    if (!this.#isPartner && this.#partners.size === 0) {
      const devices = await allOf(this.#ui.call, "devices");
      this.#partners = new Map(devices.filter(({ role }) => role === "partner").map(({ id, name }) => [id, name]));
      if (!this.#partners.has(choices.partner)) choices.partner = "";
      if (this.#partner) this.#partner.append(...[...this.#partners].map(([id, name]) => make("option", { value: id, selected: id === choices.partner }, name)));
    }
    await this.#readBatches();
  }

  // The list.

  #uploadPart() {
    const ui = this.#ui;
    this.#input = make("input.hidden", { type: "file", id: "invite-file", accept: ".csv,.txt,.xlsx,.json", "aria-describedby": "invite-file-hint" });
    this.#mode = make("select.input", { id: "invite-mode" }, ["all", "good"].map((mode) => make("option", { value: mode, selected: mode === choices.mode }, say(`invite-mode-${mode}`))));
    this.#releases = make("input.input", { type: "datetime-local", id: "invite-releases", value: choices.releases });
    this.#partner = make("select.input", { id: "invite-partner" }, make("option", { value: "" }, say("invite-own")));
    this.#upload = make("button.button.primary", { type: "submit", id: "invite-send", disabled: true, "aria-describedby": "invite-file-name" }, say("invite-send"));
    const zone = make("div.drop", {}, this.#input, make("div.line", {}, make("label.button", { for: "invite-file" }, say("invite-file")), make("span.quiet", {}, say("invite-drop"))), make("p.small.quiet", { id: "invite-file-hint" }, say("invite-file-hint")));
    const form = make(
      "form.stack",
      { id: "invite-form" },
      zone,
      make("div.grid", {}, labelled(say("invite-mode"), this.#mode), labelled(say("invite-releases"), this.#releases, say("invite-releases-hint")), this.#isPartner ? null : labelled(say("invite-partner"), this.#partner)),
      make("div.line", {}, this.#upload, this.#chosen),
    );
    for (const [name, field] of Object.entries({ mode: this.#mode, releases: this.#releases, partner: this.#partner })) field.addEventListener("change", () => (choices[name] = field.value));
    this.#showFile();
    this.#showResult();
    this.#input.addEventListener("change", () => this.#take(this.#input.files[0] ?? null));
    for (const name of ["dragenter", "dragover"]) zone.addEventListener(name, (event) => (event.preventDefault(), zone.classList.add("is-over")));
    for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("is-over"));
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      this.#take(event.dataTransfer.files[0] ?? null);
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send(choices.mode);
    });
    return make("section", {}, make("h3", {}, say("invite-list")), form, this.#result);
  }

  #take(file) {
    choices.file = file;
    if (file) choices.result = null;
    this.#showFile();
    this.#showResult();
  }

  #showFile() {
    const { file, isSending, result } = choices;
    this.#upload.disabled = file === null;
    if (isSending) this.#upload.setAttribute("aria-busy", "true");
    else this.#upload.removeAttribute("aria-busy");
    this.#chosen.textContent = file ? say("invite-chosen", { name: file.name }) : result?.made ? "" : say("invite-choose-first");
    this.#chosen.className = file ? "" : "quiet small";
  }

  /** Send the list. The result is shown in the drawing that is current at that time. */
  async #send(mode) {
    const mine = choices;
    const { file, releases, partner } = mine;
    if (mine.isSending || file === null) return;
    const [on, time] = releases.split("T");
    const query = { mode, releases_at: time ? this.#ui.times.instant(on, time.slice(0, 5)).toISOString() : null, partner: partner || null };
    mine.isSending = true;
    this.#showFile();
    try {
      const { body } = await this.#ui.call("POST", "invitations", { file: { type: typeOf(file.name), data: file }, query, key: keyOf(query, file) });
      Object.assign(mine, { sent: null, result: { made: body }, batch: body.batch, file: mine.file === file ? null : mine.file });
    } catch (reason) {
      if (reason instanceof Refused && LIST_PROBLEMS.has(reason.code)) mine.result = { refused: reason.problem };
      else this.#ui.fail(reason);
      return;
    } finally {
      mine.isSending = false;
      if (mine === choices) shown.#showSent();
    }
    if (mine === choices) await shown.#showMade(mine.batch);
  }

  #showSent() {
    this.#showFile();
    this.#showResult();
  }

  async #showMade(batch) {
    this.#input.value = ""; // so that the same file can be chosen again
    try {
      await this.#readBatches();
      await this.#open(batch);
    } catch (reason) {
      this.#ui.fail(reason);
    }
  }

  #showResult() {
    const { made, refused } = choices.result ?? {};
    if (made) {
      this.#result.replaceChildren(
        make("div.message", {}, make("p", {}, make("b", {}, say("invite-made", { count: made.items.length }))), made.errors.length > 0 ? make("p", {}, say("invite-left-out", { count: made.errors.length })) : null),
        ...(made.errors.length > 0 ? [this.#badTable(made.errors)] : []),
      );
    } else if (refused) {
      this.#showRefused(refused);
    } else {
      this.#result.replaceChildren();
    }
  }

  #showRefused(problem) {
    const bad = badLines(problem);
    const ofLines = bad.length > 0 && bad.every(({ line }) => line !== null);
    if (!ofLines) {
      const [first] = bad;
      this.#result.replaceChildren(make("div.message", {}, make("p", {}, make("b", {}, say("invite-no-list"))), first ? make("p", {}, ...whyWords(first)) : null));
      return;
    }
    this.#result.replaceChildren(
      make(
        "div.message",
        {},
        make("p", {}, make("b", {}, say("invite-bad", { count: new Set(bad.map(({ line }) => line)).size }))),
        make("p", {}, say("invite-mend")),
        make("div.line.ways", {}, action(this.#ui, say("invite-good-anyway"), () => this.#send("good"), { id: "invite-anyway" })),
      ),
      this.#badTable(bad),
    );
  }

  #badTable(bad) {
    const rows = bad.slice(0, BAD_SHOWN_MAX).map((one) => ({ attributes: { "data-line": one.line }, cells: [String(one.line), COLUMN_WORDS[one.path] ? say(COLUMN_WORDS[one.path]) : "–", whyWords(one)] }));
    return make("div.stack", { id: "invite-bad" }, table(say("invite-bad-lines"), [say("invite-line"), say("invite-column"), say("invite-reason")], rows), bad.length > BAD_SHOWN_MAX ? make("p.quiet", {}, say("invite-bad-more", { count: bad.length - BAD_SHOWN_MAX })) : null);
  }

  // Imports.

  async #readBatches() {
    const { body } = await this.#ui.call("GET", "invitations/batches", { query: { limit: BATCHES } });
    if (this.#ui.signal.aborted) return;
    const { times } = this.#ui;
    const rows = body.items.map((batch) => {
      const of = (words) => say("invite-of", { act: words, when: times.moment(batch.made_at) });
      return {
        attributes: { "data-batch": batch.batch },
        cells: [
          times.moment(batch.made_at),
          ...(this.#isPartner ? [] : [batch.partner === OWN ? say("invite-own") : this.#partners.get(batch.partner) ?? batch.partner]),
          String(batch.invited),
          String(batch.used),
          String(batch.revoked),
          batch.releases_at ? times.moment(batch.releases_at) : "–",
          make(
            "div.row-acts",
            {},
            action(this.#ui, say("invite-open"), () => this.#open(batch.batch), { id: `open-${batch.batch}`, "aria-label": of(say("invite-open")) }),
            action(this.#ui, say("invite-csv"), () => this.#csv(batch.batch), { "aria-label": of(say("invite-csv")) }),
            action(this.#ui, say("invite-sheet"), () => this.#print(batch.batch), { "aria-label": of(say("invite-sheet")) }),
          ),
        ],
      };
    });
    const heads = [say("invite-made-at"), ...(this.#isPartner ? [] : [say("invite-partner")]), say("invite-invited"), say("invite-used"), say("invite-taken-back"), say("invite-releases"), say("invite-acts")];
    const first = this.#isPartner ? 1 : 2;
    keepFocus(() => this.#batches.replaceChildren(rows.length > 0 ? table(say("invite-batches"), heads, rows, { numbers: [first, first + 1, first + 2] }) : make("p.quiet", {}, say("invite-none"))));
  }

  /** Show an import. @param {{isAsked?: boolean}} [options] `isAsked`: after a press, so the focus moves to it */
  async #open(batch, { isAsked = true } = {}) {
    choices.batch = batch;
    const items = await allOf(this.#ui.call, "invitations", { batch });
    if (this.#ui.signal.aborted) return;
    const { times } = this.#ui;
    const rows = items.map((invitation) => ({
      attributes: { "data-code": invitation.code, "data-state": invitation.state },
      cells: [
        String(invitation.line),
        invitation.name ?? make("span.quiet", {}, "–"),
        make("code", {}, grouped(invitation.code)),
        invitation.service ? pick(this.#ui.hall.services.find(({ id }) => id === invitation.service)?.name, languageNow()).text || invitation.service : say("invite-any-service"),
        [make(invitation.state === "booked" ? "span.tag.booked" : invitation.state === "done" ? "span.tag.open" : "span.tag", {}, say(STATE_WORDS[invitation.state])), invitation.starts_at ? make("span.small.block", {}, times.moment(invitation.starts_at)) : null],
        invitation.state === "unused" ? action(this.#ui, say("invite-revoke"), () => this.#revoke(invitation, batch), { kind: "stop", "aria-label": say("invite-revoke-line", { line: invitation.line }) }) : "",
      ],
    }));
    keepFocus(() =>
      this.#opened.replaceChildren(
        part(say("invite-people", { count: items.length }), table(say("invite-people", { count: items.length }), [say("invite-line"), say("invite-column-name"), say("invite-code"), say("invite-column-service"), say("invite-became"), say("invite-acts")], rows)),
      ),
    );
    if (isAsked) this.#opened.focus({ preventScroll: true });
  }

  async #revoke(invitation, batch) {
    const done = await ask({
      title: say("invite-revoke-title", { line: invitation.line }),
      body: [make("p", {}, say("invite-revoke-about"))],
      confirm: say("invite-revoke"),
      kind: "stop",
      act: () => this.#ui.call("DELETE", `invitations/${invitation.id}`),
      words: (reason) => (reason instanceof Refused && reason.code === "code-used" ? say("invite-used-meanwhile") : null),
    });
    if (done === null) return;
    this.#ui.tell(say("invite-revoked-told"));
    await Promise.all([this.#open(batch), this.#readBatches()]);
  }

  async #csv(batch) {
    const { text } = await this.#ui.call("GET", "invitations.csv", { query: { batch } });
    // Decoding the answer removed the byte order mark, which Excel needs to recognize UTF-8.
    save(`\ufeff${text}`, "text/csv;charset=utf-8", `invitations-${batch}.csv`);
  }

  /** Print the cards of an import, three in a row. */
  async #print(batch) {
    const sheet = make("div.print-sheet");
    for (let cursor = null, more = true; more; ) {
      const { text } = await this.#ui.call("GET", "invitations/sheet", { query: { batch, cursor } });
      const page = new DOMParser().parseFromString(text, "text/html");
      sheet.append(...page.querySelectorAll(".cards > .card"));
      const next = page.querySelector('a[rel="next"]')?.getAttribute("href");
      more = Boolean(next);
      cursor = next ? new URL(next, location.origin).searchParams.get("cursor") : null;
    }
    if (sheet.childElementCount === 0) this.#ui.tell(say("invite-no-cards"));
    else printAlone(sheet);
  }
}

function whyWords({ why }) {
  const known = reasonOf(why);
  return known ? [say(known.text, known.args)] : [make("span", { lang: "en" }, why)];
}

function labelled(label, control, hint) {
  if (hint) control.setAttribute("aria-describedby", `${control.id}-hint`);
  return make("div.field", {}, make("label", { for: control.id }, label), control, hint ? make("p.small.quiet", { id: `${control.id}-hint` }, hint) : null);
}
