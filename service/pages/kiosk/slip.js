/** The slip that the browser prints: number, service, time of issue, code for a check-in later, and a QR code of the ticket's page. */

import { lines, make } from "/display/element.js";
import { grouped } from "/pages/codes.js";
import { drawQr } from "/pages/qr.js";
import { both, label, ofHall } from "./words.js";

const WIDTHS = ["58", "80"];

/**
 * Draw the slip and print it on a roll of this width.
 * @param {HTMLElement} place
 * @param {"58" | "80"} width mm
 * @param {object} facts
 */
export function printSlip(place, width, facts) {
  for (const each of WIDTHS) document.getElementById(`paper-${each}`).media = each === width ? "print" : "not all";
  drawSlip(place, facts);
  globalThis.print();
}

/**
 * Draw the slip into the page.
 * @param {HTMLElement} place
 * @param {{hall
: Record<string, string>, service: Record<string, string>, number: string, code: string, count: number, taken: (language: "zh" | "en") => string, url: string | null, offline: boolean}} facts
 */
export function drawSlip(place, { hall, service, number, code, count, taken, url, offline }) {
  place.replaceChildren(
    ...lines(ofHall(hall)),
    make("p.number", {}, number),
    ...lines(ofHall(service)),
    ...(count > 1 ? lines(both("slip-people", { count })) : []),
    ...lines(both("slip-taken", (language) => ({ time: taken(language) }))),
    ...(offline ? lines(both("slip-offline")) : []),
    ...(url ? [drawQr(url, label(both("ticket-qr"))), ...lines(both("ticket-qr"))] : []),
    make("p.code", {}, grouped(code)),
    ...lines(both("slip-code")),
  );
}
