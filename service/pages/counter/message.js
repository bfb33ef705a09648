/** The message line: the result of the last act. Without a result it shows a suspension of the hall. */

import { pick } from "/pages/language.js";
import { languageNow, say } from "/pages/texts.js";
import { part, state, suspension } from "./state.js";

// A call without an answer after this time is mentioned.
const SLOW_MS = 400;
// The condition of a message must become true within this time, or the message is removed.
const CONFIRMED_WITHIN_MS = 5000;

let slowTimer = 0;

/**
 * Show a message until the next act.
 * @param {string | null} text
 * @param {"" | "heed"} [kind]
 * @param {() => boolean} [isTrue] condition of the message: when it is no longer true, the message is removed
 */
export function showMessage(text, kind = "", isTrue = undefined) {
  state.message = text ? { text, kind, isTrue, wasTrue: false, until_ms: performance.now() + CONFIRMED_WITHIN_MS } : null;
  drawMessage();
}

/** Draw the message, or remove it if its condition is no longer true. */
export function drawMessage() {
  const current = state.message;
  if (current?.isTrue) {
    const isTrue = current.isTrue();
    if (!isTrue && (current.wasTrue || performance.now() > current.until_ms)) state.message = null;
    current.wasTrue ||= isTrue;
  }
  const suspended = suspension();
  const shown = state.message ?? (suspended ? { text: say("suspended", { text: pick(suspended.text, languageNow()).text }), kind: "heed" } : null);
  const text = shown?.isChecking ? say("checking") : (shown?.text ?? "");
  const message = part("message");
  message.hidden = shown === null;
  message.className = shown?.kind ? `message ${shown.kind}` : "message";
  if (message.textContent !== text) message.textContent = text;
}

/**
 * While a call has no answer, show that its result is being checked, and that it will not be carried out twice.
 * @param {{acts: number, state: string}} calls number of calls without an answer, and the worst of their states
 */
export function showPendingCalls({ acts: count, state: worst }) {
  clearTimeout(slowTimer);
  const showChecking = () => {
    showMessage(say("checking"));
    state.message.isChecking = true;
  };
  if (count === 0) {
    if (state.message?.isChecking) showMessage(null);
  } else if (worst === "sent") {
    slowTimer = setTimeout(showChecking, SLOW_MS);
  } else {
    showChecking();
  }
}
