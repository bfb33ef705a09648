/**
 * Keeps the kiosk's page for when the network is away: a kiosk that was switched on then still gives numbers.
 *
 * What the page is made of is asked for first and taken from here when no answer comes: a new release is shown at once, and the
 * last one when there is none. Calls are left alone: what is true is known by the service only.
 */

const CACHE = "paihao-kiosk";
const ANSWER_MS = 4000;
const PARTS = [
  "/packed/kiosk.css", "/packed/kiosk.js", "/display/icon.svg", "/pages/kiosk/slip-58.css", "/pages/kiosk/slip-80.css",
  "/pages/texts/en/kiosk.ftl", "/pages/texts/zh-CN/kiosk.ftl",
];
// The page itself, whatever is asked of it: its language, for one, is in its address.
const PAGE = location.pathname.replace(/\/worker\.js$/, "");

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll([PAGE, ...PARTS])).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(self.clients.claim());
});

self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  const part = pathname === PAGE ? PAGE : pathname;
  if (event.request.method !== "GET" || origin !== location.origin || (part !== PAGE && !PARTS.includes(part))) return;
  event.respondWith(answer(event.request, part));
});

async function answer(request, part) {
  const cache = await caches.open(CACHE);
  try {
    const response = await fetch(request, { signal: AbortSignal.timeout(ANSWER_MS) });
    if (response.ok) await cache.put(part, response.clone());
    return response.status < 500 ? response : ((await cache.match(part)) ?? response);
  } catch (reason) {
    const kept = await cache.match(part);
    if (kept) return kept;
    throw reason;
  }
}
