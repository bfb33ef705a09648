/**
 * What stands becomes what was drawn anew, and what is the same is left alone: focus, what is typed and what is unfolded stay.
 *
 * Only for drawings whose buttons do the same as before where their id is the same.
 */

// What people and acts change: no drawing takes it back.
const KEPT = new Set(["open", "aria-busy"]);

/** @param {Element} stands @param {Element} drawn is taken apart */
export function settle(stands, drawn) {
  let there = stands.firstChild;
  for (const node of [...drawn.childNodes]) {
    const like = alikeFrom(there, node);
    if (like === null) {
      stands.insertBefore(node, there);
      continue;
    }
    while (there !== like) there = gone(there);
    become(like, node);
    there = like.nextSibling;
  }
  while (there) there = gone(there);
}

/** The first from here on that can become this. */
function alikeFrom(there, node) {
  for (let one = there; one; one = one.nextSibling) if (nameOf(one) === nameOf(node)) return one;
  return null;
}

function nameOf(node) {
  return node.nodeType === Node.ELEMENT_NODE ? `${node.localName} ${node.id} ${node.getAttribute("href") ?? ""}` : node.nodeName;
}

function gone(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

function become(there, node) {
  if (there.nodeType !== Node.ELEMENT_NODE) {
    if (there.data !== node.data) there.data = node.data;
    return;
  }
  for (const { name } of [...there.attributes]) if (!node.hasAttribute(name) && !KEPT.has(name)) there.removeAttribute(name);
  for (const { name, value } of node.attributes) if (there.getAttribute(name) !== value) there.setAttribute(name, value);
  settle(there, node);
}
