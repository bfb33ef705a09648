/**
 * State of the kiosk page: its hall and key, the current view, the connection to the service, and the hall's clock.
 *
 * The hall, the kiosk and the clock difference are stored in the browser, so that a kiosk without network can start.
 */

import { Key, recall } from "/display/key.js";
import { call } from "/pages/api.js";
import { When } from "./when.js";

// How long a person at the kiosk waits for an answer. A number then comes from the stock.
export const ANSWER_PATIENCE_MS = 12_000;

export const hallId = decodeURIComponent(location.pathname.match(/^\/halls\/([^/]+)\/kiosk/)[1]);
export const key = new Key(hallId);

/** Name of a stored value of this hall's kiosk in the browser's storage. @param {string} name */
export const storageName = (name) => `paihao.kiosk.${name}.${hallId}`;

export const state = {
  /** @type {"connecting" | "setup" | "start" | "code" | "camera" | "checking" | "ticket" | "refused"} */
  view: "connecting",
  /** The hall as the API answers it, or as it was stored. */
  hall: JSON.parse(recall(storageName("hall")) ?? "null"),
  /** This kiosk as the API answers it (device, name, printer), or as it was stored. */
  kiosk: JSON.parse(recall(storageName("self")) ?? "null"),
  /** The connection to the hall; null until the hall and the kiosk are known. @type {import("/pages/live.js").Live | null} */
  live: null,
  /** Number of people for the next ticket. */
  count: 1,
  /** The code typed so far. */
  typed: "",
  /** Code of an invitation that is valid for any service: the person still has to choose the service. */
  invitation: null,
  /** The ticket or the refusal on the screen. */
  shown: null,
  /** Suffix of the texts of the setup view. */
  setup: "no-key",
  larger: false,
  lower: false,
  contrast: false,
  /** Result of the last call for staff; null again after a while. @type {"sending" | "sent" | "failed" | null} */
  help: null,
  /** Whether an answer takes long. */
  slow: false,
  /** Whether the service was unreachable when the page was loaded. The kiosk counts as offline until the first frame arrives. */
  startedOffline: false,
  /** Whether there is a camera, and a browser that can read codes. */
  camera: false,
  /** Numbers given out offline that the service refused: staff must help. */
  trouble: /** @type {string[]} */ ([]),
};

/** Send a request under this hall's path, with the kiosk's key. */
export const callHall = (method, path, options = {}) => call(method, `/v1/halls/${encodeURIComponent(hallId)}/${path}`, { token: key.value, ...options });

/** Current time of the hall's clock in ms. Without a board: this machine's clock plus the difference that was stored last. */
export const now_ms = () => (state.live?.board ? state.live.clock.now() : Date.now() + Number(recall(storageName("clock")) ?? 0));

export const when = new When(() => state.hall.time_zone, now_ms);

/** Whether the service is unreachable at the moment. */
export function isOffline() {
  return navigator.onLine === false || state.live?.link === "silent" || (state.startedOffline && state.live?.link === "connecting");
}
