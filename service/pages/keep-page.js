/** Caching of a page by its service worker, so that it can start without network. */

/**
 * Send the list of the page's files to its worker, which caches them.
 * @param {string} page path of the page, or common path of several pages
 * @param {string} [scope] path below which the worker controls pages
 */
export async function keepPage(page, scope = page) {
  const workers = navigator.serviceWorker; // undefined on pages without TLS, except those of this machine
  const registered = await workers?.register(`${page}/worker.js`, { scope }).catch(() => null);
  if (!registered) return;
  const loaded = performance.getEntriesByType("resource").map(({ name }) => name);
  const named = [...document.querySelectorAll("link[href], script[src]")].map((element) => element.href ?? element.src);
  const addresses = [...named, ...loaded].map((address) => new URL(address)).filter(({ origin, pathname }) => origin === location.origin && !pathname.startsWith("/v1/"));
  const parts = [...new Set(addresses.map(({ pathname, search }) => pathname + search))];
  (await workers.ready).active.postMessage({ parts });
}
