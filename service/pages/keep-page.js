/** A page that its worker keeps, so that it opens while the network is away. */

/**
 * Tell the worker beside a page what the page is made of.
 * @param {string} page its path, or that of all pages like it
 * @param {string} [scope] the paths of what the worker keeps
 */
export async function keepPage(page, scope = page) {
  const workers = navigator.serviceWorker; // only where the page comes over TLS, or from this machine
  const registered = await workers?.register(`${page}/worker.js`, { scope }).catch(() => null);
  if (!registered) return;
  const loaded = performance.getEntriesByType("resource").map(({ name }) => name);
  const named = [...document.querySelectorAll("link[href], script[src]")].map((element) => element.href ?? element.src);
  const addresses = [...named, ...loaded].map((address) => new URL(address)).filter(({ origin, pathname }) => origin === location.origin && !pathname.startsWith("/v1/"));
  const parts = [...new Set(addresses.map(({ pathname, search }) => pathname + search))];
  (await workers.ready).active.postMessage({ parts });
}
