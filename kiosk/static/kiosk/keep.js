// Has the browser keep the screen (sw.js); without a secure context it goes on as a plain page.

const PATIENCE_MS = 20_000;

navigator.serviceWorker?.register("/sw.js", { scope: "/", updateViaCache: "none" })
  .catch((error) => console.warn(`kiosk: the screen is not kept (${error.name})`));

/** Have what this page has loaded kept too: styles of cards, letters, languages. */
export async function keepLoaded() {
  await new Promise((done) => setTimeout(done, PATIENCE_MS));
  const { active } = (await navigator.serviceWorker?.ready) ?? {};
  const files = `${location.origin}/static/`;
  const used = performance.getEntriesByType("resource").map(({ name }) => name);
  active?.postMessage({ keep: used.filter((name) => name.startsWith(files)) });
}
