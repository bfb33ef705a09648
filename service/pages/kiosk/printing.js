/** Prints the slip of the ticket on the screen, with the browser or over the network, and reports the state of the printer. */

import { recall } from "/display/key.js";
import { Refused, Unreached } from "/pages/api.js";
import { Paper } from "./paper.js";
import { printSlip } from "./slip.js";
import { ANSWER_PATIENCE_MS, callHall, isOffline, state, storageName, when } from "./state.js";

/** How this kiosk prints: on a roll of 58 or 80 mm with the browser, over the network, or not at all. @returns {"none" | "58" | "80" | "network"} */
export const slipChoice = () => recall(storageName("slip")) ?? "none";

/** Prints the slips of one kiosk. */
export class SlipPrinting {
  #onChange;
  #place;

  /**
   * @param {object} options
   * @param {HTMLElement} options.place where the slip is drawn for the browser's printer
   * @param {(paper: "printed" | "unprinted" | "told") => void} options.onChange the slip of the ticket on the screen is now in this state
   */
  constructor({ place, onChange }) {
    this.#place = place;
    this.#onChange = onChange;
    this.paper = new Paper({
      name: storageName("paper"),
      send: (paperState, patience_ms) =>
        state.kiosk === null || isOffline() ? null : callHall("POST", `devices/${state.kiosk.device}/status`, { body: { paper: paperState }, patience_ms }),
      onSent: (paperState) => {
        if (paperState !== "ok" && state.view === "ticket" && state.shown.paper === "unprinted") this.#set("told");
      },
    });
  }

  /** Print the slip of the ticket on the screen, if the kiosk prints. The screen shows the number in any case. */
  async print() {
    const shown = state.shown;
    const choice = slipChoice();
    if (choice === "58" || choice === "80") {
      this.#set("printed");
      printSlip(this.#place, choice, slipFacts(shown));
    } else if (choice === "network") {
      const result = shown.offline ? "unprinted" : await this.#printOverNetwork(shown.ticket);
      if (state.shown === shown) this.#set(result);
      if (result === "printed") this.paper.setPrinting();
      else if (result === "unprinted") this.paper.report("away");
    }
  }

  /** A person saw no slip: the roll is empty, or the slip is stuck. A browser cannot detect this. */
  reportNoSlip() {
    this.#set("unprinted");
    document.getElementById("print").focus({ preventScroll: true });
    this.paper.report("out");
  }

  #set(paper) {
    state.shown.paper = paper;
    this.#onChange(paper);
  }

  /** @returns {Promise<"printed" | "unprinted" | "told">} told: the service asked the printer and has informed staff */
  async #printOverNetwork(ticket) {
    try {
      const { body } = await callHall("POST", `devices/${state.kiosk.device}/slips`, { body: { ticket: ticket.id }, patience_ms: ANSWER_PATIENCE_MS });
      return body.state === "ok" || body.state === "low" ? "printed" : "told";
    } catch (reason) {
      if (reason instanceof Refused || reason instanceof Unreached) return "unprinted";
      throw reason;
    }
  }
}

function slipFacts({ ticket, service, url, offline }) {
  return { hall: state.hall.name, service: service?.name, number: ticket.number, code: ticket.code, count: ticket.count, taken: (language) => when.moment(ticket.issued_at, language), url, offline };
}
