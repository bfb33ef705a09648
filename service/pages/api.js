/**
 * Calls to the service.
 *
 * An act is done once however often it is sent: its idempotency key is drawn before the first attempt, and the same request goes
 * out again until its outcome is definite. What is under way is told by the event `paihao:calls` on the document, so that a page
 * can say "checking" instead of nothing.
 */

const ATTEMPT_MS = 8000;
// An act whose outcome stays unknown so long is handed back to the person: done late, it would surprise those who gave up on it.
const PATIENCE_MS = 60_000;
// A file of some megabytes over a slow line.
const FILE_MS = 120_000;
const RETRY_FIRST_MS = 250;
const RETRY_MAX_MS = 3000;
const READS = new Set(["GET", "HEAD"]);
// No answer of ours, or ours saying that nothing is definite yet.
const INDEFINITE = new Set([502, 503, 504]);
// The service answers and cannot work just now: that passes by itself.
const PASSING = new Set(["busy", "storage-unavailable", "rate-limited", "fault"]);

/** The service said no: `problem` is RFC 9457's, `code` the one programs go by. */
export class Refused extends Error {
  /** @param {{code: string, title: string, status: number}} problem @param {number | null} retryAfter_s */
  constructor(problem, retryAfter_s = null) {
    super(problem.code);
    this.name = "Refused";
    this.problem = problem;
    this.code = problem.code;
    this.retryAfter_s = retryAfter_s;
  }
}

/** The service was not reached in time. Whether an act was done is not known; the page's next look at the hall shows it. */
export class Unreached extends Error {
  constructor() {
    super("unreached");
    this.name = "Unreached";
  }
}

/** Whether what stood in the way passes by itself: the service is not reached, or cannot work just now. @param {unknown} reason what `call` threw */
export function passes(reason) {
  return reason instanceof Unreached || (reason instanceof Refused && PASSING.has(reason.code));
}

/** @typedef {{status: number, body: any, text: string, etag: string | null, at: string | null}} Answer `body` where it is JSON */

/**
 * Send a request until it is answered.
 * @param {string} method
 * @param {string} path beginning with /
 * @param {object} [options]
 * @param {unknown} [options.body] JSON; with PATCH a merge patch
 * @param {{type: string, data: Blob}} [options.file] a body that is a file, in place of JSON
 * @param {string} [options.key] idempotency key; one is drawn for each act that brings none
 * @param {string} [options.ifMatch] an ETag
 * @param {Record<string, string>} [options.headers] what else is said that must not be in an address
 * @param {string | null} [options.ifNoneMatch] an ETag: what is as it was is answered 304, without a body
 * @param {Record<string, string | number | null | undefined>} [options.query] null and undefined are left out
 * @param {string} [options.token] of a machine, or of a ticket or appointment: the person's only proof that it is theirs; without it the session counts
 * @param {AbortSignal} [options.signal] gives up: the outcome is then nobody's concern
 * @param {number} [options.patience_ms]
 * @returns {Promise<Answer>}
 * @throws {Refused} the service said no
 * @throws {Unreached} no definite answer in time
 * @throws {DOMException} AbortError, by `signal`
 */
export async function call(method, path, { body, file, headers: more, key, ifMatch, ifNoneMatch, query, token, signal, patience_ms } = {}) {
  const act = !READS.has(method);
  const address = addressOf(path, query);
  const headers = { Accept: "application/json, */*;q=0.5", ...more };
  if (body !== undefined) headers["Content-Type"] = method === "PATCH" ? "application/merge-patch+json" : "application/json";
  if (file !== undefined) headers["Content-Type"] = file.type;
  if (token) headers.Authorization = `Bearer ${token}`;
  if (act) headers["Idempotency-Key"] = key ?? newKey();
  if (ifMatch !== undefined) headers["If-Match"] = ifMatch;
  if (ifNoneMatch) headers["If-None-Match"] = ifNoneMatch;
  const init = { method, headers, credentials: "same-origin", cache: "no-store", body: file?.data ?? (body === undefined ? undefined : JSON.stringify(body)) };

  const attempt_ms = file === undefined ? ATTEMPT_MS : FILE_MS;
  const passed_ms = stopwatch();
  const within_ms = patience_ms ?? (file !== undefined ? FILE_MS : act ? PATIENCE_MS : ATTEMPT_MS);
  const watched = { act, state: "sent" };
  underWay.add(watched);
  tell();
  let mayBeDone = false;
  try {
    for (let attempt = 0; ; attempt += 1) {
      const left_ms = within_ms - passed_ms();
      const given = await tried(address, init, Math.max(1, Math.min(attempt_ms, left_ms)), signal);
      if (given !== null && !INDEFINITE.has(given.status)) return settled(given, path);
      watched.state = given === null ? "unreached" : "busy";
      mayBeDone ||= act && (given === null || given.body?.code === "outcome-unknown");
      tell();
      const wait_ms = given?.retryAfter_s ? given.retryAfter_s * 1000 : Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** attempt) * (0.5 + Math.random() / 2);
      const goesOn = passed_ms() + wait_ms < within_ms;
      if (goesOn) await pause(wait_ms, signal);
      // It may have slept meanwhile.
      if (!goesOn || passed_ms() >= within_ms) {
        if (given?.body?.code && !mayBeDone) throw new Refused(given.body, given.retryAfter_s);
        throw new Unreached();
      }
    }
  } finally {
    underWay.delete(watched);
    tell();
  }
}

/**
 * Calls about one hall, by the rest of their path.
 * @param {string} hall
 * @returns {(method: string, path: string, options?: object) => Promise<Answer>}
 */
export function inHall(hall) {
  return (method, path, options) => call(method, `/v1/halls/${encodeURIComponent(hall)}/${path}`, options);
}

/** A key nobody guesses; `randomUUID` is missing where a hall's pages come over plain http. */
export function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function addressOf(path, query) {
  const said = Object.entries(query ?? {}).filter(([, value]) => value !== null && value !== undefined);
  if (said.length === 0) return path;
  return `${path}${path.includes("?") ? "&" : "?"}${new URLSearchParams(said.map(([name, value]) => [name, String(value)]))}`;
}

/**
 * Begin to measure, by two clocks: the one may stand still while the device sleeps, and the other is set now and then.
 * @returns {() => number} what has passed, in milliseconds
 */
function stopwatch() {
  const [ran_ms, wall_ms] = [performance.now(), Date.now()];
  return () => Math.max(performance.now() - ran_ms, Date.now() - wall_ms);
}

/** One attempt; null when there was no answer. */
async function tried(address, init, within_ms, signal) {
  signal?.throwIfAborted();
  const controller = new AbortController();
  const giveUp = () => controller.abort();
  const timer = setTimeout(giveUp, within_ms);
  signal?.addEventListener("abort", giveUp);
  try {
    const response = await fetch(address, { ...init, signal: controller.signal });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get("Content-Type") ?? "");
    return {
      status: response.status,
      ok: response.ok || response.status === 304,
      body: isJson && text !== "" ? JSON.parse(text) : null,
      text,
      etag: response.headers.get("ETag"),
      at: response.headers.get("Paihao-At"),
      retryAfter_s: Number(response.headers.get("Retry-After")) || null,
    };
  } catch {
    signal?.throwIfAborted();
    return null; // the network's fault, or half an answer
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", giveUp);
  }
}

function settled({ status, ok, body, text, etag, at, retryAfter_s }, path) {
  if (ok) return { status, body, text, etag, at };
  const problem = body?.code ? body : { code: "fault", title: "", status };
  if (status === 401 && !path.startsWith("/v1/session")) document.dispatchEvent(new CustomEvent("paihao:signed-out"));
  throw new Refused(problem, retryAfter_s);
}

function pause(wait_ms, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      globalThis.removeEventListener("online", done);
      signal?.removeEventListener("abort", abort);
    };
    const done = () => {
      stop();
      resolve();
    };
    const abort = () => {
      stop();
      reject(signal.reason);
    };
    const timer = setTimeout(done, wait_ms);
    globalThis.addEventListener("online", done); // the cable is back: do not sit out the wait
    signal?.addEventListener("abort", abort);
  });
}

/** @type {Set<{act: boolean, state: "sent" | "busy" | "unreached"}>} */
const underWay = new Set();
let told = "";

/** Say what is under way: `{acts, state}`; the state is that of the worst act. */
function tell() {
  const acts = [...underWay].filter(({ act }) => act);
  const state = ["unreached", "busy", "sent"].find((one) => acts.some((act) => act.state === one)) ?? "idle";
  const now = `${acts.length} ${state}`;
  if (now === told) return;
  told = now;
  document.dispatchEvent(new CustomEvent("paihao:calls", { detail: { acts: acts.length, state } }));
}
