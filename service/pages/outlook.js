/**
 * The outlook for a person who takes a number of a service now: the expected wait, or why none is shown. Used on phones and kiosks.
 *
 * @typedef {"range" | "unknown" | "standby" | "full" | "late"} Outlook `range`: the wait of `shown`; `standby`: a number outside the order
 *   of calls; `full`: no number; `late`: the day may end before the call, so no time is promised
 */

/**
 * Decide the outlook.
 * @param {{admission?: string | null, shown: {from_min: number, to_min: number} | null}} service the fields of the hall or its board
 * @param {{staffed: boolean, now_ms: number, ends_at?: string}} conditions `staffed`: a counter is open, or the hall has not opened yet;
 *   `ends_at`: end of the day
 * @returns {Outlook}
 */
export function outlookOf({ admission, shown }, { staffed, now_ms, ends_at }) {
  if (admission === "full" || admission === "standby") return admission;
  if (!staffed || !shown) return "unknown";
  return isPast(shown.to_min, now_ms, ends_at) ? "late" : "range";
}

/** Whether the day is over this many minutes from now. @param {number} minutes @param {number} now_ms @param {string | undefined} ends_at */
export function isPast(minutes, now_ms, ends_at) {
  return now_ms + minutes * 60_000 > Date.parse(ends_at ?? "");
}

/** Whether a counter of the hall is open, or the hall has not opened yet: its plan then says how many counters there will be. */
export function isStaffed({ open, staffed }) {
  return staffed !== false || !open;
}

/** A service by its id. Includes services that are no longer offered, but still have tickets or appointments of today. */
export function serviceOf(hall, id) {
  return [...hall.services, ...(hall.no_longer_offered ?? [])].find((service) => service.id === id);
}

/**
 * Whether people may come to the hall for a service.
 *
 * @param {any} hall
 * @param {string | undefined} id undefined if the service is unknown
 * @param {(at: string) => boolean} isToday whether an instant is on the current date of the hall
 * @returns {"always" | "today" | "online" | "never"} `today`: the service was removed, and the people of today are still served
 */
export function comesFor(hall, id, isToday) {
  const service = id === undefined ? {} : hall.services.find((offered) => offered.id === id);
  if (service) return service.online_url ? "online" : "always";
  const isKept = (hall.no_longer_offered ?? []).some((removed) => removed.id === id);
  return isKept && (hall.doors_open || (hall.opens_at && isToday(hall.opens_at))) ? "today" : "never";
}
