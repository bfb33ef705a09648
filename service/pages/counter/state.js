/** State of the counter's page, and what follows from it: the current view, why nobody is called, whether no-show is offered. */

import { inHall } from "/pages/api.js";

// Services, papers and other counters are read again after this time.
const DESK_EVERY_MS = 15_000;

const ids = location.pathname.match(/^\/halls\/([^/]+)\/counter\/([^/]+)/).slice(1).map(decodeURIComponent);
export const hallId = ids[0];
export const counterId = ids[1];
export const ofHall = inHall(hallId);
export const part = (id) => document.getElementById(id);

export const state = {
  hall: null,
  /** The connection to the hall; undefined until the clerk has signed in. @type {import("/pages/live.js").Live | undefined} */
  live: undefined,
  /** @type {import("./words.js").HallWords | null} */
  words: null,
  /** @type {import("/pages/times.js").HallTimes | null} */
  times: null,
  /** @type {Set<string>} */
  roles: new Set(),
  session: null,
  counter: null,
  queue: null,
  /** Ticket of the person called or served at this counter. */
  ticket: null,
  /** Ticket that would be called next, with the reason. */
  next: null,
  /** A break that starts when the present person is finished. */
  pauseAfter: null,
  /**
   * The message line. `isTrue`: condition of the message; `wasTrue`: whether it has been true already; `isChecking`: shown until the
   * pending call is answered.
   * @type {{text: string, kind: "" | "heed", isTrue?: () => boolean, wasTrue: boolean, until_ms: number, isChecking?: boolean} | null}
   */
  message: null,
  /** @type {"suspended" | "early" | "over" | null} why the hall calls nobody, when the page was drawn last */
  stopped: null,
  deskRead_ms: -Infinity,
};

/** @returns {"signed-out" | "closed" | "paused" | "idle" | "called" | "serving"} */
export function currentView() {
  if (!state.counter) return "signed-out";
  if (state.counter.state !== "open") return state.counter.state;
  return state.ticket ? state.ticket.state : "idle";
}

/** The suspension of the hall's calls; null when there is none. @returns {{text: object, until_at: string | null} | null} */
export function suspension() {
  return state.live?.board?.suspended ?? null;
}

/** Why nobody can be called now; null if calls are possible. @returns {"suspended" | "early" | "over" | null} */
export function stoppedReason() {
  const from_at = state.queue?.calls_from_at;
  if (from_at === null) return "over";
  if (suspension()) return "suspended";
  return from_at !== undefined && state.live.clock.now() < Date.parse(from_at) ? "early" : null;
}

/** Whether no-show is offered: the called person has had enough time to come. */
export function canMarkNoShow() {
  const { ticket, words } = state;
  if (!ticket || !words || ticket.state !== "called") return false;
  return state.live.clock.now() - Date.parse(ticket.called_at) >= words.desk.rules.no_show_after_s * 1000;
}

/** Whether services, papers and other counters must be read again, because they may have changed. */
export function isDeskOld() {
  return state.words === null || performance.now() - state.deskRead_ms > DESK_EVERY_MS;
}
