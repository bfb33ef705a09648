/**
 * Three-way merge of two edited versions of a form.
 *
 * A field that only one side changed gets the value of that side. A field that both sides changed differently is a conflict, which a
 * person resolves. Lists of items with ids are compared by id, not by position.
 */

import { isObject, put, same } from "./values.js";

/** @typedef {import("./values.js").Path} Path */
/** @typedef {{path: Path, was: any, now: any}} Difference of one field; undefined: the field is absent */
/** @typedef {{path: Path, base: any, mine: any, theirs: any}} Conflict */

const ORDER = "order";

/**
 * Find the differences of two forms. An item that only one form has is one difference, not one for each of its fields.
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
 * Merge two forms that were made from the same base.
 * @param {any} base
 * @param {any} mine
 * @param {any} theirs
 * @returns {{merged: any, conflicts: Conflict[], taken: Difference[], kept: Difference[]}} `merged` has my value where
 *   there is a conflict; `taken`: changes that only they made; `kept`: changes that only I made
 */
export function merge(base, mine, theirs) {
  const found = { conflicts: [], taken: [], kept: [] };
  return { merged: merged(base, mine, theirs, [], found), ...found };
}

/**
 * A form with resolved conflicts.
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

/** Merge orders of ids: their order, without the ids I removed; each id I added follows the same id as in my order. */
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
  return [...new Set(objects.flatMap((object) => Object.keys(object)))];
}
