/** Marks the moment from which a page is usable; the browser's tools and `./paihao bench pages` read the mark. */

const MARK = "paihao:usable";

/** The first thing that can be pressed or read is there; later content does not count. */
export function usable() {
  if (performance.getEntriesByName(MARK).length === 0) performance.mark(MARK);
}
