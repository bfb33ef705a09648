/** The call for staff. Its result is shown on the button: in the meantime another person may use the page. */

import { Refused, Unreached } from "/pages/api.js";
import { ANSWER_PATIENCE_MS, callHall, state } from "./state.js";

// How long the result of a call stays on the button.
const RESULT_SHOWN_MS = 30_000;

let resultTimer = 0;

/** Raise the hall's alarm. @throws {Refused | Unreached} */
export function raiseAlarm() {
  return callHall("POST", "alarm", { body: {}, patience_ms: ANSWER_PATIENCE_MS });
}

/** Call staff for the person at the kiosk. @param {() => void} redraw */
export async function callForHelp(redraw) {
  if (state.help === "sending") return;
  setHelp("sending", redraw);
  try {
    await raiseAlarm();
    setHelp("sent", redraw);
  } catch (reason) {
    if (!(reason instanceof Refused || reason instanceof Unreached)) throw reason;
    setHelp("failed", redraw);
  }
}

/** @param {typeof state.help} result @param {() => void} redraw */
function setHelp(result, redraw) {
  state.help = result;
  clearTimeout(resultTimer);
  if (result !== "sending") {
    resultTimer = setTimeout(() => {
      state.help = null;
      redraw();
    }, RESULT_SHOWN_MS);
  }
  redraw();
}
