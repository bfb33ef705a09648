/** The fields of the form: label, kind of value and section. Used by the fields, the list of changes and the merge dialog. */

/**
 * @typedef {"text" | "words" | "number" | "days" | "minutes" | "minutes-of" | "percent" | "yes-no" | "admission" | "spans" | "bands" | "exception" | "row" | "ids" | "order" | "text-map" | "weekdays" | "date" | "hours"} Kind
 * @typedef {"hours" | "places" | "booking" | "rules"} SectionName
 */

/** @type {Record<string, {text: string, kind: Kind, section: SectionName}>} by pattern: `*` stands for a key */
export const FIELDS = {
  "name.*": { text: "field-hall-name", kind: "text", section: "places" },
  languages: { text: "field-languages", kind: "words", section: "places" },
  time_zone: { text: "field-time-zone", kind: "text", section: "hours" },
  day_starts_at_local: { text: "field-day-starts", kind: "text", section: "hours" },
  country: { text: "field-country", kind: "text", section: "hours" },
  region: { text: "field-region", kind: "text", section: "hours" },
  holidays: { text: "field-holidays", kind: "yes-no", section: "hours" },
  "hours.*": { text: "field-hours", kind: "spans", section: "hours" },
  "exceptions.*": { text: "field-exception", kind: "exception", section: "hours" },
  "staffing.week.*": { text: "field-staffing-week", kind: "bands", section: "hours" },
  "staffing.dates.*": { text: "field-staffing-date", kind: "bands", section: "hours" },

  "zones.order": { text: "field-zones-order", kind: "order", section: "places" },
  "zones.rows.*": { text: "field-zone", kind: "row", section: "places" },
  "zones.rows.*.id": { text: "field-code", kind: "text", section: "places" },
  "zones.rows.*.name.*": { text: "field-name", kind: "text", section: "places" },
  "stages.order": { text: "field-stages-order", kind: "order", section: "places" },
  "stages.rows.*": { text: "field-stage", kind: "row", section: "places" },
  "stages.rows.*.id": { text: "field-code", kind: "text", section: "places" },
  "stages.rows.*.name.*": { text: "field-name", kind: "text", section: "places" },
  "stages.rows.*.optional": { text: "field-stage-optional", kind: "yes-no", section: "places" },
  "services.order": { text: "field-services-order", kind: "order", section: "places" },
  "services.rows.*": { text: "field-service", kind: "row", section: "places" },
  "services.rows.*.id": { text: "field-code", kind: "text", section: "places" },
  "services.rows.*.name.*": { text: "field-name", kind: "text", section: "places" },
  "services.rows.*.prefix": { text: "field-prefix", kind: "text", section: "places" },
  "services.rows.*.stages": { text: "field-service-stages", kind: "ids", section: "places" },
  "services.rows.*.duration_s.mean": { text: "field-duration-mean", kind: "minutes", section: "places" },
  "services.rows.*.duration_s.cv": { text: "field-duration-cv", kind: "percent", section: "places" },
  "services.rows.*.duration_s.prechecked_mean": { text: "field-duration-prechecked", kind: "minutes", section: "places" },
  "services.rows.*.duration_s.stages.*": { text: "field-stage-duration", kind: "minutes-of", section: "places" },
  "services.rows.*.duration_s.stages.*.cv": { text: "field-stage-cv", kind: "percent", section: "places" },
  "services.rows.*.online_url": { text: "field-online-url", kind: "text", section: "places" },
  "services.rows.*.bookable": { text: "field-bookable", kind: "yes-no", section: "places" },
  "services.rows.*.count_max": { text: "field-count-max", kind: "number", section: "places" },
  "services.rows.*.papers.order": { text: "field-papers-order", kind: "order", section: "places" },
  "services.rows.*.papers.rows.*": { text: "field-paper", kind: "row", section: "places" },
  "services.rows.*.papers.rows.*.id": { text: "field-code", kind: "text", section: "places" },
  "services.rows.*.papers.rows.*.name.*": { text: "field-name", kind: "text", section: "places" },
  "counters.order": { text: "field-counters-order", kind: "order", section: "places" },
  "counters.rows.*": { text: "field-counter", kind: "row", section: "places" },
  "counters.rows.*.id": { text: "field-counter-number", kind: "text", section: "places" },
  "counters.rows.*.zone": { text: "field-counter-zone", kind: "ids", section: "places" },
  "counters.rows.*.stage": { text: "field-counter-stage", kind: "ids", section: "places" },
  "counters.rows.*.services": { text: "field-counter-services", kind: "ids", section: "places" },

  "rules.credit_s.appointment": { text: "field-credit-appointment", kind: "minutes", section: "rules" },
  "rules.credit_s.green": { text: "field-credit-green", kind: "minutes", section: "rules" },
  "rules.credit_s.returning": { text: "field-credit-returning", kind: "minutes", section: "rules" },
  "rules.grace_s": { text: "field-grace", kind: "minutes", section: "rules" },
  "rules.early_s": { text: "field-early", kind: "minutes", section: "rules" },
  "rules.doors_before_s": { text: "field-doors-before", kind: "minutes", section: "rules" },
  "rules.no_show_after_s": { text: "field-no-show-after", kind: "minutes", section: "rules" },
  "rules.auto_no_show": { text: "field-auto-no-show", kind: "yes-no", section: "rules" },
  "rules.park_penalty_s": { text: "field-park-penalty", kind: "minutes", section: "rules" },
  "rules.max_walk_in_wait_s": { text: "field-max-walk-in-wait", kind: "minutes", section: "rules" },
  "rules.promise.step_min": { text: "field-promise-step", kind: "number", section: "rules" },
  "booking.horizon_days": { text: "field-horizon", kind: "days", section: "booking" },
  "booking.notice_s": { text: "field-notice", kind: "minutes", section: "booking" },
  "booking.z": { text: "field-booking-z", kind: "number", section: "booking" },
  "booking.held_share_of_walk_ins": { text: "field-held-share", kind: "percent", section: "booking" },
  "booking.per_person": { text: "field-per-person", kind: "number", section: "booking" },
  "booking.late_share": { text: "field-late-share", kind: "percent", section: "booking" },
  "booking.late_before_s": { text: "field-late-before", kind: "hours", section: "booking" },
  "booking.places.order": { text: "field-hand-order", kind: "order", section: "booking" },
  "booking.places.rows.*": { text: "field-hand", kind: "row", section: "booking" },
  "booking.places.rows.*.weekdays": { text: "field-weekdays", kind: "weekdays", section: "booking" },
  "booking.places.rows.*.on": { text: "field-date", kind: "date", section: "booking" },
  "booking.places.rows.*.from": { text: "field-from", kind: "text", section: "booking" },
  "booking.places.rows.*.to": { text: "field-to", kind: "text", section: "booking" },
  "booking.places.rows.*.every_min": { text: "field-every", kind: "number", section: "booking" },
  "booking.places.rows.*.places": { text: "field-places", kind: "number", section: "booking" },
  "booking.places.rows.*.services": { text: "field-hand-services", kind: "ids", section: "booking" },
  "booking.reserved.order": { text: "field-reserved-order", kind: "order", section: "booking" },
  "booking.reserved.rows.*": { text: "field-reserved", kind: "row", section: "booking" },
  "booking.reserved.rows.*.partner": { text: "field-partner", kind: "text", section: "booking" },
  "booking.reserved.rows.*.weekdays": { text: "field-weekdays", kind: "weekdays", section: "booking" },
  "booking.reserved.rows.*.on": { text: "field-date", kind: "date", section: "booking" },
  "booking.reserved.rows.*.from": { text: "field-from", kind: "text", section: "booking" },
  "booking.reserved.rows.*.to": { text: "field-to", kind: "text", section: "booking" },
  "booking.reserved.rows.*.share": { text: "field-share", kind: "percent", section: "booking" },
  "booking.reserved.rows.*.release_before_s": { text: "field-release", kind: "hours", section: "booking" },
  admission: { text: "field-admission", kind: "admission", section: "rules" },
  overtime: { text: "field-overtime", kind: "yes-no", section: "rules" },
  entrance: { text: "field-entrance", kind: "yes-no", section: "rules" },
  "codes.reasons.order": { text: "field-reasons-order", kind: "order", section: "rules" },
  "codes.reasons.rows.*": { text: "field-reason", kind: "row", section: "rules" },
  "codes.reasons.rows.*.id": { text: "field-code", kind: "text", section: "rules" },
  "codes.reasons.rows.*.name.*": { text: "field-text", kind: "text", section: "rules" },
  "codes.missing.order": { text: "field-missing-order", kind: "order", section: "rules" },
  "codes.missing.rows.*": { text: "field-missing", kind: "row", section: "rules" },
  "codes.missing.rows.*.id": { text: "field-code", kind: "text", section: "rules" },
  "codes.missing.rows.*.name.*": { text: "field-text", kind: "text", section: "rules" },
  "codes.ratings.order": { text: "field-ratings-order", kind: "order", section: "rules" },
  "codes.ratings.rows.*": { text: "field-rating", kind: "row", section: "rules" },
  "codes.ratings.rows.*.id": { text: "field-code", kind: "text", section: "rules" },
  "codes.ratings.rows.*.name.*": { text: "field-text", kind: "text", section: "rules" },
  "texts.*": { text: "field-text", kind: "text-map", section: "rules" },
  "texts.*.*": { text: "field-text", kind: "text", section: "rules" },
};

const KEYED = new Set(["name", "hours", "exceptions", "week", "dates", "rows", "texts"]);

/**
 * The pattern of a path.
 * @param {import("./values.js").Path} path
 */
export function patternOf(path) {
  return path.map((step, place) => (KEYED.has(path[place - 1]) || path[place - 2] === "texts" || isStageOfDuration(path, place) ? "*" : step)).join(".");
}

/** @param {import("./values.js").Path} path @param {number} place @returns {boolean} whether a step is a stage with a duration of its own, in a service */
export function isStageOfDuration(path, place) {
  return path[place - 1] === "stages" && path[place - 2] === "duration_s";
}

/**
 * The field that contains a path: the path itself, or the nearest one above it.
 * @param {import("./values.js").Path} path
 * @returns {{path: import("./values.js").Path, text: string, kind: Kind, section: SectionName} | null}
 */
export function fieldOf(path) {
  for (let length = path.length; length > 0; length -= 1) {
    const inner = path.slice(0, length);
    const field = FIELDS[patternOf(inner)];
    if (field) return { path: inner, ...field };
  }
  return null;
}

/** @param {import("./values.js").Path} path @returns {SectionName} the section in which a path is edited */
export function sectionOf(path) {
  return fieldOf(path)?.section ?? SECTION_OF_PART[path[0]] ?? "rules";
}

const SECTION_OF_PART = { booking: "booking", staffing: "hours", hours: "hours", exceptions: "hours", name: "places", zones: "places", stages: "places", services: "places", counters: "places" };
