/**
 * Calls to the service.
 *
 * An act is carried out once, however often it is sent: its idempotency key is drawn before the first attempt, and the same request is
 * repeated until its outcome is definite. The event `paihao:calls` on the document reports pending acts, so that a page can say
 * "checking".
 */

const ATTEMPT_MS = 8000;
// After this time an act without a definite outcome fails: carried out later, it would surprise a person who has given up.
const PATIENCE_MS = 60_000;
// Enough for a file of some megabytes over a slow connection.
const FILE_MS = 120_000;
const RETRY_FIRST_MS = 250;
const RETRY_MAX_MS = 3000;
const READS = new Set(["GET", "HEAD"]);
// Statuses of a proxy, or of the service when the outcome is not definite yet.
const INDEFINITE = new Set([502, 503, 504]);
// Problem codes of temporary states of the service.
const PASSING = new Set(["busy", "storage-unavailable", "rate-limited", "fault"]);

/** The service refused the request. `problem`: the body of RFC 9457; `code`: its machine-readable code. */
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

/** There was no definite answer in time. An act may have been carried out: the next reading of the hall shows it. */
export class Unreached extends Error {
  constructor() {
    super("unreached");
    this.name = "Unreached";
  }
}

/** Whether an error is temporary: the service is unreachable, or cannot work at the moment. @param {unknown} reason error of `call` */
export function isTemporary(reason) {
  return reason instanceof Unreached || (reason instanceof Refused && PASSING.has(reason.code));
}

/** @typedef {{status: number, body: any, text: string, etag: string | null, at: string | null}} Answer `body` is null if the answer is not JSON */

/**
 * Send a request, and repeat it until it is answered.
 * @param {string} method
 * @param {string} path beginning with /
 * @param {object} [options]
 * @param {unknown} [options.body] JSON; with PATCH a merge patch
 * @param {{type: string, data: Blob}} [options.file] a file as the body, instead of JSON
 * @param {string} [options.key] idempotency key; drawn for an act if it is missing
 * @param {string} [options.ifMatch] an ETag
 * @param {Record<string, string>} [options.headers] further headers, for values that must not be in an address
 * @param {string | null} [options.ifNoneMatch] an ETag: if nothing has changed the answer is 304, without a body
 * @param {Record<string, string | number | null | undefined>} [options.query] null and undefined are left out
 * @param {string} [options.token] of a device, ticket or appointment; without it the session is used
 * @param {AbortSignal} [options.signal] stops the call
 * @param {number} [options.patience_ms] time until the call fails
 * @returns {Promise<Answer>}
 * @throws {Refused} the service refused the request
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
  const pendingCall = { act, state: "sent" };
  pending.add(pendingCall);
  reportPending();
  let mayBeDone = false;
  try {
    for (let attempt = 0; ; attempt += 1) {
      const left_ms = within_ms - passed_ms();
      const answer = await attemptOnce(address, init, Math.max(1, Math.min(attempt_ms, left_ms)), signal);
      if (answer !== null && !INDEFINITE.has(answer.status)) return resultOf(answer, path);
      pendingCall.state = answer === null ? "unreached" : "busy";
      mayBeDone ||= act && (answer === null || answer.body?.code === "outcome-unknown");
      reportPending();
      const wait_ms = answer?.retryAfter_s ? answer.retryAfter_s * 1000 : Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** attempt) * (0.5 + Math.random() / 2);
      const goesOn = passed_ms() + wait_ms < within_ms;
      if (goesOn) await pause(wait_ms, signal);
      // The device may have slept during the pause.
      if (!goesOn || passed_ms() >= within_ms) {
        if (answer?.body?.code && !mayBeDone) throw new Refused(answer.body, answer.retryAfter_s);
        throw new Unreached();
      }
    }
  } finally {
    pending.delete(pendingCall);
    reportPending();
  }
}

/**
 * Make a function that sends requests under the path of a hall.
 * @param {string} hall
 * @returns {(method: string, path: string, options?: object) => Promise<Answer>}
 */
export function inHall(hall) {
  return (method, path, options) => call(method, `/v1/halls/${encodeURIComponent(hall)}/${path}`, options);
}

/** Draw an unguessable key. `crypto.randomUUID` does not exist on pages over plain http. */
export function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function addressOf(path, query) {
  const parameters = Object.entries(query ?? {}).filter(([, value]) => value !== null && value !== undefined);
  if (parameters.length === 0) return path;
  return `${path}${path.includes("?") ? "&" : "?"}${new URLSearchParams(parameters.map(([name, value]) => [name, String(value)]))}`;
}

/**
 * Start a stopwatch. It uses two clocks: one may stop while the device sleeps, the other may be set during the measurement.
 * @returns {() => number} the elapsed milliseconds
 */
function stopwatch() {
  const [ran_ms, wall_ms] = [performance.now(), Date.now()];
  return () => Math.max(performance.now() - ran_ms, Date.now() - wall_ms);
}

/** Send a request once. Null: there was no answer. */
async function attemptOnce(address, init, within_ms, signal) {
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
    return null; // network error or incomplete answer
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", giveUp);
  }
}

function resultOf({ status, ok, body, text, etag, at, retryAfter_s }, path) {
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
    globalThis.addEventListener("online", done); // the network is back: retry at once
    signal?.addEventListener("abort", abort);
  });
}

/** @type {Set<{act: boolean, state: "sent" | "busy" | "unreached"}>} */
const pending = new Set();
let lastReported = "";

/** Report the number of pending acts, and the worst of their states, as `{acts, state}`. */
function reportPending() {
  const acts = [...pending].filter(({ act }) => act);
  const state = ["unreached", "busy", "sent"].find((candidate) => acts.some((act) => act.state === candidate)) ?? "idle";
  const now = `${acts.length} ${state}`;
  if (now === lastReported) return;
  lastReported = now;
  document.dispatchEvent(new CustomEvent("paihao:calls", { detail: { acts: acts.length, state } }));
}
