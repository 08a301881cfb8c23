// The service worker: the screen of one version, kept so that it opens without the server, which
// writes KEPT = {version, files} in front. Nothing of a visit or an operator is kept.

const NAME = `kiosk-${KEPT.version}`;
const SCREENS = ["/", "/kiosk"];
const PAGE = "/kiosk";
const DEADLINE_MS = 4_000;
const MAX_KEPT = 400; // addresses; beyond them a file is fetched each time

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin || request.headers.has("range")) return;
  if (request.mode === "navigate") {
    if (SCREENS.includes(pathname) || pathname === "/enrol") event.respondWith(screen(request, pathname));
  } else if (pathname.startsWith("/static/") && !pathname.startsWith("/static/operator/")) {
    event.respondWith(file(request));
  }
});
self.addEventListener("message", ({ data }) => {
  for (const address of data.keep) file(new Request(address)).catch(() => {});
});

async function install() {
  const cache = await caches.open(NAME);
  await cache.addAll(KEPT.files.map((address) => new Request(address, { cache: "reload" })));
  const page = await fetch(PAGE, { cache: "reload" }).catch(() => null);
  if (page) await keepPage(page);
  await self.skipWaiting();
}

async function activate() {
  for (const name of await caches.keys()) {
    if (name.startsWith("kiosk-") && name !== NAME) await caches.delete(name);
  }
  await self.clients.claim();
}

// A page goes with the files of its own version, or it is not kept.
async function keepPage(answer) {
  if (!answer.ok || answer.redirected) return;
  const copy = answer.clone();
  if ((await answer.text()).includes(KEPT.version)) await (await caches.open(NAME)).put(PAGE, copy);
}

async function screen(request, pathname) {
  const cache = await caches.open(NAME);
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(DEADLINE_MS) });
    if (answer.status < 500) {
      if (SCREENS.includes(pathname)) keepPage(answer.clone());
      return answer;
    }
  } catch {
    // No server, or none that answers in time: what is kept.
  }
  const page = SCREENS.includes(pathname) ? await cache.match(PAGE) : null;
  return page ?? (await cache.match("/offline")) ?? Response.error();
}

async function file(request) {
  const cache = await caches.open(NAME);
  const kept = await cache.match(request);
  if (!kept) return keep(cache, request);
  if (request.url.includes("?v=")) return kept;
  const answer = await fetch(request, { signal: AbortSignal.timeout(DEADLINE_MS) }).catch(() => null);
  return answer && answer.status < 500 ? answer : kept;
}

async function keep(cache, request) {
  const answer = await fetch(request);
  if (answer.status === 200 && (await cache.keys()).length < MAX_KEPT) {
    await cache.put(request, answer.clone()).catch(() => {}); // a full device: it is fetched each time
  }
  return answer;
}
