/** Draws the calls: the newest as a banner, earlier ones as stubs. */

import { lines, make, redraw } from "./element.js";
import { noneOpen } from "./staffed.js";
import { isNumbered } from "./words.js";

// Stubs under the banner; in landscape the style sheet shows four if they are wide.
const STUBS = 6;
// With a longer text two stubs do not fit side by side at a size that can be read across the hall.
const NUMBER_NARROW_MAX = 4;
const COUNTER_NARROW_MAX = 2;
// The length of “请到窗口 Go to counter”; a longer text is drawn smaller.
const PAIR_SHORT_MAX = 17;
// A counter of this length leaves no room for words beside it.
const UNIT_COUNTER_MAX = 5;

/** The part of the page that shows calls. */
export class CallsView {
  #newest;
  #list;
  /** @type {Map<string, HTMLElement>} */
  #stubs = new Map();
  #ghosts = Array.from({ length: STUBS }, () => make("li.call.ghost", { "aria-hidden": true }, make("div"), make("i.tear"), make("div")));

  /**
   * @param {HTMLElement} newest
   * @param {HTMLElement} list
   */
  constructor(newest, list) {
    this.#newest = newest;
    this.#list = list;
    // Otherwise a row that was hidden for lack of room would be animated again when there is room.
    list.addEventListener("animationend", (event) => event.target.classList.remove("arriving"));
  }

  /**
   * @param {object} facts
   * @param {import("./words.js").Words} facts.words
   * @param {object} facts.board
   * @param {import("./calls.js").Call | null} facts.call the newest now
   * @param {boolean} facts.fresh its turn begins
   * @param {boolean} facts.stale
   * @param {import("./words.js").Said[] | null} facts.opens when the hall opens, while numbers are given out before that
   */
  draw({ words, board, call, fresh, stale, opens }) {
    const stageOf = (counter) => words.of(board.names.stages[board.names.counters[counter]?.stage]);
    this.#drawNewest(words, board, call, stale, call ? stageOf(call.counter) : [], opens);
    if (fresh) this.#flash();
    const others = board.called.filter((other) => other.number !== call?.number).slice(0, STUBS);
    this.#drawStubs(others, words, stageOf, stale);
    const wide = others.some(({ number, counter }) => number.length > NUMBER_NARROW_MAX || counter.length > COUNTER_NARROW_MAX);
    this.#list.classList.toggle("wide", wide);
  }

  #drawNewest(words, board, call, stale, stage, opens) {
    const box = this.#newest;
    const [idle, idleHint] = noneOpen(board) && !opens ? ["noneOpen", "noneOpenHint"] : ["noCalls", "noCallsHint"];
    const [nothing, hint] = [words.say(idle), opens ? words.say("opens", opens) : words.say(idleHint)];
    box.classList.toggle("ghost", call === null);
    for (const name of ["number", "counter", "again"]) {
      if (call) box.dataset[name] = call[name];
      else delete box.dataset[name];
    }
    redraw(box, [words.languages, call, stale, stage, nothing, hint], () => {
      if (call === null) {
        return [
          make("div.who", {}, make("div.nothing", {}, lines(nothing)), make("div.hint", {}, lines(hint))),
          make("i.tear"),
          make("div.where"),
        ];
      }
      const who = stale ? "lastShown" : call.again > 0 ? "calledAgain" : "nowCalling";
      const where = words.say(stale ? "stage" : "goTo", stage);
      return [
        make("div.who", {}, pair(words.say(who)), number(call.number)),
        make("i.tear"),
        make("div.where", {}, pair(where), number(call.counter)),
      ];
    });
  }

  #flash() {
    const box = this.#newest;
    box.classList.remove("fresh");
    void box.offsetWidth; // without this layout the animation of a second call would not start again
    box.classList.add("fresh");
  }

  #drawStubs(calls, words, stageOf, stale) {
    const stubs = calls.map((call) => {
      const known = this.#stubs.get(call.number);
      const stub = known ?? make("li.call.arriving");
      const again = call.again > 0 && !stale;
      const stage = stageOf(call.counter);
      Object.assign(stub.dataset, { number: call.number, counter: call.counter, again: call.again });
      stub.classList.toggle("again", again);
      redraw(stub, [words.languages, call, again, stage], () => [
        make("div.who", {}, number(call.number)),
        make("i.tear"),
        make("div.where", {}, number(call.counter), again || call.counter.length <= UNIT_COUNTER_MAX ? make("div.unit", {}, lines(again ? words.say("calledAgain") : words.say("unit", stage, isNumbered(call.counter)), "span")) : null),
      ]);
      return [call.number, stub];
    });
    this.#stubs = new Map(stubs);
    const wanted = [...this.#stubs.values(), ...this.#ghosts.slice(this.#stubs.size)];
    // Removing a row and adding it again would restart its animation.
    if (wanted.length !== this.#list.children.length || wanted.some((row, index) => this.#list.children[index] !== row)) {
      for (const row of this.#list.children) row.classList.remove("arriving");
      this.#list.replaceChildren(...wanted);
    }
  }
}

/** Words over a number, on one line. */
function pair(texts) {
  const length = texts.reduce((sum, { text }) => sum + text.length, 0);
  return make("div.pair", { "data-length": length > PAIR_SHORT_MAX ? "long" : null }, lines(texts, "span"));
}

/** A number readable across the hall; the style sheet finds the size from its length. */
function number(text) {
  return make("p.number", { "data-length": Math.min(text.length, 10) }, text);
}
