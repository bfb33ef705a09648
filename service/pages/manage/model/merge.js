/**
 * What two people made of the same form: field by field, with nothing lost.
 *
 * A field that only one of them changed is as that one left it. A field that both changed differently is a conflict,
 * which a person decides. Lists of things with ids are compared thing by thing, not place by place.
 */

import { isObject, put, same } from "./values.js";

/** @typedef {import("./values.js").Path} Path */
/** @typedef {{path: Path, was: any, now: any}} Difference one field; undefined where there is none */
/** @typedef {{path: Path, base: any, mine: any, theirs: any}} Conflict */

const ORDER = "order";

/**
 * Find in what two forms differ. A thing that is in one only is one difference, not one for each of its fields.
 * @returns {Difference[]}
 */
export function differences(was, now, path = []) {
  if (same(was, now)) return [];
  if (!isObject(was) || !isObject(now)) return [{ path, was, now }];
  return namesOf(was, now).flatMap((name) => {
    if (name === ORDER && !isReordered(was[name], now[name])) return [];
    return differences(was[name], now[name], [...path, name]);
  });
}

/**
 * Merge two forms made of one.
 * @param {any} base what both began with
 * @param {any} mine
 * @param {any} theirs
 * @returns {{merged: any, conflicts: Conflict[], taken: Difference[], kept: Difference[]}} `merged` has mine where
 *   there is a conflict; `taken` are theirs that were not mine, `kept` mine that were not theirs
 */
export function merge(base, mine, theirs) {
  const found = { conflicts: [], taken: [], kept: [] };
  return { merged: merged(base, mine, theirs, [], found), ...found };
}

/**
 * Decide conflicts.
 * @param {any} form
 * @param {readonly Conflict[]} conflicts
 * @param {(conflict: Conflict) => "mine" | "theirs"} choose
 */
export function decide(form, conflicts, choose) {
  return conflicts.reduce((made, conflict) => put(made, conflict.path, conflict[choose(conflict)]), form);
}

function merged(base, mine, theirs, path, found) {
  if (same(mine, theirs)) return mine;
  if (same(base, mine)) {
    found.taken.push(...differences(base, theirs, path));
    return theirs;
  }
  if (same(base, theirs)) {
    found.kept.push(...differences(base, mine, path));
    return mine;
  }
  if (isObject(mine) && isObject(theirs) && (base === undefined || isObject(base))) {
    return mergedFields(base ?? {}, mine, theirs, path, found);
  }
  found.conflicts.push({ path, base, mine, theirs });
  return mine;
}

function mergedFields(base, mine, theirs, path, found) {
  let made = {};
  for (const name of namesOf(theirs, mine, base)) {
    const value =
      name === ORDER
        ? mergedOrder(base[name] ?? [], mine[name] ?? [], theirs[name] ?? [])
        : merged(base[name], mine[name], theirs[name], [...path, name], found);
    made = put(made, [name], value);
  }
  return made;
}

/** Theirs is the order; what I added stands behind what I put it behind, and what I took away is gone. */
function mergedOrder(base, mine, theirs) {
  const [wasThere, isTheirs] = [new Set(base), new Set(theirs)];
  const isMine = new Set(mine);
  const order = theirs.filter((key) => isMine.has(key) || !wasThere.has(key));
  mine.forEach((key, place) => {
    if (isTheirs.has(key) || wasThere.has(key)) return;
    const before = place === 0 ? -1 : order.indexOf(mine[place - 1]);
    order.splice(before < 0 && place > 0 ? order.length : before + 1, 0, key);
  });
  return order;
}

function isReordered(was, now) {
  const [before, after] = [new Set(was), new Set(now)];
  return !same((was ?? []).filter((key) => after.has(key)), (now ?? []).filter((key) => before.has(key)));
}

function namesOf(...objects) {
  return [...new Set(objects.flatMap((one) => Object.keys(one)))];
}
