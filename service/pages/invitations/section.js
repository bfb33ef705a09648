/**
 * Invitations: a list goes in, codes come out, and it is seen what became of each. A partner sees only what it gave itself.
 *
 * A list is first tried as a whole: nothing is stored while a line is bad, and each bad line is named. It is mended and sent
 * again, or the good lines go in alone.
 */

import { make } from "/display/element.js";
import { Refused } from "/pages/api.js";
import { pick } from "/pages/language.js";
import { action, allOf, head, keepFocus, part, table } from "/pages/manage/parts.js";
import { printAlone } from "/pages/print.js";
import { languageNow, say } from "/pages/texts.js";
import { ask, whileBusy } from "/pages/ui.js";
import { badLines, reasonOf, typeOf } from "./lists.js";

const STATE_WORDS = { unused: "invite-unused", booked: "invite-booked", checked_in: "invite-checked-in", done: "invite-done", left: "invite-left", missed: "invite-missed", revoked: "invite-revoked" };
const COLUMN_WORDS = { name: "invite-column-name", phone: "invite-column-phone", email: "invite-column-email", service: "invite-column-service", prechecked: "invite-column-prechecked", locale: "invite-column-locale" };
const OWN = "hall";
const BAD_SHOWN_MAX = 200;
const BATCHES = 20;

/** @param {import("/pages/manage/parts.js").Ui} ui */
export function invitations(ui) {
  return new Inviting(ui).draw();
}

class Inviting {
  #ui;
  #isPartner;
  /** @type {File | null} */
  #file = null;
  /** Names of partners' devices, for managers. */
  #partners = new Map();
  #chosen = make("p", { id: "invite-file-name", role: "status" });
  #result = make("div.stack", { id: "invite-result", role: "status" });
  #batches = make("div", { id: "batches" });
  #opened = make("div.stack", { id: "batch", tabindex: "-1" });
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
    return [head(say("invite-title"), say(this.#isPartner ? "invite-about-partner" : "invite-about")), this.#uploadPart(), part(say("invite-batches"), this.#batches), this.#opened];
  }

  async #read() {
    if (!this.#isPartner && this.#partners.size === 0) {
      const devices = await allOf(this.#ui.call, "devices");
      this.#partners = new Map(devices.filter(({ role }) => role === "partner").map(({ id, name }) => [id, name]));
      if (this.#partner) this.#partner.append(...[...this.#partners].map(([id, name]) => make("option", { value: id }, name)));
    }
    await this.#readBatches();
  }

  // The list.

  #uploadPart() {
    const ui = this.#ui;
    const input = make("input.hidden", { type: "file", id: "invite-file", accept: ".csv,.txt,.xlsx,.json", "aria-describedby": "invite-file-hint" });
    this.#mode = make("select.input", { id: "invite-mode" }, make("option", { value: "all" }, say("invite-mode-all")), make("option", { value: "good" }, say("invite-mode-good")));
    this.#releases = make("input.input", { type: "datetime-local", id: "invite-releases" });
    this.#partner = make("select.input", { id: "invite-partner" }, make("option", { value: "" }, say("invite-own")));
    this.#upload = make("button.button.primary", { type: "submit", id: "invite-send", disabled: true, "aria-describedby": "invite-file-name" }, say("invite-send"));
    const zone = make("div.drop", {}, input, make("div.line", {}, make("label.button", { for: "invite-file" }, say("invite-file")), make("span.quiet", {}, say("invite-drop"))), make("p.small.quiet", { id: "invite-file-hint" }, say("invite-file-hint")));
    const form = make(
      "form.stack",
      { id: "invite-form" },
      zone,
      make("div.grid", {}, labelled(say("invite-mode"), this.#mode), labelled(say("invite-releases"), this.#releases, say("invite-releases-hint")), this.#isPartner ? null : labelled(say("invite-partner"), this.#partner)),
      make("div.line", {}, this.#upload, this.#chosen),
    );
    this.#take(null);
    input.addEventListener("change", () => this.#take(input.files[0] ?? null));
    for (const name of ["dragenter", "dragover"]) zone.addEventListener(name, (event) => (event.preventDefault(), zone.classList.add("is-over")));
    for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("is-over"));
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      this.#take(event.dataTransfer.files[0] ?? null);
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      whileBusy(this.#upload, () => this.#send(this.#mode.value));
    });
    return make("section", {}, make("h3", {}, say("invite-list")), form, this.#result);
  }

  #take(file) {
    this.#file = file;
    this.#upload.disabled = file === null;
    this.#chosen.textContent = file ? say("invite-chosen", { name: file.name }) : say("invite-choose-first");
    this.#chosen.className = file ? "" : "quiet small";
    if (file) this.#result.replaceChildren();
  }

  async #send(mode) {
    const { times } = this.#ui;
    const [on, time] = this.#releases.value.split("T");
    const query = { mode, releases_at: time ? times.instant(on, time.slice(0, 5)).toISOString() : null, partner: this.#partner.value || null };
    try {
      const { body } = await this.#ui.call("POST", "invitations", { file: { type: typeOf(this.#file.name), data: this.#file }, query });
      this.#result.replaceChildren(
        make("div.message", {}, make("p", {}, make("b", {}, say("invite-made", { count: body.items.length }))), body.errors.length > 0 ? make("p", {}, say("invite-left-out", { count: body.errors.length })) : null),
        ...(body.errors.length > 0 ? [this.#badTable(body.errors)] : []),
      );
      document.getElementById("invite-file").value = "";
      this.#file = null;
      this.#upload.disabled = true;
      this.#chosen.textContent = "";
      await this.#readBatches();
      await this.#open(body.batch);
    } catch (reason) {
      if (!(reason instanceof Refused) || !["body-invalid", "media-type", "body-too-large", "body-unreadable"].includes(reason.code)) {
        this.#ui.fail(reason);
        return;
      }
      this.#refused(reason);
    }
  }

  #refused(reason) {
    const bad = badLines(reason.problem);
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
    const rows = body.items.map((one) => {
      const of = (words) => say("invite-of", { act: words, when: times.moment(one.made_at) });
      return {
        attributes: { "data-batch": one.batch },
        cells: [
          times.moment(one.made_at),
          ...(this.#isPartner ? [] : [one.partner === OWN ? say("invite-own") : this.#partners.get(one.partner) ?? one.partner]),
          String(one.invited),
          String(one.used),
          String(one.revoked),
          one.releases_at ? times.moment(one.releases_at) : "–",
          make(
            "div.row-acts",
            {},
            action(this.#ui, say("invite-open"), () => this.#open(one.batch), { id: `open-${one.batch}`, "aria-label": of(say("invite-open")) }),
            action(this.#ui, say("invite-csv"), () => this.#csv(one.batch), { "aria-label": of(say("invite-csv")) }),
            action(this.#ui, say("invite-sheet"), () => this.#print(one.batch), { "aria-label": of(say("invite-sheet")) }),
          ),
        ],
      };
    });
    const heads = [say("invite-made-at"), ...(this.#isPartner ? [] : [say("invite-partner")]), say("invite-invited"), say("invite-used"), say("invite-taken-back"), say("invite-releases"), say("invite-acts")];
    const first = this.#isPartner ? 1 : 2;
    keepFocus(() => this.#batches.replaceChildren(rows.length > 0 ? table(say("invite-batches"), heads, rows, { numbers: [first, first + 1, first + 2] }) : make("p.quiet", {}, say("invite-none"))));
  }

  async #open(batch) {
    const items = await allOf(this.#ui.call, "invitations", { batch });
    if (this.#ui.signal.aborted) return;
    const { times } = this.#ui;
    const rows = items.map((one) => ({
      attributes: { "data-code": one.code, "data-state": one.state },
      cells: [
        String(one.line),
        one.name ?? make("span.quiet", {}, "–"),
        make("code", {}, `${one.code.slice(0, 4)} ${one.code.slice(4)}`),
        one.service ? pick(this.#ui.hall.services.find(({ id }) => id === one.service)?.name, languageNow()).text || one.service : say("invite-any-service"),
        [make(one.state === "booked" ? "span.tag.booked" : one.state === "done" ? "span.tag.open" : "span.tag", {}, say(STATE_WORDS[one.state])), one.starts_at ? make("span.small.block", {}, times.moment(one.starts_at)) : null],
        one.state === "unused" ? action(this.#ui, say("invite-revoke"), () => this.#revoke(one, batch), { kind: "stop", "aria-label": say("invite-revoke-line", { line: one.line }) }) : "",
      ],
    }));
    keepFocus(() =>
      this.#opened.replaceChildren(
        part(say("invite-people", { count: items.length }), table(say("invite-people", { count: items.length }), [say("invite-line"), say("invite-column-name"), say("invite-code"), say("invite-column-service"), say("invite-became"), say("invite-acts")], rows)),
      ),
    );
    this.#opened.focus({ preventScroll: true });
  }

  async #revoke(one, batch) {
    const done = await ask({
      title: say("invite-revoke-title", { line: one.line }),
      body: [make("p", {}, say("invite-revoke-about"))],
      confirm: say("invite-revoke"),
      kind: "stop",
      act: () => this.#ui.call("DELETE", `invitations/${one.id}`),
      words: (reason) => (reason instanceof Refused && reason.code === "code-used" ? say("invite-used-meanwhile") : null),
    });
    if (done === null) return;
    this.#ui.tell(say("invite-revoked-told"));
    await Promise.all([this.#open(batch), this.#readBatches()]);
  }

  async #csv(batch) {
    const { text } = await this.#ui.call("GET", "invitations.csv", { query: { batch } });
    // Reading took the byte order mark away, by which Excel knows the letters.
    const address = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv;charset=utf-8" }));
    make("a", { href: address, download: `invitations-${batch}.csv` }).click();
    URL.revokeObjectURL(address);
  }

  /** All cards of an import on paper, three beside each other. */
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
