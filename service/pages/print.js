/** Printing a part of a page and nothing else of it. */

/** @param {Element} shown is printed as it stands; the page stays as it is */
export function printAlone(shown) {
  const alone = shown.cloneNode(true);
  alone.classList.add("print-alone");
  document.body.append(alone);
  document.body.classList.add("is-printing");
  const after = () => {
    document.body.classList.remove("is-printing");
    alone.remove();
  };
  globalThis.addEventListener("afterprint", after, { once: true });
  globalThis.print();
}
