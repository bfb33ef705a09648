/**
 * The acts that a clerk is offered in each state of the counter: the main button, the grid of eight places, and acts with a key in
 * every state.
 *
 * An act reads the counter again before it shows its result: a clerk who hears the result may press the next key at once. The
 * results of an alarm and of an undo are shown before that, because other keys may be pressed meanwhile.
 */

import { say } from "/pages/texts.js";
import { CounterContext } from "./context.js";
import { LineActs } from "./line-acts.js";
import { Opening } from "./opening.js";
import { Visit } from "./visit.js";
import { list } from "./words.js";

/** @typedef {{id: string, key?: string, label: string, run: () => Promise<unknown>, pressed?: boolean} | null} Act */

/** The acts of one counter. */
export class Acts {
  #context;
  #opening;
  #visit;
  #lineActs;

  /** @param {ConstructorParameters<typeof CounterContext>[0]} options */
  constructor(options) {
    this.#context = new CounterContext(options);
    this.#opening = new Opening(this.#context);
    this.#visit = new Visit(this.#context, this.#opening);
    this.#lineActs = new LineActs(this.#context, this.#visit);
  }

  // Menus.

  /**
   * The main button, which Enter presses too.
   * @param {string} view
   * @returns {{label: string, then?: [string, string], run: (() => Promise<boolean>) | null} | null} `run` returns whether a person was called
   */
  main(view) {
    const { next, words, counter, stopped } = this.#context.state;
    if (!counter) return null;
    if (!this.#context.worksHere) return { label: say("main-of-staff"), run: null };
    const here = words?.counter({ id: this.#context.counterId, stage: counter.stage });
    switch (view) {
      case "closed":
      case "paused":
        return { label: say(view === "closed" ? "main-open" : "main-resume"), run: () => this.#opening.open() };
      case "idle":
        if (stopped) return { label: this.stoppedText(stopped), run: null };
        if (!next) return { label: say("main-nobody"), run: null };
        return { label: say("main-next"), then: [next.number, say("to-counter", { counter: here })], run: () => this.#visit.next() };
      case "called":
      case "serving":
        return this.#mainWithPerson();
      default:
        return null;
    }
  }

  /** @param {"suspended" | "early" | "over"} stopped @returns {string} why nobody is called now */
  stoppedText(stopped) {
    if (stopped === "suspended") return say("main-suspended");
    return stopped === "early" ? say("main-early", { time: this.#context.state.times.time(this.#context.state.queue.calls_from_at) }) : say("main-over");
  }

  /** The main button with a person at the counter. While calls are stopped, it finishes without calling the next person. */
  #mainWithPerson() {
    const { next, words, ticket, pauseAfter, stopped } = this.#context.state;
    const withNext = !pauseAfter && !stopped;
    const then = !next || !withNext ? undefined : [next.number, list([words.service(next.service), say("ticket-class", { class: next.class })])];
    if (this.#context.checklist.isOpen) {
      const missing = this.#context.checklist.missing.length;
      const label = missing > 0 ? say(withNext ? "main-park-next" : "main-park", { count: missing }) : say(withNext ? "main-complete-next" : pauseAfter ? "main-complete-pause" : "main-complete");
      return { label, then, run: () => this.#visit.recordPapersThenNext(missing > 0 ? "park" : "advance", withNext) };
    }
    if (pauseAfter) return { label: say("main-finish-pause"), run: () => this.#visit.finishAndPause() };
    const isLast = words.isLast(ticket);
    if (!withNext) return { label: say(isLast ? "main-finish" : "main-advance"), run: () => this.#visit.finish() };
    return { label: say(isLast ? "main-finish-next" : "main-advance-next"), then, run: () => this.#visit.next({ outcome: "done" }) };
  }

  /**
   * The grid. Each act has a fixed place and key.
   * @param {string} view
   * @param {{canMark?: boolean}} options whether no-show is offered already
   * @returns {Act[]}
   */
  grid(view, { canMark = false } = {}) {
    const act = (id, key, run, pressed) => ({ id, key, label: say(`act-${id}`), run, pressed });
    const park = act("park", "P", () => this.#visit.park());
    const papers = act("papers", "M", () => this.#visit.recordPapersHere());
    const letThrough = this.#context.checklist.isOpen && this.#context.checklist.missing.length > 0 ? act("let-through", "F", () => this.#visit.recordPapersThenNext("advance", false)) : null;
    if (!this.#context.worksHere) return view === "idle" ? [act("find", "/", () => this.#lineActs.find())] : view === "called" || view === "serving" ? [papers] : [];
    const transfer = this.#context.isStaff ? act("transfer", "T", () => this.#visit.transfer()) : null;
    const bringBack = this.#context.isStaff ? act("bring-back", "I", () => this.#lineActs.bringBack()) : null;
    const pauseAfter = act("pause-after", "L", () => this.#opening.togglePause(), this.#context.state.pauseAfter !== null);
    const rest = [park, transfer, act("put-back", "B", () => this.#visit.putBack()), this.#context.checklist.isOpen ? (view === "called" ? letThrough : null) : papers, pauseAfter];
    switch (view) {
      case "closed":
        return [act("open-some", "O", () => this.#opening.openForSome())];
      case "paused":
        return [null, null, null, act("close", "Q", () => this.#opening.close())];
      case "idle":
        return [act("find", "/", () => this.#lineActs.find()), bringBack, this.#context.state.pauseAfter ? pauseAfter : act("pause", "L", () => this.#opening.pause()), act("close", "Q", () => this.#opening.close())];
      case "called":
        return [act("start", "S", () => this.#visit.start()), act("recall", "R", () => this.#visit.recall()), canMark ? act("no-show", "X", () => this.#visit.markNoShow()) : null, ...rest];
      case "serving":
        return [
          letThrough ?? act("finish", "F", () => this.#visit.finish()),
          act("conditional", "C", () => this.#visit.finishConditionally()),
          act("refer", "D", () => this.#visit.refer()),
          ...rest,
        ];
      default:
        return [];
    }
  }

  /**
   * The acts with a key in every state, whether or not the grid shows them.
   * @param {string} view
   * @param {object | null} chosen the ticket of the chosen row
   * @returns {Act[]}
   */
  always(view, chosen) {
    if (view === "signed-out") return [];
    const act = (id, key, run) => ({ id, key, label: say(`act-${id}`), run });
    const found = [act("find", "/", () => this.#lineActs.find())];
    if (this.#context.isStaff) {
      found.push(act("bring-back", "I", () => this.#lineActs.bringBack()));
      if (chosen) found.push(act("green", "G", () => this.#lineActs.makeGreen(chosen)));
    }
    if (this.#context.worksHere && view !== "closed") found.push(act("close", "Q", () => this.#opening.close()));
    return found;
  }

  // Events of the page.

  /** Open a ticket of the line. */
  openTicket(ticket) {
    return this.#lineActs.openTicket(ticket);
  }

  /** The hall was read again. */
  onRead() {
    this.#context.endQuestions();
  }

  /** The clerk signed out. */
  onSignedOut() {
    this.#opening.clearPause();
  }

  // Alarms.

  async alarm() {
    const { ofHall, counterId, showMessage, read, state } = this.#context;
    await ofHall("POST", "alarm", { body: { counter: counterId } });
    const text = say("said-alarm");
    showMessage(text);
    await read();
    if (state.message?.text !== text) showMessage(text);
  }

  async clearAlarm(id) {
    await this.#context.ofHall("DELETE", `alarm/${id}`);
    await this.#context.read();
  }
}
