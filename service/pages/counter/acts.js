/**
 * What a clerk may do, by the state of the counter: the main button, the grid of eight places, and what is always there.
 *
 * What an act came to is said when the counter has been read anew: who hears it may press the next key. That help was
 * called, or something taken back, is said at once: it is of no key, and others may be pressed meanwhile.
 */

import { Refused } from "/pages/api.js";
import { wholeNumber } from "/pages/codes.js";
import { isSaid, say } from "/pages/texts.js";
import { wordsOf } from "/pages/ui.js";
import { forgetBegun, keepBegun } from "./begun.js";
import { askClose, askConditional, askNumber, askOpen, askPapers, askPark, askPause, askReason, askService, askSlip, askTicket, askTransfer } from "./dialogs.js";
import { list } from "./words.js";

/** @typedef {{id: string, key?: string, label: string, run: () => Promise<unknown>, pressed?: boolean} | null} Act */

// With these a person has gone on, or it is too late; any other refusal may pass while the offer stands.
const GONE_ON = new Set(["wrong-state", "code-used", "ticket-not-found"]);

// Parts of the queue: who can be called, who is not at a counter, and everybody.
const WAITING = ["waiting", "standby"];
const LINE = [...WAITING, "parked"];
const QUEUE = ["called", ...LINE];

/** The acts of one counter. */
export class Acts {
  /** What is to be looked at when the hall was read, for each question on the screen. @type {Set<() => void>} */
  #questions = new Set();

  constructor({ state, ofHall, counterId, checklist, toast, say: tell, read, now_ms }) {
    Object.assign(this, { state, ofHall, counterId, checklist, toast, tell, read, now_ms });
  }

  get #isStaff() {
    return this.state.roles.has("staff");
  }

  /** Whether this counter is theirs to work at: any of them staff's, those of an optional stage volunteers' too. */
  get #worksHere() {
    return this.#isStaff || this.#isOptional(this.state.counter?.stage);
  }

  #isOptional(stage) {
    return this.state.words?.stages.get(stage)?.optional === true;
  }

  // What is offered.

  /**
   * The main button: what Enter does.
   * @param {string} view
   * @returns {{label: string, then?: [string, string], run: (() => Promise<boolean>) | null} | null} `run` tells whether somebody was called
   */
  main(view) {
    const { next, words, counter, stopped } = this.state;
    if (!counter) return null;
    if (!this.#worksHere) return { label: say("main-of-staff"), run: null };
    const here = words?.counter({ id: this.counterId, stage: counter.stage });
    switch (view) {
      case "closed":
      case "paused":
        return { label: say(view === "closed" ? "main-open" : "main-resume"), run: () => this.#open() };
      case "idle":
        if (stopped) return { label: this.offWords(stopped), run: null };
        if (!next) return { label: say("main-nobody"), run: null };
        return { label: say("main-next"), then: [next.number, say("to-counter", { counter: here })], run: () => this.#next() };
      case "called":
      case "serving":
        return this.#mainWithPerson();
      default:
        return null;
    }
  }

  /** @param {"suspended" | "early" | "over"} stopped @returns {string} that nobody is called now */
  offWords(stopped) {
    if (stopped === "suspended") return say("main-suspended");
    return stopped === "early" ? say("main-early", { time: this.state.times.time(this.state.queue.calls_from_at) }) : say("main-over");
  }

  /** Where nobody is called after them the person is finished all the same. */
  #mainWithPerson() {
    const { next, words, ticket, pauseAfter, stopped } = this.state;
    const withNext = !pauseAfter && !stopped;
    const then = !next || !withNext ? undefined : [next.number, list([words.service(next.service), say("ticket-class", { class: next.class })])];
    if (this.checklist.isOpen) {
      const missing = this.checklist.missing.length;
      const label = missing > 0 ? say(withNext ? "main-park-next" : "main-park", { count: missing }) : say(withNext ? "main-complete-next" : pauseAfter ? "main-complete-pause" : "main-complete");
      return { label, then, run: () => this.#papersThenNext(missing > 0 ? "park" : "advance", withNext) };
    }
    if (pauseAfter) return { label: say("main-finish-pause"), run: () => this.#finishAndPause() };
    const isLast = words.isLast(ticket);
    if (!withNext) return { label: say(isLast ? "main-finish" : "main-advance"), run: () => this.#finish() };
    return { label: say(isLast ? "main-finish-next" : "main-advance-next"), then, run: () => this.#next({ outcome: "done" }) };
  }

  /**
   * The grid: each act keeps its place and its key.
   * @param {string} view
   * @param {{canMark?: boolean}} options whether no-show is offered already
   * @returns {Act[]}
   */
  grid(view, { canMark = false } = {}) {
    const act = (id, key, run, pressed) => ({ id, key, label: say(`act-${id}`), run, pressed });
    const park = act("park", "P", () => this.#park());
    const papers = act("papers", "M", () => this.#papersHere());
    const letThrough = this.checklist.isOpen && this.checklist.missing.length > 0 ? act("let-through", "F", () => this.#papersThenNext("advance", false)) : null;
    if (!this.#worksHere) return view === "idle" ? [act("find", "/", () => this.#find())] : view === "called" || view === "serving" ? [papers] : [];
    const transfer = this.#isStaff ? act("transfer", "T", () => this.#transfer()) : null;
    const bringBack = this.#isStaff ? act("bring-back", "I", () => this.#bringBack()) : null;
    const pauseAfter = act("pause-after", "L", () => this.#pauseOrNot(), this.state.pauseAfter !== null);
    const rest = [park, transfer, act("put-back", "B", () => this.#putBack()), this.checklist.isOpen ? (view === "called" ? letThrough : null) : papers, pauseAfter];
    switch (view) {
      case "closed":
        return [act("open-some", "O", () => this.#openSome())];
      case "paused":
        return [null, null, null, act("close", "Q", () => this.#close())];
      case "idle":
        return [act("find", "/", () => this.#find()), bringBack, this.state.pauseAfter ? pauseAfter : act("pause", "L", () => this.#pause()), act("close", "Q", () => this.#close())];
      case "called":
        return [act("start", "S", () => this.#start()), act("recall", "R", () => this.#recall()), canMark ? act("no-show", "X", () => this.#noShow()) : null, ...rest];
      case "serving":
        return [
          letThrough ?? act("finish", "F", () => this.#finish()),
          act("conditional", "C", () => this.#conditional()),
          act("refer", "D", () => this.#refer()),
          ...rest,
        ];
      default:
        return [];
    }
  }

  /**
   * What has a key in every state, whether or not the grid shows it.
   * @param {string} view
   * @param {object | null} chosen the ticket of the chosen row
   * @returns {Act[]}
   */
  always(view, chosen) {
    if (view === "signed-out") return [];
    const act = (id, key, run) => ({ id, key, label: say(`act-${id}`), run });
    const found = [act("find", "/", () => this.#find())];
    if (this.#isStaff) {
      found.push(act("bring-back", "I", () => this.#bringBack()));
      if (chosen) found.push(act("green", "G", () => this.#green(chosen)));
    }
    if (this.#worksHere && view !== "closed") found.push(act("close", "Q", () => this.#close()));
    return found;
  }

  // Questions about somebody.

  /** The hall was read. */
  heard() {
    for (const look of this.#questions) look();
  }

  /**
   * Ask something about somebody for as long as they are there: when they have gone the question goes too, and this is said.
   * @param {object} about
   * @param {() => boolean} about.isThere
   * @param {string} about.gone what is said when they are not
   * @param {(act: (...given: any[]) => Promise<unknown>, signal: AbortSignal) => Promise<unknown>} ask
   * @param {(...given: any[]) => Promise<unknown>} [act] what the question is asked for
   */
  async #askAbout({ isThere, gone }, ask, act) {
    const ending = new AbortController();
    const look = () => {
      if (!isThere()) ending.abort();
    };
    // What is refused may be so because they have gone: the page looks now, and not with the next frame.
    const tried = async (...given) => {
      try {
        return await act(...given);
      } catch (reason) {
        if (reason instanceof Refused) this.read();
        throw reason;
      }
    };
    this.#questions.add(look);
    look();
    try {
      const given = await ask(tried, ending.signal);
      if (given === null && ending.signal.aborted) this.tell(gone, "heed");
      return given;
    } finally {
      this.#questions.delete(look);
    }
  }

  /** Whether a ticket is in one of these parts of the queue. */
  #isIn(parts, id) {
    return parts.some((part) => this.state.queue[part].some((one) => one.id === id));
  }

  /** Of the person here. */
  #here({ id, number }, gone = "gone-here") {
    return { isThere: () => this.state.ticket?.id === id, gone: say(gone, { number }) };
  }

  /** Of somebody in the line, or in another part of the queue. */
  #inQueue({ id, number }, parts = LINE) {
    return { isThere: () => this.#isIn(parts, id), gone: say("gone-queue", { number }) };
  }

  // The counter.

  #counter(act, body) {
    return this.ofHall("POST", `counters/${encodeURIComponent(this.counterId)}/${act}`, { body: body ?? {} });
  }

  #ticket(id, act, body) {
    return this.ofHall("POST", `tickets/${id}/${act}`, { body: body ?? {} });
  }

  async #open(body) {
    this.#forgetPause();
    await this.#counter("open", body);
    await this.read();
    return false;
  }

  #openSome() {
    return askOpen(this.state.counter, this.state.words, (body) => this.#open(body));
  }

  async #pause() {
    await askPause(null, this.state.words, async (asked) => {
      await this.#beginPause(asked);
      await this.read();
      return true;
    });
  }

  /** With a person here: after them, or at once; pressed again, not at all. */
  async #pauseOrNot() {
    if (this.state.pauseAfter) {
      this.#pauseAfterThis(null);
      await this.read();
      return;
    }
    const { ticket, words } = this.state;
    await this.#askAbout(this.#here(ticket, "gone-stop"), (act, signal) => askPause(ticket, words, act, signal), async (asked, after) => {
      if (after) this.#pauseAfterThis(asked);
      else await this.#beginPause(asked, ticket);
      await this.read();
      if (!after) this.#tellPutBack(ticket);
      return true;
    });
  }

  #pauseAfterThis(asked) {
    this.state.pauseAfter = asked;
    if (this.state.ticket) keepBegun(this.state.ticket.id, { pauseAfter: asked });
    else forgetBegun();
  }

  /** A break begins now, however long ago it was asked for; only the person it was asked about is put back. */
  #beginPause({ reason, minutes, release }, present = null) {
    const until_at = minutes ? new Date(this.now_ms() + minutes * 60_000).toISOString() : null;
    return this.#counter("pause", { reason, until_at, ...(release && present ? { release, present: present.id } : {}) });
  }

  /** The break that was to begin after the person who has gone: refused, it is not tried again after the next. */
  #beginPauseAfter({ reason, minutes }) {
    this.#forgetPause();
    return this.#beginPause({ reason, minutes, release: false });
  }

  /** Who works here next asked for no break. */
  signedOut() {
    this.#pauseAfterThis(null);
  }

  #forgetPause() {
    this.state.pauseAfter = null;
    forgetBegun();
  }

  async #close() {
    const { ticket } = this.state;
    if (ticket === null) {
      await this.#counter("close");
      await this.read();
      return;
    }
    await this.#askAbout(this.#here(ticket, "gone-stop"), (act, signal) => askClose(ticket, act, signal), async (body) => {
      await this.#counter("close", body);
      await this.read();
      return true;
    });
  }

  // Calling.

  /** @param {object} [finish] @param {{quiet?: boolean}} [options] `quiet`: of what was done before is said already */
  async #next(finish, { quiet = false } = {}) {
    const { ticket: before } = this.state;
    // Whose visit ends is said: at a page that is behind, or with two clerks at one counter, it is nobody else's.
    const { status, body } = await this.#counter("next", finish ? { finish: { ...finish, ticket: before.id } } : {});
    const called = status === 204 ? null : body.ticket;
    await this.read();
    if (finish && before) this.#offerUndo(before, called);
    if (!called && !finish && !quiet) this.tell(say("said-nobody"), "", () => !this.state.ticket && !this.state.next);
    return called !== null;
  }

  /** Say something of a ticket for as long as it is in one of these parts of the queue. */
  #tellIn(parts, id, args, ticket) {
    this.tell(say(id, args), "", () => this.#isIn(parts, ticket.id));
  }

  #tellWaits(id, ticket) {
    this.#tellIn(WAITING, id, { number: ticket.number }, ticket);
  }

  /** Back at their place, or, on a day that is closed, gone: nobody waits any more. */
  #tellPutBack(ticket) {
    if (this.state.queue.calls_from_at === null && !this.#isIn(QUEUE, ticket.id)) this.tell(say("said-unserved", { number: ticket.number }));
    else this.#tellWaits("said-put-back", ticket);
  }

  /** On at the next stage, unless the day is closed. @param {object} answered the ticket as it is now */
  #tellSentOn({ number, state }) {
    this.tell(say(state === "left" ? "said-unserved" : "said-sent-on", { number }));
  }

  async #call(ticket, reason) {
    await this.#counter("call", { ticket: ticket.id, reason });
    await this.read();
    return true;
  }

  #find() {
    const { queue, words } = this.state;
    const all = [...queue.waiting, ...queue.standby, ...queue.parked];
    let found = null;
    return askNumber(all, words, (number) => {
      found = all.find((ticket) => ticket.number === wholeNumber(number));
      if (!found) throw new RangeError(number);
      return true;
    }).then((chosen) => (chosen ? this.openTicket(found) : null));
  }

  /** All about one in the line, and what may be done with them. */
  async openTicket(ticket) {
    const { words, times, counter } = this.state;
    const isTheirs = this.#isStaff || (this.#worksHere && this.#isOptional(ticket.stage));
    const here = isTheirs && counter.state === "open" && this.state.ticket === null;
    const parked = ticket.state === "parked";
    const choices = [
      here && !parked ? { id: "call", label: say("choice-call"), key: "" } : null,
      isTheirs && parked ? { id: "resume", label: say("choice-resume"), key: "" } : null,
      !parked && words.papers(ticket.service).length > 0 ? { id: "papers", label: say("act-papers"), key: "M" } : null,
      this.#isStaff && ticket.class !== "green" ? { id: "green", label: say("act-green"), key: "G" } : null,
    ].filter(Boolean);
    const chosen = await this.#askAbout(this.#inQueue(ticket), (_, signal) => askTicket({ ticket, words, times, now_ms: this.now_ms(), choices, signal }));
    if (chosen === "call") await this.#callAnyway(ticket);
    else if (chosen === "resume") await this.#resume(ticket);
    else if (chosen === "papers") await this.#papersOf(ticket, this.#inQueue(ticket, QUEUE));
    else if (chosen === "green") await this.#green(ticket);
  }

  #callAnyway(ticket) {
    const { words } = this.state;
    const title = say("call-title", { number: ticket.number });
    return this.#askAbout(this.#inQueue(ticket, WAITING), (act, signal) => askReason(title, say("call-about"), say("choice-call"), words, act, signal), ({ reason }) => this.#call(ticket, reason));
  }

  async #green(ticket) {
    const { body: rules } = await this.ofHall("GET", "rules");
    const { words } = this.state;
    const title = say("green-title", { number: ticket.number });
    const about = say("green-about", { minutes: Math.round(rules.credit_s.green / 60) });
    return this.#askAbout(this.#inQueue(ticket), (act, signal) => askReason(title, about, say("act-green"), words, act, signal), async ({ reason }) => {
      await this.ofHall("PATCH", `tickets/${ticket.id}`, { body: { class: "green", reason } });
      await this.read();
      this.tell(say("said-green", { number: ticket.number }));
      return true;
    });
  }

  /** Somebody has come: with the code of a booking, a slip or an invitation, or is back and says a number. */
  #bringBack() {
    const { times } = this.state;
    const wordsFor = (reason) => {
      if (reason instanceof RangeError) return say("slip-none");
      if (!(reason instanceof Refused) || !isSaid(`slip-${reason.code}`)) return null;
      const { opens_at, on } = reason.problem;
      return say(`slip-${reason.code}`, { time: opens_at ? times.time(opens_at) : "", day: on ? times.day(on) : "" });
    };
    return askSlip(async (slip) => {
      const code = slip.replaceAll(/[\s-]/g, "");
      if (/^[0-9A-Z]{8}$/.test(code)) return this.#checkIn({ code });
      const { body } = await this.ofHall("POST", "search", { body: { number: wholeNumber(slip) } });
      const ofToday = body.items.filter(({ day }) => day === this.state.queue.day); // yesterday's had the same numbers
      const ticket = ofToday.find(({ state }) => state === "parked" || state === "no_show") ?? ofToday[0];
      if (!ticket) throw new RangeError(slip);
      await this.#resume(ticket);
      return true;
    }, wordsFor);
  }

  /** Any code we gave; an invitation for any service asks which. */
  async #checkIn(body) {
    let answer;
    try {
      answer = await this.ofHall("POST", "check-ins", { body });
    } catch (reason) {
      const asksService = reason instanceof Refused && reason.code === "body-invalid" && reason.problem.errors?.[0]?.path === "service";
      if (!asksService || body.service) throw reason;
      const service = await askService(this.state.words);
      return service === null ? null : this.#checkIn({ ...body, service });
    }
    await this.read();
    this.#tellWaits(answer.status === 201 ? "said-checked-in" : "said-back", answer.body);
    return true;
  }

  async #resume(ticket) {
    await this.#ticket(ticket.id, "resume");
    await this.read();
    this.#tellWaits("said-back", ticket);
  }

  // The person here.

  async #start() {
    await this.#ticket(this.state.ticket.id, "start");
    await this.read();
  }

  async #recall() {
    const { ticket } = this.state;
    await this.#ticket(ticket.id, "recall");
    await this.read();
    this.tell(say("said-recalled", { number: ticket.number, count: ticket.calls + 1 }));
  }

  async #noShow() {
    const { ticket } = this.state;
    await this.#ticket(ticket.id, "no-show");
    await this.read();
    this.toast.show(() => say("said-no-show", { number: ticket.number }), () => this.#undo(ticket, null), this.state.words.desk.rules.undo_within_s);
  }

  async #finish(ticket = this.state.ticket, finish = { outcome: "done" }) {
    const { body } = await this.#ticket(ticket.id, "finish", finish);
    await this.read();
    this.#offerUndo(ticket, null, body);
    return false;
  }

  async #finishAndPause() {
    const { pauseAfter } = this.state;
    await this.#finish();
    await this.#beginPauseAfter(pauseAfter);
    await this.read();
    return false;
  }

  #conditional() {
    const { ticket, words, times } = this.state;
    const today = times.on(this.now_ms());
    return this.#askAbout(this.#here(ticket), (act, signal) => askConditional(ticket, words, today, act, signal), async (finish) => {
      await this.#finish(ticket, finish);
      return true;
    });
  }

  #refer() {
    return this.#finish(this.state.ticket, { outcome: "referred" });
  }

  async #park() {
    const { ticket, words } = this.state;
    await this.#askAbout(this.#here(ticket), (act, signal) => askPark(ticket, words, act, signal), async ({ missing, reason }) => {
      if (missing.length > 0) await this.#ticket(ticket.id, "papers", { missing, then: "park" });
      else await this.#ticket(ticket.id, "park", { reason });
      await this.read();
      this.#tellParked(ticket);
      return true;
    });
  }

  #tellParked(ticket) {
    this.#tellIn(["parked"], "said-parked", { number: ticket.number }, ticket);
  }

  /** On to another service or counter, which is named; with neither chosen they are put back. */
  async #transfer() {
    const { ticket, counter, words } = this.state;
    await this.#askAbout(this.#here(ticket), (act, signal) => askTransfer(ticket, counter, words, act, signal), async (body) => {
      const { body: moved } = await this.#ticket(ticket.id, "transfer", body);
      await this.read();
      const { number } = ticket;
      if (moved.state === "left") this.tell(say("said-unserved", { number }));
      else if (body.counter) this.tell(say("said-sent-to", { number, counter: words.counterById(body.counter) }));
      else if (body.service) this.tell(say("said-sent-for", { number, service: words.service(body.service) }));
      else this.#tellPutBack(ticket);
      return true;
    });
  }

  async #putBack() {
    const { ticket } = this.state;
    await this.#ticket(ticket.id, "transfer");
    await this.read();
    this.#tellPutBack(ticket);
  }

  // Papers.

  #papersHere() {
    const { ticket } = this.state;
    return this.#papersOf(ticket, this.#here(ticket));
  }

  async #papersOf(ticket, about) {
    const { words } = this.state;
    await this.#askAbout(about, (act, signal) => askPapers(ticket, words, act, signal), async ({ missing }) => {
      await this.#ticket(ticket.id, "papers", { missing, then: "stay" });
      await this.read();
      this.tell(say(missing.length > 0 ? "said-papers-missing" : "said-papers-complete", { number: ticket.number, count: missing.length }));
      return true;
    });
  }

  async #papersThenNext(then, withNext) {
    const { ticket, pauseAfter } = this.state;
    const { body } = await this.#ticket(ticket.id, "papers", { missing: this.checklist.missing, then });
    forgetBegun();
    const isLast = !pauseAfter && !withNext;
    if (isLast) await this.read();
    if (then === "park") this.#tellParked(ticket);
    else this.#tellSentOn(body);
    if (isLast) return false;
    if (pauseAfter) await this.#beginPauseAfter(pauseAfter);
    if (withNext) return this.#next(undefined, { quiet: true });
    await this.read();
    return false;
  }

  // Taking back.

  #offerUndo(finished, called, answered) {
    // A stage that ended is not over: its ticket waits again, and is not taken back.
    if (answered && answered.state !== "done") {
      this.#tellSentOn(answered);
      return;
    }
    if (!answered && !this.state.words.isLast(finished)) return;
    const { words, counter } = this.state;
    const text = () => (called ? say("said-finished-called", { number: finished.number, called: called.number, counter: words.counter(counter) }) : this.#endWords(finished.number, answered));
    this.toast.show(text, () => this.#undo(finished, called), words.desk.rules.undo_within_s);
  }

  /** How a visit ended: with what is owed, where something is. */
  #endWords(number, { outcome, missing, due_on } = {}) {
    const { words, times } = this.state;
    if (outcome === "referred") return say("said-referred", { number });
    if (outcome !== "conditional") return say("said-finished", { number });
    const args = { number, day: times.day(due_on), papers: words.codes(missing) };
    return say(missing.length > 0 ? "said-conditional" : "said-conditional-unnamed", args);
  }

  /** Back to the person before, at the counter as it was: open, and who was called since is back at their place. */
  async #undo(ticket, called) {
    const wasOpen = this.state.counter.state === "open";
    try {
      await this.#ticket(ticket.id, "undo", { ...(called ? { release: true, present: called.id } : {}), reopen: true });
      this.toast.clear();
      this.tell(say(wasOpen ? "said-undone" : "said-undone-open", { number: ticket.number }));
    } catch (reason) {
      const hasGone = reason instanceof Refused && GONE_ON.has(reason.code);
      if (hasGone) this.toast.clear();
      this.tell(hasGone ? say("said-not-undone", { number: ticket.number }) : wordsOf(reason, { number: this.state.ticket?.number ?? "" }), "heed");
    }
    await this.read();
  }

  // Help.

  async alarm() {
    await this.ofHall("POST", "alarm", { body: { counter: this.counterId } });
    const said = say("said-alarm");
    this.tell(said);
    await this.read();
    if (this.state.message?.text !== said) this.tell(said);
  }

  async clearAlarm(id) {
    await this.ofHall("DELETE", `alarm/${id}`);
    await this.read();
  }
}
