/** The settings dialog for staff: what slips are printed on, and the state of the stock and of the printer. */

import { remember } from "/display/key.js";
import { drawSettings } from "./draw.js";
import { slipChoice } from "./printing.js";
import { now_ms, state, storageName } from "./state.js";

/**
 * Make the dialog; the caller opens it.
 * @param {import("./stock.js").Stock} stock
 * @param {import("./paper.js").Paper} paper
 * @returns {Promise<HTMLDialogElement>}
 */
export async function makeSettings(stock, paper) {
  const [left, unreported] = [await stock.left(now_ms()), (await stock.unreported()).length];
  return drawSettings(
    { name: state.kiosk?.name ?? "", slip: slipChoice(), network: Boolean(state.kiosk?.printer), needsPaper: paper.needsAttention, left, unreported },
    { slip: (value) => remember(storageName("slip"), value), paperIn: () => paper.report("ok") },
  );
}
