/** Printing of a single part of a page. */

/** Print an element alone. The page does not change. @param {Element} shown */
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
