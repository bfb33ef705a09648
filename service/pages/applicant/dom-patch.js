/**
 * Changes the elements of the page into a new drawing, and leaves equal elements alone: focus, typed text and unfolded parts stay.
 *
 * Buttons keep their old handlers: elements with the same id must do the same in both drawings.
 */

// Attributes that people and acts change: a new drawing does not remove them.
const KEPT_ATTRIBUTES = new Set(["open", "aria-busy"]);

/** Make the children of an element equal to those of a new drawing. @param {Element} element @param {Element} drawn loses its children */
export function patchDom(element, drawn) {
  let current = element.firstChild;
  for (const node of [...drawn.childNodes]) {
    const match = findMatch(current, node);
    if (match === null) {
      element.insertBefore(node, current);
      continue;
    }
    while (current !== match) current = removeNode(current);
    patchNode(match, node);
    current = match.nextSibling;
  }
  while (current) current = removeNode(current);
}

/** The first sibling, from `current` on, that can be changed into `node`; null if there is none. */
function findMatch(current, node) {
  for (let sibling = current; sibling; sibling = sibling.nextSibling) if (matchKey(sibling) === matchKey(node)) return sibling;
  return null;
}

function matchKey(node) {
  return node.nodeType === Node.ELEMENT_NODE ? `${node.localName} ${node.id} ${node.getAttribute("href") ?? ""}` : node.nodeName;
}

/** Remove a node. @returns {ChildNode | null} its next sibling */
function removeNode(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

function patchNode(current, node) {
  if (current.nodeType !== Node.ELEMENT_NODE) {
    if (current.data !== node.data) current.data = node.data;
    return;
  }
  for (const { name } of [...current.attributes]) if (!node.hasAttribute(name) && !KEPT_ATTRIBUTES.has(name)) current.removeAttribute(name);
  for (const { name, value } of node.attributes) if (current.getAttribute(name) !== value) current.setAttribute(name, value);
  patchDom(current, node);
}
