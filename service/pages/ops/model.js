/**
 * Evaluation of the figures of halls: longest waits, values past a threshold, the order of the halls.
 *
 * Pure functions, without page. `now_ms` is the service's time in milliseconds.
 */

/** Fraction of the threshold of the wait from which a wait is near it. */
const NEAR = 0.9;

/** @typedef {"" | "late" | "over"} Level `late`: near a threshold; `over`: past it */

/**
 * The longest current wait in a hall.
 * @param {object} hall of `GET /v1/ops`
 * @param {number} now_ms
 * @returns {number | null} seconds; null if nobody waits
 */
export function longest_s(hall, now_ms) {
  return hall.longest_since_at === null ? null : Math.max(0, (now_ms - Date.parse(hall.longest_since_at)) / 1000);
}

/** Level of the longest wait. @param {object} hall @param {object} watch the thresholds @param {number} now_ms @returns {Level} */
export function waitLevel(hall, watch, now_ms) {
  const waited_s = longest_s(hall, now_ms) ?? 0;
  if (waited_s >= watch.wait_s) return "over";
  return waited_s >= NEAR * watch.wait_s ? "late" : "";
}

/**
 * Level of the kept promises.
 * @param {number} held number of waits that were as promised
 * @param {number} scored number of waits that were compared with their promise
 * @param {object} watch the thresholds
 * @returns {Level} always "" for a number that is too small to mean anything
 */
export function promisesLevel(held, scored, watch) {
  if (scored < watch.scored_min) return "";
  if (held / scored < watch.promises_far) return "over";
  return held / scored < watch.promises_from ? "late" : "";
}

/** Level of counters that are planned, but not open. @param {object} hall @returns {Level} */
export function countersLevel(hall) {
  if (!hall.open || hall.suspended || hall.counters_open === null || hall.counters_open >= hall.counters_planned) return "";
  return hall.counters_open === 0 && hall.waiting > 0 ? "over" : "late";
}

/** Level of disconnected screens. @param {object} hall @returns {Level} */
export function screensLevel(hall) {
  return hall.screens_gone.length > 0 ? "over" : "";
}

/** @param {object} hall @returns {boolean} whether the hall is closed and nobody waits */
export function isQuiet(hall) {
  return !hall.open && hall.waiting === 0 && hall.standby === 0;
}

/**
 * Sort halls, the worst first: by the longest wait, then by the number of people who wait. Closed halls come last.
 *
 * The order depends on when the longest wait began, so it does not change as time passes.
 * @param {object[]} halls
 * @param {(hall: object) => string} nameOf
 * @param {(first: string, second: string) => number} byName
 */
export function worstFirst(halls, nameOf, byName) {
  return [...halls].sort(
    (first, second) =>
      isQuiet(first) - isQuiet(second) ||
      bySince(first.longest_since_at, second.longest_since_at) ||
      second.waiting - first.waiting ||
      byName(nameOf(first), nameOf(second)),
  );
}

/** Compare instants as text, because the service writes them all in the same form. Null (nobody waits) comes last. */
function bySince(first, second) {
  if (first === second) return 0;
  if (first === null || second === null) return first === null ? 1 : -1;
  return first < second ? -1 : 1;
}

/**
 * The items that need not move when a list is reordered, so that as few as possible move.
 * @param {number[]} places current position of each item, in the new order; -1 for a new item
 * @returns {Set<number>} indexes into `places`: a longest increasing subsequence
 */
export function unmoved(places) {
  const ends = []; // by length of a subsequence: index of its smallest possible end
  const before = new Array(places.length).fill(-1);
  for (const [n, place] of places.entries()) {
    if (place < 0) continue;
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (places[ends[middle]] < place) low = middle + 1;
      else high = middle;
    }
    before[n] = low > 0 ? ends[low - 1] : -1;
    ends[low] = n;
  }
  const found = new Set();
  for (let n = ends.at(-1) ?? -1; n >= 0; n = before[n]) found.add(n);
  return found;
}

/**
 * Replace items that have not changed by their previous objects, so that a comparison of references finds changes.
 * @template {{id: string}} Item
 * @param {Map<string, {text: string, item: Item}>} previous the previous items by id; it is updated
 * @param {Item[]} items
 * @returns {Item[]}
 */
export function reuseUnchanged(previous, items) {
  const found = items.map((item) => {
    const text = JSON.stringify(item);
    const before = previous.get(item.id);
    return before?.text === text ? before : { text, item };
  });
  previous.clear();
  for (const entry of found) previous.set(entry.item.id, entry);
  return found.map(({ item }) => item);
}

/**
 * Sum up the figures of all halls.
 * @param {object[]} halls
 * @param {number} now_ms
 */
export function totals(halls, now_ms) {
  const sum = (of) => halls.reduce((before, hall) => before + of(hall), 0);
  const waits = halls.filter(({ longest_since_at }) => longest_since_at !== null);
  const worst = waits.reduce((before, hall) => (before === null || hall.longest_since_at < before.longest_since_at ? hall : before), null);
  const gone = halls.flatMap((hall) => hall.screens_gone.map((screen) => ({ hall, screen })));
  gone.sort((first, second) => (first.screen.seen_at < second.screen.seen_at ? -1 : 1));
  return {
    waiting: sum(({ waiting }) => waiting),
    open: halls.filter(({ open }) => open).length,
    worst,
    longest_s: worst === null ? null : longest_s(worst, now_ms),
    countersOpen: sum(({ counters_open }) => counters_open ?? 0),
    countersPlanned: sum(({ counters_planned }) => counters_planned),
    scored: sum(({ scored }) => scored),
    held: sum(({ held }) => held),
    standby: sum(({ standby }) => standby),
    standbyHalls: halls.filter(({ standby }) => standby > 0).length,
    screens: sum(({ screens }) => screens),
    gone,
  };
}

/** Steps of an axis that are easy to read. */
const STEPS = [1, 2, 5, 10, 15, 20, 25, 30, 50, 100, 150, 200, 250, 500, 1000, 2500, 5000, 10_000];

/**
 * The marks of an axis from 0 to the greatest value or more.
 * @param {number} most the greatest value
 * @param {number} count number of steps
 * @returns {number[]}
 */
export function marks(most, count) {
  const step = STEPS.find((candidate) => candidate * count >= most) ?? Math.ceil(most / count);
  return Array.from({ length: count + 1 }, (_, n) => n * step);
}
