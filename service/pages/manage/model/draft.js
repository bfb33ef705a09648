/**
 * The hall document as one manager is changing it: what was read, what it is now, what that would do, and saving it.
 *
 * Events: `change` (a value is another), `effect` (the dry run is another), `theirs` (somebody else saved meanwhile), `anew` (saved,
 * discarded, merged, or read again: any number of values and things are others).
 */

import { Refused, Unreached } from "/pages/api.js";
import { faultsOf } from "./check.js";
import { rekeyed, toDocument, toForm } from "./form.js";
import { decide, differences, merge } from "./merge.js";
import { at, put, same } from "./values.js";

// After the last key: long enough not to ask for each digit, short enough to be there when the eye moves over.
const SETTLE_MS = 300;

/** @typedef {import("./values.js").Path} Path */
/** @typedef {import("./check.js").Fault & {why?: string}} Fault */
/** @typedef {{document: any, form: any, etag: string}} Base */
/**
 * What saving would do: `asking` until the answer for the form as it is has come; `faulty` when it could not be saved.
 * @typedef {{state: "none" | "asking" | "known" | "faulty" | "unreached", dryRun: any, at_ms: number, faults: Fault[]}} Effect
 */

export class Draft extends EventTarget {
  #call;
  /** @type {Map<string, Fault>} what is typed and cannot be read, by path */
  #unread = new Map();
  #timer = 0;
  /** @type {AbortController | null} */
  #asking = null;

  /** @type {Base | null} */
  base = null;
  /** @type {any} */
  form = null;
  /** @type {Effect} */
  effect = { state: "none", dryRun: null, at_ms: NaN, faults: [] };
  /** @type {(ReturnType<typeof merge> & {base: Base}) | null} what somebody else saved, beside mine, until it is decided */
  theirs = null;
  isSaving = false;

  /** @param {(method: string, path: string, options?: object) => Promise<import("/pages/api.js").Answer>} callHall */
  constructor(callHall) {
    super();
    this.#call = callHall;
  }

  /** @returns {boolean} whether there is something to save */
  get isDirty() {
    return this.base !== null && (this.#unread.size > 0 || !same(this.form, this.base.form));
  }

  /** @returns {boolean} whether it may be saved: its effect is known and is of the form as it is */
  get isReady() {
    return this.isDirty && !this.isSaving && this.effect.state === "known" && this.theirs === null;
  }

  /** @returns {import("./merge.js").Difference[]} */
  get differences() {
    return this.base === null ? [] : differences(this.base.form, this.form);
  }

  /** Read the document. What is unsaved stays, merged into what is there now. */
  async read() {
    const read = await this.#read();
    if (this.base !== null && read.etag === this.base.etag) return;
    if (this.isDirty) this.#meet(read);
    else this.#begin(read);
  }

  /** @param {Path} path */
  at(path) {
    return at(this.form, path);
  }

  /** @param {Path} path */
  was(path) {
    return at(this.base.form, path);
  }

  /** @param {Path} path */
  isEdited(path) {
    return this.#unread.has(keyOf(path)) || !same(this.at(path), this.was(path));
  }

  /** @param {Path} path @param {unknown} value undefined takes it away */
  set(path, value) {
    this.#unread.delete(keyOf(path));
    this.form = put(this.form, path, value);
    this.#changed();
  }

  /** @param {(form: any) => any} change */
  alter(change) {
    this.form = change(this.form);
    this.#changed();
  }

  /**
   * Note that what is typed at a path cannot be read: it is not lost from sight, and nothing is saved meanwhile.
   * @param {Path} path
   * @param {string} text
   */
  refuse(path, text) {
    this.#unread.set(keyOf(path), { path, text });
    this.#changed();
  }

  /** @param {Path} path @returns {Fault[]} at this path or, for a whole, below it */
  faultsAt(path, { below = false } = {}) {
    const key = keyOf(path);
    return this.effect.faults.filter((fault) => keyOf(fault.path) === key || (below && keyOf(fault.path).startsWith(`${key}/`)));
  }

  discard() {
    this.form = this.base.form;
    this.#unread.clear();
    this.#changed();
    this.#tell("anew");
  }

  /** Ask at once what the form would do. */
  ask() {
    clearTimeout(this.#timer);
    this.#asking?.abort();
    this.#asking = null;
    const faults = [...this.#unread.values(), ...faultsOf(this.form, (path) => this.isEdited(path))];
    if (faults.length > 0) {
      this.#effect({ state: "faulty", faults });
      return;
    }
    this.#effect({ state: "asking", faults: [] });
    this.#timer = setTimeout(() => this.#tryOut(), SETTLE_MS);
  }

  /** Save; the answer is the new base. A change by somebody else meanwhile becomes `theirs`. */
  async save() {
    if (!this.isReady) return;
    this.isSaving = true;
    this.#tell("effect");
    const { document, pathOf } = toDocument(this.form, this.base);
    try {
      const { body, etag } = await this.#call("PUT", "document", { body: document, ifMatch: this.base.etag });
      this.isSaving = false;
      this.#begin({ document: body, form: toForm(body), etag });
    } catch (reason) {
      this.isSaving = false;
      if (!(reason instanceof Refused)) {
        this.#tell("effect");
        throw reason;
      }
      if (reason.code === "document-conflict") await this.read();
      else if (reason.code === "body-invalid") this.#effect({ state: "faulty", faults: faultsSaid(reason.problem, pathOf) });
      this.#tell("effect");
      if (reason.code !== "document-conflict" && reason.code !== "body-invalid") throw reason;
    }
  }

  /**
   * Go on with both: theirs as the base, mine on top of it, each conflict as chosen.
   * @param {(conflict: import("./merge.js").Conflict) => "mine" | "theirs"} choose
   */
  settle(choose) {
    const { base, merged, conflicts } = this.theirs;
    this.base = base;
    this.form = decide(merged, conflicts, choose);
    this.theirs = null;
    this.#unread.clear();
    this.#changed();
    this.#tell("anew");
  }

  async #read() {
    const { body, etag } = await this.#call("GET", "document");
    return { document: body, form: toForm(body), etag };
  }

  #begin(base) {
    this.base = base;
    this.form = base.form;
    this.theirs = null;
    this.#unread.clear();
    this.#changed();
    this.#tell("anew");
  }

  #meet(theirs) {
    this.theirs = { base: theirs, ...merge(this.base.form, rekeyed(this.form), theirs.form) };
    this.#tell("theirs");
    this.#tell("effect");
  }

  #changed() {
    this.ask();
    this.#tell("change");
  }

  async #tryOut() {
    const asking = new AbortController();
    this.#asking = asking;
    const { document, pathOf } = toDocument(this.form, this.base);
    try {
      const { body } = await this.#call("PUT", "document", { body: document, query: { dry_run: 1 }, signal: asking.signal });
      if (asking.signal.aborted) return;
      this.#effect({ state: "known", dryRun: body, at_ms: Date.now(), faults: [] });
      if (`"${body.revision}"` !== this.base.etag && this.theirs === null) await this.read();
    } catch (reason) {
      if (asking.signal.aborted) return;
      if (reason instanceof Refused && reason.code === "body-invalid") {
        this.#effect({ state: "faulty", faults: faultsSaid(reason.problem, pathOf) });
      } else if (reason instanceof Refused || reason instanceof Unreached) {
        this.#effect({ state: "unreached", faults: [] });
      } else {
        throw reason;
      }
    }
  }

  /** What was known last stays in sight while the next is computed. */
  #effect(change) {
    this.effect = { ...this.effect, ...change };
    this.#tell("effect");
  }

  #tell(name) {
    this.dispatchEvent(new Event(name));
  }
}

function faultsSaid(problem, pathOf) {
  return (problem.errors ?? []).map(({ path, why }) => ({ path: pathOf(path), text: "fault-refused", why }));
}

function keyOf(path) {
  return path.join("/");
}
