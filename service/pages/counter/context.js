/** What all acts of a counter use: requests, messages about tickets, and questions that end when their person has left. */

import { Refused } from "/pages/api.js";
import { say } from "/pages/texts.js";

// Lists of the queue: tickets that can be called, tickets in the line, and all tickets.
export const WAITING = ["waiting", "standby"];
const LINE = [...WAITING, "parked"];
export const QUEUE = ["called", ...LINE];

/** State of the counter's page, and the requests of its acts. */
export class CounterContext {
  /** Checks whether the person of an open question is still there; run after each read. @type {Set<() => void>} */
  #questions = new Set();

  /**
   * @param {object} options
   * @param {object} options.state state of the page (`counter.js`)
   * @param {(method: string, path: string, options?: object) => Promise<{status: number, body: any}>} options.ofHall sends a request under the hall's path
   * @param {string} options.counterId
   * @param {import("./checklist.js").Checklist} options.checklist
   * @param {HTMLElement} options.toast offers an undo
   * @param {(text: string | null, kind?: "" | "heed", isTrue?: () => boolean) => void} options.showMessage
   * @param {() => Promise<void>} options.read reads the counter and the queue again
   * @param {() => number} options.now_ms current time of the hall's clock
   */
  constructor({ state, ofHall, counterId, checklist, toast, showMessage, read, now_ms }) {
    Object.assign(this, { state, ofHall, counterId, checklist, toast, showMessage, read, now_ms });
  }

  get isStaff() {
    return this.state.roles.has("staff");
  }

  /** Whether this person may work at this counter: staff at any counter, volunteers at those of an optional stage. */
  get worksHere() {
    return this.isStaff || this.isOptional(this.state.counter?.stage);
  }

  isOptional(stage) {
    return this.state.words?.stages.get(stage)?.optional === true;
  }

  // Requests.
  /** Send a request of this counter. */
  postCounter(act, body) {
    return this.ofHall("POST", `counters/${encodeURIComponent(this.counterId)}/${act}`, { body: body ?? {} });
  }

  /** Send a request of a ticket. */
  postTicket(id, act, body) {
    return this.ofHall("POST", `tickets/${id}/${act}`, { body: body ?? {} });
  }

  // Questions about a person.
  /** End the open questions about persons who have left. Called after each read of the hall. */
  endQuestions() {
    for (const check of this.#questions) check();
  }

  /**
   * Ask a question about a person. When the person leaves, the dialog closes and a message says so.
   * @param {object} about
   * @param {() => boolean} about.isThere
   * @param {string} about.gone message for the case that the person has left
   * @param {(act: (...args: any[]) => Promise<unknown>, signal: AbortSignal) => Promise<unknown>} ask opens the dialog
   * @param {(...args: any[]) => Promise<unknown>} [act] called with the answer
   * @returns {Promise<unknown>} the result of the dialog; null when it was left
   */
  async askAbout({ isThere, gone }, ask, act) {
    const ending = new AbortController();
    const check = () => {
      if (!isThere()) ending.abort();
    };
    // A refusal may mean that the person has left: read the hall now, not with the next frame.
    const actAndCheck = async (...args) => {
      try {
        return await act(...args);
      } catch (reason) {
        if (reason instanceof Refused) this.read();
        throw reason;
      }
    };
    this.#questions.add(check);
    check();
    try {
      const result = await ask(actAndCheck, ending.signal);
      if (result === null && ending.signal.aborted) this.showMessage(gone, "heed");
      return result;
    } finally {
      this.#questions.delete(check);
    }
  }

  /** Whether a ticket is in one of these lists of the queue. */
  isIn(parts, id) {
    return parts.some((part) => this.state.queue[part].some((ticket) => ticket.id === id));
  }

  /** The person at this counter, as the `about` of a question. */
  here({ id, number }, gone = "gone-here") {
    return { isThere: () => this.state.ticket?.id === id, gone: say(gone, { number }) };
  }

  /** A person in these lists of the queue, as the `about` of a question. */
  inQueue({ id, number }, parts = LINE) {
    return { isThere: () => this.isIn(parts, id), gone: say("gone-queue", { number }) };
  }

  // Messages about a ticket.
  /** Show a message while a ticket is in one of these lists. */
  showWhileIn(parts, id, args, ticket) {
    this.showMessage(say(id, args), "", () => this.isIn(parts, ticket.id));
  }

  showWaiting(id, ticket) {
    this.showWhileIn(WAITING, id, { number: ticket.number }, ticket);
  }

  /** The ticket is back at its place. On a closed day it has left instead, because there are no more calls. */
  showPutBack(ticket) {
    if (this.state.queue.calls_from_at === null && !this.isIn(QUEUE, ticket.id)) this.showMessage(say("said-unserved", { number: ticket.number }));
    else this.showWaiting("said-put-back", ticket);
  }

  /** The ticket waits for its next stage, or has left because the day is closed. @param {object} answered the ticket as the API answered it */
  showSentOn({ number, state }) {
    this.showMessage(say(state === "left" ? "said-unserved" : "said-sent-on", { number }));
  }
}
