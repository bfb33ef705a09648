/** Reads, changes and compares JSON values by path. A change returns a new value. */

/** @typedef {readonly string[]} Path */

/** @returns {boolean} whether two values are equal, whatever the order of the fields of objects */
export function same(first, second) {
  if (first === second) return true;
  if (Array.isArray(first) || Array.isArray(second)) {
    return Array.isArray(first) && Array.isArray(second) && first.length === second.length && first.every((value, i) => same(value, second[i]));
  }
  if (!isObject(first) || !isObject(second)) return false;
  const names = Object.keys(first);
  return names.length === Object.keys(second).length && names.every((name) => Object.hasOwn(second, name) && same(first[name], second[name]));
}

/** @returns {boolean} whether a value is an object, and no array */
export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value at a path. @param {unknown} value @param {Path} path @returns {any} undefined if there is none */
export function at(value, path) {
  return path.reduce((inner, name) => (isObject(inner) && Object.hasOwn(inner, name) ? inner[name] : undefined), value);
}

/**
 * A copy of the value with another inner value at `path`; undefined removes it.
 * @template T
 * @param {T} value
 * @param {Path} path
 * @param {unknown} inner
 * @returns {T}
 */
export function put(value, path, inner) {
  if (path.length === 0) return /** @type {T} */ (inner);
  const [name, ...rest] = path;
  const outer = isObject(value) ? value : {};
  const changed = put(Object.hasOwn(outer, name) ? outer[name] : undefined, rest, inner);
  if (changed !== undefined) return { ...outer, [name]: changed };
  const { [name]: _, ...left } = outer;
  return /** @type {T} */ (left);
}
