/**
 * The hall document while a manager edits it: the version that was read, the edited form, the effect that saving would have, and saving.
 *
 * Events: `change` (a value has changed), `effect` (the effect has changed), `theirs` (another manager has saved in the meantime),
 * `reset` (saved, discarded, merged, or read again: any number of values and items may have changed).
 */

import { Refused, Unreached } from "/pages/api.js";
import { faultsOf } from "./check.js";
import { rekeyed, toDocument, toForm } from "./form.js";
import { decide, differences, merge } from "./merge.js";
import { at, put, same } from "./values.js";

// The dry run starts this long after the last key, so that there is not one for each digit.
const DRY_RUN_DELAY_MS = 300;

/** @typedef {import("./values.js").Path} Path */
/** @typedef {import("./check.js").Fault & {why?: string}} Fault */
/** @typedef {{document: any, form: any, etag: string}} Base */
/**
 * The effect of saving: `asking` until the dry run of the current form is answered; `faulty`: the form cannot be saved.
 * @typedef {{state: "none" | "asking" | "known" | "faulty" | "unreached", dryRun: any, at_ms: number, faults: Fault[]}} Effect
 */

/** The edited document. */
export class Draft extends EventTarget {
  #call;
  /** Faults of inputs that cannot be parsed, by path. @type {Map<string, Fault>} */
  #unparsed = new Map();
  #timer = 0;
  /** Aborts the running dry run. @type {AbortController | null} */
  #dryRun = null;

  /** The version that was read or saved last. @type {Base | null} */
  base = null;
  /** The edited form. @type {any} */
  form = null;
  /** @type {Effect} */
  effect = { state: "none", dryRun: null, at_ms: NaN, faults: [] };
  /** The version that another manager saved, merged with mine, until the conflicts are resolved. @type {(ReturnType<typeof merge> & {base: Base}) | null} */
  theirs = null;
  isSaving = false;

  /** @param {(method: string, path: string, options?: object) => Promise<import("/pages/api.js").Answer>} callHall */
  constructor(callHall) {
    super();
    this.#call = callHall;
  }

  /** @returns {boolean} whether there are unsaved edits */
  get isDirty() {
    return this.base !== null && (this.#unparsed.size > 0 || !same(this.form, this.base.form));
  }

  /** @returns {boolean} whether the form can be saved: its current effect is known */
  get isReady() {
    return this.isDirty && !this.isSaving && this.effect.state === "known" && this.theirs === null;
  }

  /** @returns {import("./merge.js").Difference[]} */
  get differences() {
    return this.base === null ? [] : differences(this.base.form, this.form);
  }

  /** Read the document. Unsaved edits stay, and are merged with the version that was read. */
  async read() {
    const read = await this.#read();
    if (this.base !== null && read.etag === this.base.etag) return;
    if (this.isDirty) this.#mergeWith(read);
    else this.#setBase(read);
  }

  /** The edited value. @param {Path} path */
  at(path) {
    return at(this.form, path);
  }

  /** The value before the edits. @param {Path} path */
  was(path) {
    return at(this.base.form, path);
  }

  /** @param {Path} path */
  isEdited(path) {
    return this.#unparsed.has(keyOf(path)) || !same(this.at(path), this.was(path));
  }

  /** Change a value. @param {Path} path @param {unknown} value undefined removes it */
  set(path, value) {
    this.#unparsed.delete(keyOf(path));
    this.form = put(this.form, path, value);
    this.#onChanged();
  }

  /** Change the whole form. @param {(form: any) => any} change */
  alter(change) {
    this.form = change(this.form);
    this.#onChanged();
  }

  /**
   * Note that the input at a path cannot be parsed. The form cannot be saved until it can.
   * @param {Path} path
   * @param {string} text id of the fault's text
   */
  refuse(path, text) {
    this.#unparsed.set(keyOf(path), { path, text });
    this.#onChanged();
  }

  /** The faults at a path. @param {Path} path @param {{below?: boolean}} [options] `below`: include those below the path @returns {Fault[]} */
  faultsAt(path, { below = false } = {}) {
    const key = keyOf(path);
    return this.effect.faults.filter((fault) => keyOf(fault.path) === key || (below && keyOf(fault.path).startsWith(`${key}/`)));
  }

  discard() {
    this.form = this.base.form;
    this.#unparsed.clear();
    this.#onChanged();
    this.#dispatch("reset");
  }

  /** Check the form, and start its dry run after a short delay. */
  requestEffect() {
    clearTimeout(this.#timer);
    this.#dryRun?.abort();
    this.#dryRun = null;
    const faults = [...this.#unparsed.values(), ...faultsOf(this.form, (path) => this.isEdited(path))];
    if (faults.length > 0) {
      this.#setEffect({ state: "faulty", faults });
      return;
    }
    this.#setEffect({ state: "asking", faults: [] });
    this.#timer = setTimeout(() => this.#runDry(), DRY_RUN_DELAY_MS);
  }

  /** Save the form. The answer becomes the new base. A version that another manager saved in the meantime becomes `theirs`. */
  async save() {
    if (!this.isReady) return;
    this.isSaving = true;
    this.#dispatch("effect");
    const { document, pathOf } = toDocument(this.form, this.base);
    try {
      const { body, etag } = await this.#call("PUT", "document", { body: document, ifMatch: this.base.etag });
      this.isSaving = false;
      this.#setBase({ document: body, form: toForm(body), etag });
    } catch (reason) {
      this.isSaving = false;
      if (!(reason instanceof Refused)) {
        this.#dispatch("effect");
        throw reason;
      }
      if (reason.code === "document-conflict") await this.read();
      else if (reason.code === "body-invalid") this.#setEffect({ state: "faulty", faults: faultsOfProblem(reason.problem, pathOf) });
      this.#dispatch("effect");
      if (reason.code !== "document-conflict" && reason.code !== "body-invalid") throw reason;
    }
  }

  /**
   * Continue with both versions: theirs as the base, my edits on top of it, and each conflict as chosen.
   * @param {(conflict: import("./merge.js").Conflict) => "mine" | "theirs"} choose
   */
  resolve(choose) {
    const { base, merged, conflicts } = this.theirs;
    this.base = base;
    this.form = decide(merged, conflicts, choose);
    this.theirs = null;
    this.#unparsed.clear();
    this.#onChanged();
    this.#dispatch("reset");
  }

  async #read() {
    const { body, etag } = await this.#call("GET", "document");
    return { document: body, form: toForm(body), etag };
  }

  #setBase(base) {
    this.base = base;
    this.form = base.form;
    this.theirs = null;
    this.#unparsed.clear();
    this.#onChanged();
    this.#dispatch("reset");
  }

  #mergeWith(theirs) {
    this.theirs = { base: theirs, ...merge(this.base.form, rekeyed(this.form), theirs.form) };
    this.#dispatch("theirs");
    this.#dispatch("effect");
  }

  #onChanged() {
    this.requestEffect();
    this.#dispatch("change");
  }

  async #runDry() {
    const running = new AbortController();
    this.#dryRun = running;
    const { document, pathOf } = toDocument(this.form, this.base);
    try {
      const { body } = await this.#call("PUT", "document", { body: document, query: { dry_run: 1 }, signal: running.signal });
      if (running.signal.aborted) return;
      this.#setEffect({ state: "known", dryRun: body, at_ms: Date.now(), faults: [] });
      if (`"${body.revision}"` !== this.base.etag && this.theirs === null) await this.read();
    } catch (reason) {
      if (running.signal.aborted) return;
      if (reason instanceof Refused && reason.code === "body-invalid") {
        this.#setEffect({ state: "faulty", faults: faultsOfProblem(reason.problem, pathOf) });
      } else if (reason instanceof Refused || reason instanceof Unreached) {
        this.#setEffect({ state: "unreached", faults: [] });
      } else {
        throw reason;
      }
    }
  }

  /** Change the effect. The last dry run stays visible until the next one is answered. */
  #setEffect(change) {
    this.effect = { ...this.effect, ...change };
    this.#dispatch("effect");
  }

  #dispatch(name) {
    this.dispatchEvent(new Event(name));
  }
}

/** The faults that a refusal of the service names. */
function faultsOfProblem(problem, pathOf) {

  return (problem.errors ?? []).map(({ path, why }) => ({ path: pathOf(path), text: "fault-refused", why }));
}

function keyOf(path) {
  return path.join("/");
}
