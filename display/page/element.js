/** Builds pages from data. Text is inserted as text, never as markup, so a hall's text cannot become an element. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * Make an element.
 * @param {string} name tag, with classes after dots: `p.quiet`
 * @param {Record<string, unknown>} [attributes] null, undefined and false omit an attribute; true writes it empty
 * @param {...(Node | string | null | undefined | (Node | string)[])} children
 * @returns {HTMLElement}
 */
export function make(name, attributes = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag);
  if (classes.length > 0) element.className = classes.join(" ");
  return finish(element, attributes, children);
}

/**
 * Make an SVG element. Coordinates are attributes, which a strict content policy allows, unlike styles.
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes]
 * @param {...(Node | string | null | undefined)} children
 * @returns {SVGElement}
 */
export function makeSvg(tag, attributes = {}, ...children) {
  return finish(document.createElementNS(SVG, tag), attributes, children);
}

function finish(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/**
 * One element for each language, marked with its language; the first is the main one.
 * @param {import("./words.js").Said[]} texts
 * @param {string} [tag]
 * @returns {HTMLElement[]}
 */
export function lines(texts, tag = "p") {
  return texts.map((one, index) => make(`${tag}.${index === 0 ? "first" : "second"}`, { lang: one.tag }, ...[one.text].flat()));
}

const drawn = new WeakMap();

/**
 * Fill an element again, but only if the facts it shows have changed: boards come up to ten times a second.
 * @param {Element} parent
 * @param {unknown} facts everything that `build` reads
 * @param {() => (Node | string)[]} build
 * @returns {boolean} whether it was filled
 */
export function redraw(parent, facts, build) {
  const key = JSON.stringify(facts);
  if (drawn.get(parent) === key) return false;
  drawn.set(parent, key);
  parent.replaceChildren(...build());
  return true;
}
