/** Plain values (as JSON has them) by path: read, changed without touching the old one, compared. */

/** @typedef {readonly string[]} Path */

/** @returns {boolean} whether both say the same; the order of an object's fields says nothing */
export function same(one, other) {
  if (one === other) return true;
  if (Array.isArray(one) || Array.isArray(other)) {
    return Array.isArray(one) && Array.isArray(other) && one.length === other.length && one.every((value, i) => same(value, other[i]));
  }
  if (!isObject(one) || !isObject(other)) return false;
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => Object.hasOwn(other, name) && same(one[name], other[name]));
}

/** @returns {boolean} */
export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @param {unknown} value @param {Path} path @returns {any} undefined where nothing is */
export function at(value, path) {
  return path.reduce((inner, name) => (isObject(inner) && Object.hasOwn(inner, name) ? inner[name] : undefined), value);
}

/**
 * The value with another one at `path`; undefined takes away what is there.
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
