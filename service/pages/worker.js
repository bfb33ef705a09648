/**
 * Keeps a page for when the network is away: a kiosk that was switched on then still gives numbers, and a phone that opens its
 * ticket anew still shows it, as it was. Brings the page of a ticket to front when its notification is pressed.
 *
 * What the page is made of is asked for first and taken from here when no answer comes: a new release is shown at once, and the
 * last one when there is none. Which files these are the page says when it stands; they are kept all at once or not at all, so
 * that no copy is of two releases. Calls are left alone: what is true is known by the service only.
 */

// An answer that has begun is waited for to its end: over a slow line that takes longer.
const ANSWER_MS = 4000;
const CALLS = "/v1/";
// The page itself, whatever is asked of it: its language, for one, is in its address; and all tickets have one page. So whose
// ticket it is, is not in what it is kept as, and the token, which no server sees, is not either.
const PAGE = location.pathname.replace(/\/worker\.js$/, "");
const CACHE = `paihao-${PAGE === "/t" ? "ticket" : "kiosk"} ${PAGE}`;

self.addEventListener("install", (event) => {
  event.waitUntil(self.skipWaiting());
});

self.addEventListener("activate", (event) => {
  event.waitUntil(self.clients.claim());
});

self.addEventListener("message", (event) => {
  event.waitUntil(keep([...event.data.parts, PAGE]));
});

self.addEventListener("fetch", (event) => {
  const { pathname, search, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== location.origin || pathname.startsWith(CALLS)) return;
  const isPage = pathname === PAGE || pathname.startsWith(`${PAGE}/`);
  event.respondWith(answer(event.request, isPage ? PAGE : pathname + search));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(toFront(`${PAGE}/${event.notification.tag}`));
});

/**
 * Keep these and nothing else. They have just been loaded: what is still good the browser has, and it does not come again.
 * @param {string[]} parts paths on this server
 */
async function keep(parts) {
  const cache = await caches.open(CACHE);
  await cache.addAll(parts);
  for (const request of await cache.keys()) {
    const { pathname, search } = new URL(request.url);
    if (!parts.includes(pathname + search)) await cache.delete(request);
  }
}

/** @param {Request} request @param {string} part what it is kept as */
async function answer(request, part) {
  const kept = async () => (await caches.open(CACHE)).match(part);
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), ANSWER_MS);
  try {
    const response = await fetch(request, { signal: controller.signal });
    return response.status < 500 ? response : ((await kept()) ?? response);
  } catch (reason) {
    const response = await kept();
    if (response) return response;
    throw reason;
  } finally {
    clearTimeout(timer);
  }
}

/** Show the page that is open at this path, or open it: it has its token kept. @param {string} path */
async function toFront(path) {
  const open = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const own = open.find(({ url }) => new URL(url).pathname === path);
  await (own ? own.focus() : self.clients.openWindow(path));
}
