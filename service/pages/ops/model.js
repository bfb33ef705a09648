/**
 * What the figures of halls mean: how long somebody has waited, what is past a threshold, which hall is the worst off.
 *
 * Nothing here knows the page; instants are milliseconds.
 */

/** Near a threshold: of the longest wait that is acted on. */
const NEAR = 0.9;

/** @typedef {"" | "late" | "over"} Level late: near a threshold; over: past it */

/**
 * For how long the one who has waited longest has waited.
 * @param {object} hall of `GET /v1/ops`
 * @param {number} now_ms
 * @returns {number | null} seconds; null where nobody waits
 */
export function longest_s(hall, now_ms) {
  return hall.longest_since_at === null ? null : Math.max(0, (now_ms - Date.parse(hall.longest_since_at)) / 1000);
}

/** @param {object} hall @param {object} watch @param {number} now_ms @returns {Level} */
export function waitLevel(hall, watch, now_ms) {
  const waited_s = longest_s(hall, now_ms) ?? 0;
  if (waited_s >= watch.wait_s) return "over";
  return waited_s >= NEAR * watch.wait_s ? "late" : "";
}

/**
 * @param {number} held
 * @param {number} scored
 * @param {object} watch
 * @returns {Level} nothing of so few that chance alone speaks
 */
export function promisesLevel(held, scored, watch) {
  if (scored < watch.scored_min) return "";
  if (held / scored < watch.promises_far) return "over";
  return held / scored < watch.promises_from ? "late" : "";
}

/** @param {object} hall @returns {Level} counters that the plan has and nobody has opened */
export function countersLevel(hall) {
  if (!hall.open || hall.suspended || hall.counters_open === null || hall.counters_open >= hall.counters_planned) return "";
  return hall.counters_open === 0 && hall.waiting > 0 ? "over" : "late";
}

/** @param {object} hall @returns {Level} */
export function screensLevel(hall) {
  return hall.screens_gone.length > 0 ? "over" : "";
}

/** @param {object} hall @returns {boolean} whether there is nothing to look at: closed, and nobody waits */
export function isQuiet(hall) {
  return !hall.open && hall.waiting === 0 && hall.standby === 0;
}

/**
 * Halls with the worst first: by the longest wait, then by how many wait; those that are closed come last.
 *
 * Who has waited longest has so in a minute too: the order is that of the halls, whatever the time.
 * @param {object[]} halls
 * @param {(hall: object) => string} nameOf
 * @param {(one: string, other: string) => number} byName
 */
export function worstFirst(halls, nameOf, byName) {
  return [...halls].sort(
    (one, other) =>
      isQuiet(one) - isQuiet(other) ||
      bySince(one.longest_since_at, other.longest_since_at) ||
      other.waiting - one.waiting ||
      byName(nameOf(one), nameOf(other)),
  );
}

/** Instants of the service are written alike and compare as text; where nobody waits comes last. */
function bySince(one, other) {
  if (one === other) return 0;
  if (one === null || other === null) return one === null ? 1 : -1;
  return one < other ? -1 : 1;
}

/**
 * Which of some things may stay where they are when they are put in another order, so that the fewest move.
 * @param {number[]} places where each is now, in the order that is wanted; -1 for what is new
 * @returns {Set<number>} indexes into `places`: a longest run of rising places
 */
export function staying(places) {
  const ends = []; // by the length of a run, the index at which one ends lowest
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
 * What has come anew, with the same object for each thing that is as it was: what has not changed is seen without a look into it.
 * @template {{id: string}} Thing
 * @param {Map<string, {text: string, thing: Thing}>} known what came before; it is brought up to date
 * @param {Thing[]} things
 * @returns {Thing[]}
 */
export function unchanged(known, things) {
  const found = things.map((thing) => {
    const text = JSON.stringify(thing);
    const before = known.get(thing.id);
    return before?.text === text ? before : { text, thing };
  });
  known.clear();
  for (const one of found) known.set(one.thing.id, one);
  return found.map(({ thing }) => thing);
}

/**
 * All halls together.
 * @param {object[]} halls
 * @param {number} now_ms
 */
export function totals(halls, now_ms) {
  const sum = (of) => halls.reduce((before, hall) => before + of(hall), 0);
  const waits = halls.filter(({ longest_since_at }) => longest_since_at !== null);
  const worst = waits.reduce((before, hall) => (before === null || hall.longest_since_at < before.longest_since_at ? hall : before), null);
  const gone = halls.flatMap((hall) => hall.screens_gone.map((screen) => ({ hall, screen })));
  gone.sort((one, other) => (one.screen.seen_at < other.screen.seen_at ? -1 : 1));
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

/** Steps of an axis that people read without reckoning. */
const STEPS = [1, 2, 5, 10, 15, 20, 25, 30, 50, 100, 150, 200, 250, 500, 1000, 2500, 5000, 10_000];

/**
 * The marks of an axis from nought to beyond the greatest value.
 * @param {number} most
 * @param {number} count of steps
 * @returns {number[]}
 */
export function marks(most, count) {
  const step = STEPS.find((one) => one * count >= most) ?? Math.ceil(most / count);
  return Array.from({ length: count + 1 }, (_, n) => n * step);
}
