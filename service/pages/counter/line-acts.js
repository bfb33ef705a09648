/** Acts about persons in the line: find, call out of order, green channel, check in, bring back. */

import { Refused } from "/pages/api.js";
import { wholeNumber } from "/pages/codes.js";
import { hasText, say } from "/pages/texts.js";
import { QUEUE, WAITING } from "./context.js";
import { askNumber, askReason, askService, askSlip, askTicket } from "./dialogs.js";

/** Acts about the line of one counter. */
export class LineActs {
  #context;
  #visit;

  /** @param {import("./context.js").CounterContext} context @param {import("./visit.js").Visit} visit */
  constructor(context, visit) {
    this.#context = context;
    this.#visit = visit;
  }

  /** Find a ticket by its number, and open it. */
  find() {
    const { queue, words } = this.#context.state;
    const all = [...queue.waiting, ...queue.standby, ...queue.parked];
    let found = null;
    return askNumber(all, words, (number) => {
      found = all.find((ticket) => ticket.number === wholeNumber(number));
      if (!found) throw new RangeError(number);
      return true;
    }).then((chosen) => (chosen ? this.openTicket(found) : null));
  }

  /** Show a ticket of the line, with the acts that are possible. */
  async openTicket(ticket) {
    const { words, times, counter } = this.#context.state;
    const isTheirs = this.#context.isStaff || (this.#context.worksHere && this.#context.isOptional(ticket.stage));
    const here = isTheirs && counter.state === "open" && this.#context.state.ticket === null;
    const parked = ticket.state === "parked";
    const choices = [
      here && !parked ? { id: "call", label: say("choice-call"), key: "" } : null,
      isTheirs && parked ? { id: "resume", label: say("choice-resume"), key: "" } : null,
      !parked && words.papers(ticket.service).length > 0 ? { id: "papers", label: say("act-papers"), key: "M" } : null,
      this.#context.isStaff && ticket.class !== "green" ? { id: "green", label: say("act-green"), key: "G" } : null,
    ].filter(Boolean);
    const chosen = await this.#context.askAbout(this.#context.inQueue(ticket), (_, signal) => askTicket({ ticket, words, times, now_ms: this.#context.now_ms(), choices, signal }));
    if (chosen === "call") await this.#callOutOfOrder(ticket);
    else if (chosen === "resume") await this.#resume(ticket);
    else if (chosen === "papers") await this.#visit.recordPapers(ticket, this.#context.inQueue(ticket, QUEUE));
    else if (chosen === "green") await this.makeGreen(ticket);
  }

  #callOutOfOrder(ticket) {
    const { words } = this.#context.state;
    const title = say("call-title", { number: ticket.number });
    return this.#context.askAbout(this.#context.inQueue(ticket, WAITING), (act, signal) => askReason(title, say("call-about"), say("choice-call"), words, act, signal), ({ reason }) => this.#callWithReason(ticket, reason));
  }

  async #callWithReason(ticket, reason) {
    await this.#context.postCounter("call", { ticket: ticket.id, reason });
    await this.#context.read();
    return true;
  }

  /** Move a ticket to the green channel, with a reason. */
  async makeGreen(ticket) {
    const { body: rules } = await this.#context.ofHall("GET", "rules");
    const { words } = this.#context.state;
    const title = say("green-title", { number: ticket.number });
    const about = say("green-about", { minutes: Math.round(rules.credit_s.green / 60) });
    return this.#context.askAbout(this.#context.inQueue(ticket), (act, signal) => askReason(title, about, say("act-green"), words, act, signal), async ({ reason }) => {
      await this.#context.ofHall("PATCH", `tickets/${ticket.id}`, { body: { class: "green", reason } });
      await this.#context.read();
      this.#context.showMessage(say("said-green", { number: ticket.number }));
      return true;
    });
  }

  /** Check a person in with the code of an appointment, a slip or an invitation, or bring back a ticket by its number. */
  bringBack() {
    const { times } = this.#context.state;
    const wordsFor = (reason) => {
      if (reason instanceof RangeError) return say("slip-none");
      if (!(reason instanceof Refused) || !hasText(`slip-${reason.code}`)) return null;
      const { opens_at, on } = reason.problem;
      return say(`slip-${reason.code}`, { time: opens_at ? times.time(opens_at) : "", day: on ? times.day(on) : "" });
    };
    return askSlip(async (slip) => {
      const code = slip.replaceAll(/[\s-]/g, "");
      if (/^[0-9A-Z]{8}$/.test(code)) return this.#checkIn({ code });
      const { body } = await this.#context.ofHall("POST", "search", { body: { number: wholeNumber(slip) } });
      const ofToday = body.items.filter(({ day }) => day === this.#context.state.queue.day); // numbers repeat every day
      const ticket = ofToday.find(({ state }) => state === "parked" || state === "no_show") ?? ofToday[0];
      if (!ticket) throw new RangeError(slip);
      await this.#resume(ticket);
      return true;
    }, wordsFor);
  }

  /** Check in with a code. For an invitation that is valid for any service, ask for the service. */
  async #checkIn(body) {
    let answer;
    try {
      answer = await this.#context.ofHall("POST", "check-ins", { body });
    } catch (reason) {
      const asksService = reason instanceof Refused && reason.code === "body-invalid" && reason.problem.errors?.[0]?.path === "service";
      if (!asksService || body.service) throw reason;
      const service = await askService(this.#context.state.words);
      return service === null ? null : this.#checkIn({ ...body, service });
    }
    await this.#context.read();
    this.#context.showWaiting(answer.status === 201 ? "said-checked-in" : "said-back", answer.body);
    return true;
  }

  async #resume(ticket) {
    await this.#context.postTicket(ticket.id, "resume");
    await this.#context.read();
    this.#context.showWaiting("said-back", ticket);
  }
}
