/**
 * Requests for a number and check-ins, each with an idempotency key that is stored until the answer, also over a reload.
 *
 * If the kiosk is offline, or the answer does not come in time, the number comes from the stock. A request without an answer is undone as
 * soon as the service is reachable again.
 */

import { recall, remember } from "/display/key.js";
import { newKey, Refused, Unreached } from "/pages/api.js";
import { ANSWER_PATIENCE_MS, callHall, isOffline, now_ms, state, storageName } from "./state.js";

const SLOW_MS = 3000;
// A stored request that is older than this belongs to a person who has left.
const REQUEST_KEPT_MS = 15 * 60_000;

/**
 * @typedef {{kind: "take" | "check-in", path: string, body: object, key: string, at: number, sent?: boolean}} KioskRequest `at`: ms of
 *   this machine's clock; `sent`: the service may have carried it out already
 */
const storedRequest = () => JSON.parse(recall(storageName("press")) ?? "null");
const storeRequest = (request) => remember(storageName("press"), request && JSON.stringify(request));

/** Sends the requests of one kiosk. */
export class KioskRequests {
  #stock;
  #show;
  #redraw;
  #onTicket;
  #onRefused;
  #onOffline;

  /**
   * @param {object} options
   * @param {import("./stock.js").Stock} options.stock
   * @param {(view: "checking") => void} options.show switch to another view
   * @param {() => void} options.redraw draw the current view again
   * @param {(issued: {ticket: object, offline: boolean, resumed: boolean}) => void} options.onTicket
   * @param {(reason: Refused, request: KioskRequest) => void} options.onRefused
   * @param {(text?: "refused-cut" | "refused-used-up") => void} options.onOffline neither the service nor the stock can help
   */
  constructor({ stock, show, redraw, onTicket, onRefused, onOffline }) {
    this.#stock = stock;
    this.#show = show;
    this.#redraw = redraw;
    this.#onTicket = onTicket;
    this.#onRefused = onRefused;
    this.#onOffline = onOffline;
  }

  /** Take a number of a service, or check in with an invitation for it. @param {{id: string}} service */
  takeNumber(service) {
    if (state.view !== "start") return;
    const code = state.invitation;
    const request = code
      ? { kind: "check-in", path: "check-ins", body: { code, service: service.id } }
      : { kind: "take", path: "tickets", body: { service: service.id, count: state.count } };
    state.invitation = null;
    this.#send({ ...request, key: newKey(), at: Date.now() });
  }

  /** @param {string} code */
  checkIn(code) {
    // The same code scanned again before the answer is the same request.
    const stored = storedRequest();
    const isSame = stored?.kind === "check-in" && stored.body.code === code && Date.now() - stored.at < REQUEST_KEPT_MS;
    this.#send(isSame ? stored : { kind: "check-in", path: "check-ins", body: { code }, key: newKey(), at: Date.now() });
  }

  /** Send the stored request again, which had no answer when the page was reloaded. */
  resume() {
    const request = storedRequest();
    if (request === null) return;
    if (Date.now() - request.at < REQUEST_KEPT_MS) this.#send(request);
    else if (request.kind === "take") this.#stock.undo(request).then(() => storeRequest(null));
  }

  /** @param {KioskRequest} request */
  async #send(request) {
    state.slow = request.sent === true;
    this.#show("checking");
    const slowTimer = setTimeout(() => {
      state.slow = true;
      if (state.view === "checking") this.#redraw();
    }, SLOW_MS);
    try {
      if (request.kind === "take" && !request.sent && isOffline()) {
        await this.#takeFromStock(request);
        return;
      }
      storeRequest({ ...request, sent: true });
      const { body: ticket, status } = await callHall("POST", request.path, { body: request.body, key: request.key, patience_ms: ANSWER_PATIENCE_MS });
      storeRequest(null);
      this.#onTicket({ ticket, offline: false, resumed: status === 200 });
    } catch (reason) {
      if (reason instanceof Refused) {
        storeRequest(null);
        this.#onRefused(reason, request);
      } else if (reason instanceof Unreached) {
        await (request.kind === "take" ? this.#takeFromStock(request, true) : this.#onOffline());
      } else {
        throw reason;
      }
    } finally {
      clearTimeout(slowTimer);
    }
  }

  /**
   * Give out a number of the stock.
   * @param {KioskRequest} request
   * @param {boolean} [wasSent] whether the service may have issued a number too; the request is then undone later
   */
  async #takeFromStock(request, wasSent = false) {
    const slip = await this.#stock.give(request.body, now_ms());
    if (slip === null && wasSent && !isOffline()) {
      this.#send({ ...request, sent: true }); // the only way left is to wait for the answer
      return;
    }
    if (wasSent) await this.#stock.undo({ key: request.key, body: request.body });
    storeRequest(null);
    if (slip === null) {
      this.#onOffline("refused-used-up");
      return;
    }
    if (!("number" in slip)) {
      this.#onRefused(new Refused({ code: "hall-closed", title: "", status: 409, opens_at: slip.opens_at }), request);
      return;
    }
    const ticket = { id: slip.ticket, number: slip.number, code: slip.code, token: slip.token, service: slip.service, count: slip.count, issued_at: slip.issued_at };
    this.#onTicket({ ticket, offline: true, resumed: false });
  }
}
