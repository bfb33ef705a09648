/** The facts of the kiosk page: the hall and this kiosk, read from the service and stored for a start without network. */

import { recall, remember } from "/display/key.js";
import { call } from "/pages/api.js";
import { callHall, hallId, state, storageName } from "./state.js";

// A kiosk that has a stored hall waits this long for the first answers. After that it starts with the stored hall.
const START_PATIENCE_MS = 3000;

/** Send the first requests: hall, and kiosk. @returns {Promise<[{body: any}, {body: any}]>} */
export function requestFacts() {
  const patience = state.hall && state.kiosk ? { patience_ms: START_PATIENCE_MS } : {};
  return Promise.all([call("GET", `/v1/halls/${encodeURIComponent(hallId)}`, patience), callHall("GET", "kiosk", patience)]);
}

/** Read the hall. */
export async function readHall() {
  return (await call("GET", `/v1/halls/${encodeURIComponent(hallId)}`)).body;
}

/**
 * Take over the answers of the service, and store them for a start without network.
 * @param {object} hall
 * @param {object | null} self this kiosk; null: unchanged
 */
export function storeFacts(hall, self) {
  state.hall = hall;
  remember(storageName("hall"), JSON.stringify(hall));
  remember(storageName("clock"), String(Date.parse(hall.as_of_at) - Date.now())); // the first board may never come
  if (self) {
    state.kiosk = self;
    remember(storageName("self"), JSON.stringify(self));
    if (recall(storageName("slip")) === null && self.printer) remember(storageName("slip"), "network");
  }
}
