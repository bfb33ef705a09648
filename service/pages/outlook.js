/**
 * What is told to who might take a number of a service now: how long they wait, or why that is not said. One rule for phone and kiosk.
 *
 * @typedef {"range" | "unknown" | "standby" | "full" | "late"} Outlook range: as long as `shown` says; standby: beside the order of
 *   calls, without a wait; full: there is none; late: the day may end before their call, so that no time is promised
 */

/**
 * @param {{admission?: string | null, shown: {from_min: number, to_min: number} | null}} told as the hall or its board says it of the service
 * @param {{staffed: boolean, now_ms: number, ends_at?: string}} now staffed: a counter is open, or none need be yet; ends_at: of the day
 * @returns {Outlook}
 */
export function outlookOf({ admission, shown }, { staffed, now_ms, ends_at }) {
  if (admission === "full" || admission === "standby") return admission;
  if (!staffed || !shown) return "unknown";
  return isPast(shown.to_min, now_ms, ends_at) ? "late" : "range";
}

/** Whether so many minutes from now the day is over. @param {number} minutes @param {number} now_ms @param {string | undefined} ends_at */
export function isPast(minutes, now_ms, ends_at) {
  return now_ms + minutes * 60_000 > Date.parse(ends_at ?? "");
}

/** Whether a counter of a hall is open, or none need be yet: before it opens its plan says how many there will be. */
export function isStaffed({ open, staffed }) {
  return staffed !== false || !open;
}

/** A service by its id, also one that is not offered any more and that people came or booked for today. */
export function serviceOf(hall, id) {
  return [...hall.services, ...(hall.no_longer_offered ?? [])].find((one) => one.id === id);
}

/**
 * Whether people may come to the hall for a service.
 *
 * @param {any} hall
 * @param {string | undefined} id undefined when it is not known of which service something is
 * @param {(at: string) => boolean} isToday whether an instant is of the hall's today
 * @returns {"always" | "today" | "online" | "never"} today: it was taken out, and its people of today are served to the end of the day
 */
export function comesFor(hall, id, isToday) {
  const service = id === undefined ? {} : hall.services.find((one) => one.id === id);
  if (service) return service.online_url ? "online" : "always";
  const isKept = (hall.no_longer_offered ?? []).some((one) => one.id === id);
  return isKept && (hall.doors_open || (hall.opens_at && isToday(hall.opens_at))) ? "today" : "never";
}
