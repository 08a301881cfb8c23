// What makes a web page behave like an appliance: awake, still under stray fingers, never white.

const CRASH_KEY = "kiosk.crashes";
const FIRST_RELOAD_MS = 4_000;
const MAX_RELOAD_MS = 60_000;
const HEALTHY_AFTER_MS = 60_000;

/** Keep the display on; the lock is lost whenever the page is hidden, so it is asked for again. */
export function stayAwake() {
  const awake = (is) => (document.documentElement.dataset.awake = is);
  const ask = () => {
    if (document.hidden) return;
    const held = navigator.wakeLock?.request("screen");
    held?.then((lock) => {
      awake("yes");
      lock.addEventListener("release", () => awake("no"));
    }).catch(() => awake("no"));
  };
  document.addEventListener("visibilitychange", ask);
  addEventListener("pointerdown", ask, { once: true });
  ask();
}

/** No context menu, no zoom by pinch, double tap or wheel, no dragging, no selected text. */
export function holdStill() {
  const isField = (target) => target instanceof HTMLInputElement;
  const refuse = (event) => event.preventDefault();
  addEventListener("contextmenu", refuse);
  addEventListener("dragstart", refuse);
  addEventListener("gesturestart", refuse);
  addEventListener("selectstart", (event) => {
    if (!isField(event.target)) refuse(event);
  });
  addEventListener("wheel", (event) => event.ctrlKey && refuse(event), { passive: false });
  addEventListener("touchmove", (event) => event.touches.length > 1 && refuse(event), { passive: false });
}

/**
 * Call `onError()` for every mistake nobody caught; its kind is logged, never what was said. Those of
 * a plugin's script are only logged: its card may be wrong, the page around it is not.
 */
export function catchEverything(onError) {
  const caught = (kind, file) => {
    if (isOurs(file)) onError(kind);
    else console.error(`kiosk: ${new URL(file).pathname} failed (${kind})`);
  };
  addEventListener("error", (event) => {
    if (event.message?.startsWith("ResizeObserver")) return;
    caught(event.error?.name ?? "error", event.filename);
  });
  addEventListener("unhandledrejection", ({ reason }) => {
    const [file] = /https?:\/\/[^\s?)]+\.js/.exec(reason?.stack ?? "") ?? [];
    caught(reason?.name ?? "rejection", file);
  });
  setTimeout(() => sessionStorage.removeItem(CRASH_KEY), HEALTHY_AFTER_MS);
}

function isOurs(file) {
  return !file || !URL.canParse(file) || !/^\/static\/(?!kiosk\/)/.test(new URL(file).pathname);
}

/** Reload after a wait that doubles with every crash in a row, so that a bad page does not spin. */
export function reloadSoon() {
  const crashes = Number(sessionStorage.getItem(CRASH_KEY) ?? 0);
  sessionStorage.setItem(CRASH_KEY, String(crashes + 1));
  setTimeout(() => location.reload(), Math.min(MAX_RELOAD_MS, FIRST_RELOAD_MS * 2 ** crashes));
}
