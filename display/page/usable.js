/** The moment from which a page can be used, as a mark that a browser's tools, and `./paihao bench pages`, read. */

const MARK = "paihao:usable";

/** The first thing that can be pressed or read here is there; what comes later is not counted. */
export function usable() {
  if (performance.getEntriesByName(MARK).length === 0) performance.mark(MARK);
}
