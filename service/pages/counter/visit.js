/** Acts about the person at the counter: call the next, start, finish, park, transfer, papers, undo. */

import { Refused } from "/pages/api.js";
import { say } from "/pages/texts.js";
import { wordsOf } from "/pages/ui.js";
import { forgetUnsent } from "./unsent.js";
import { askConditional, askPapers, askPark, askTransfer } from "./dialogs.js";

// Codes of refusals after which an undo is not possible any more. After other refusals it may be tried again.
const UNDO_IMPOSSIBLE = new Set(["wrong-state", "code-used", "ticket-not-found"]);

/** Acts about the person at one counter. */
export class Visit {
  #context;
  #opening;

  /** @param {import("./context.js").CounterContext} context @param {import("./opening.js").Opening} opening */
  constructor(context, opening) {
    this.#context = context;
    this.#opening = opening;
  }

  /**
   * Call the next person, after finishing the present one if `finish` is given.
   * @param {object} [finish]
   * @param {{quiet?: boolean}} [options] `quiet`: a message about the act before is already shown
   * @returns {Promise<boolean>} whether a person was called
   */
  async next(finish, { quiet = false } = {}) {
    const { ticket: before } = this.#context.state;
    // The request names the ticket that ends. A page that is behind, or a second clerk at this counter, must not end another visit.
    const { status, body } = await this.#context.postCounter("next", finish ? { finish: { ...finish, ticket: before.id } } : {});
    const called = status === 204 ? null : body.ticket;
    await this.#context.read();
    if (finish && before) this.#offerUndo(before, called);
    if (!called && !finish && !quiet) this.#context.showMessage(say("said-nobody"), "", () => !this.#context.state.ticket && !this.#context.state.next);
    return called !== null;
  }

  async start() {
    await this.#context.postTicket(this.#context.state.ticket.id, "start");
    await this.#context.read();
  }

  async recall() {
    const { ticket } = this.#context.state;
    await this.#context.postTicket(ticket.id, "recall");
    await this.#context.read();
    this.#context.showMessage(say("said-recalled", { number: ticket.number, count: ticket.calls + 1 }));
  }

  async markNoShow() {
    const { ticket } = this.#context.state;
    await this.#context.postTicket(ticket.id, "no-show");
    await this.#context.read();
    this.#context.toast.show(() => say("said-no-show", { number: ticket.number }), () => this.#undo(ticket, null), this.#context.state.words.desk.rules.undo_within_s);
  }

  async finish(ticket = this.#context.state.ticket, finish = { outcome: "done" }) {
    const { body } = await this.#context.postTicket(ticket.id, "finish", finish);
    await this.#context.read();
    this.#offerUndo(ticket, null, body);
    return false;
  }

  async finishAndPause() {
    const { pauseAfter } = this.#context.state;
    await this.finish();
    await this.#opening.startPauseAfter(pauseAfter);
    await this.#context.read();
    return false;
  }

  /** Finish with missing papers, which are due later. */
  finishConditionally() {
    const { ticket, words, times } = this.#context.state;
    const today = times.on(this.#context.now_ms());
    return this.#context.askAbout(this.#context.here(ticket), (act, signal) => askConditional(ticket, words, today, act, signal), async (finish) => {
      await this.finish(ticket, finish);
      return true;
    });
  }

  refer() {
    return this.finish(this.#context.state.ticket, { outcome: "referred" });
  }

  async park() {
    const { ticket, words } = this.#context.state;
    await this.#context.askAbout(this.#context.here(ticket), (act, signal) => askPark(ticket, words, act, signal), async ({ missing, reason }) => {
      if (missing.length > 0) await this.#context.postTicket(ticket.id, "papers", { missing, then: "park" });
      else await this.#context.postTicket(ticket.id, "park", { reason });
      await this.#context.read();
      this.#showParked(ticket);
      return true;
    });
  }

  #showParked(ticket) {
    this.#context.showWhileIn(["parked"], "said-parked", { number: ticket.number }, ticket);
  }

  /** Send the person on to another service or counter. With neither chosen, put them back into the line. */
  async transfer() {
    const { ticket, counter, words } = this.#context.state;
    await this.#context.askAbout(this.#context.here(ticket), (act, signal) => askTransfer(ticket, counter, words, act, signal), async (body) => {
      const { body: moved } = await this.#context.postTicket(ticket.id, "transfer", body);
      await this.#context.read();
      const { number } = ticket;
      if (moved.state === "left") this.#context.showMessage(say("said-unserved", { number }));
      else if (body.counter) this.#context.showMessage(say("said-sent-to", { number, counter: words.counterById(body.counter) }));
      else if (body.service) this.#context.showMessage(say("said-sent-for", { number, service: words.service(body.service) }));
      else this.#context.showPutBack(ticket);
      return true;
    });
  }

  async putBack() {
    const { ticket } = this.#context.state;
    await this.#context.postTicket(ticket.id, "transfer");
    await this.#context.read();
    this.#context.showPutBack(ticket);
  }

  // Papers.
  recordPapersHere() {
    const { ticket } = this.#context.state;
    return this.recordPapers(ticket, this.#context.here(ticket));
  }

  /** Record the missing papers of a ticket. An empty list means that they are complete. @param {object} ticket @param {object} about of the question */
  async recordPapers(ticket, about) {
    const { words } = this.#context.state;
    await this.#context.askAbout(about, (act, signal) => askPapers(ticket, words, act, signal), async ({ missing }) => {
      await this.#context.postTicket(ticket.id, "papers", { missing, then: "stay" });
      await this.#context.read();
      this.#context.showMessage(say(missing.length > 0 ? "said-papers-missing" : "said-papers-complete", { number: ticket.number, count: missing.length }));
      return true;
    });
  }

  /**
   * Record the papers marked in the checklist, and go on.
   * @param {"park" | "advance"} then what happens to the ticket
   * @param {boolean} withNext whether the next person is called
   * @returns {Promise<boolean>} whether a person was called
   */
  async recordPapersThenNext(then, withNext) {
    const { ticket, pauseAfter } = this.#context.state;
    const { body } = await this.#context.postTicket(ticket.id, "papers", { missing: this.#context.checklist.missing, then });
    forgetUnsent();
    const isLast = !pauseAfter && !withNext;
    if (isLast) await this.#context.read();
    if (then === "park") this.#showParked(ticket);
    else this.#context.showSentOn(body);
    if (isLast) return false;
    if (pauseAfter) await this.#opening.startPauseAfter(pauseAfter);
    if (withNext) return this.next(undefined, { quiet: true });
    await this.#context.read();
    return false;
  }

  // Undo.
  /** Show how the visit ended, with an undo if it was its last stage. */
  #offerUndo(finished, called, answered) {
    // After an earlier stage the ticket waits again. This cannot be undone.
    if (answered && answered.state !== "done") {
      this.#context.showSentOn(answered);
      return;
    }
    if (!answered && !this.#context.state.words.isLast(finished)) return;
    const { words, counter } = this.#context.state;
    const text = () => (called ? say("said-finished-called", { number: finished.number, called: called.number, counter: words.counter(counter) }) : this.#outcomeText(finished.number, answered));
    this.#context.toast.show(text, () => this.#undo(finished, called), words.desk.rules.undo_within_s);
  }

  /** How a visit ended, with the papers that are still due. */
  #outcomeText(number, { outcome, missing, due_on } = {}) {
    const { words, times } = this.#context.state;
    if (outcome === "referred") return say("said-referred", { number });
    if (outcome !== "conditional") return say("said-finished", { number });
    const args = { number, day: times.day(due_on), papers: words.codes(missing) };
    return say(missing.length > 0 ? "said-conditional" : "said-conditional-unnamed", args);
  }

  /** Bring the person back to this counter, which is opened if it was closed. A person called since goes back to their place. */
  async #undo(ticket, called) {
    const wasOpen = this.#context.state.counter.state === "open";
    try {
      await this.#context.postTicket(ticket.id, "undo", { ...(called ? { release: true, present: called.id } : {}), reopen: true });
      this.#context.toast.clear();
      this.#context.showMessage(say(wasOpen ? "said-undone" : "said-undone-open", { number: ticket.number }));
    } catch (reason) {
      const isImpossible = reason instanceof Refused && UNDO_IMPOSSIBLE.has(reason.code);
      if (isImpossible) this.#context.toast.clear();
      this.#context.showMessage(isImpossible ? say("said-not-undone", { number: ticket.number }) : wordsOf(reason, { number: this.#context.state.ticket?.number ?? "" }), "heed");
    }
    await this.#context.read();
  }
}
