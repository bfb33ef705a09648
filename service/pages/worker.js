/**
 * Service worker that caches a page for a start without network: a kiosk can then give out numbers, and a phone shows its ticket as it
 * was last. It also focuses the page of a ticket when its notification is clicked.
 *
 * Files are requested from the network first, and taken from the cache if there is no answer, so a new release is shown at once. The page
 * sends the list of its files when it is ready. They are cached all together or not at all, so that the cache never mixes two releases.
 * API calls are not cached.
 */

// Time until the answer must start. A started answer may take longer over a slow connection.
const ANSWER_MS = 4000;
const CALLS = "/v1/";
// Cache key of the page, without query and ticket: all tickets share one page. So the cache contains neither ticket ids nor tokens.
const PAGE = location.pathname.replace(/\/worker\.js$/, "");
const CACHE = `paihao-${PAGE === "/t" ? "ticket" : "kiosk"} ${PAGE}`;

self.addEventListener("install", (event) => {
  event.waitUntil(self.skipWaiting());
});

self.addEventListener("activate", (event) => {
  event.waitUntil(self.clients.claim());
});

self.addEventListener("message", (event) => {
  event.waitUntil(cacheParts([...event.data.parts, PAGE]));
});

self.addEventListener("fetch", (event) => {
  const { pathname, search, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== location.origin || pathname.startsWith(CALLS)) return;
  const isPage = pathname === PAGE || pathname.startsWith(`${PAGE}/`);
  event.respondWith(answer(event.request, isPage ? PAGE : pathname + search));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(focusOrOpen(`${PAGE}/${event.notification.tag}`));
});

/**
 * Cache these files and delete all others. The page has just loaded them, so most come from the browser's HTTP cache.
 * @param {string[]} parts paths on this server
 */
async function cacheParts(parts) {
  const cache = await caches.open(CACHE);
  await cache.addAll(parts);
  for (const request of await cache.keys()) {
    const { pathname, search } = new URL(request.url);
    if (!parts.includes(pathname + search)) await cache.delete(request);
  }
}

/** Answer from the network, or from the cache if the network does not answer in time. @param {Request} request @param {string} part cache key */
async function answer(request, part) {
  const cached = async () => (await caches.open(CACHE)).match(part);
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), ANSWER_MS);
  try {
    const response = await fetch(request, { signal: controller.signal });
    return response.status < 500 ? response : ((await cached()) ?? response);
  } catch (reason) {
    const response = await cached();
    if (response) return response;
    throw reason;
  } finally {
    clearTimeout(timer);
  }
}

/** Focus the page that is open at this path, or open it; the page has stored its token. @param {string} path */
async function focusOrOpen(path) {
  const open = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const own = open.find(({ url }) => new URL(url).pathname === path);
  await (own ? own.focus() : self.clients.openWindow(path));
}
