// What makes a web page behave like an appliance: awake, still under stray fingers, never white.

const OURS = new Set(["F5", "F11", "BrowserBack", "BrowserForward", "BrowserRefresh", "BrowserHome"]);
const WITH_CTRL = new Set("rpsoufghjd+-=0");
const WITH_ALT = new Set(["ArrowLeft", "ArrowRight", "Home", "d"]);

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

/**
 * No context menu, no zoom by pinch, double tap or wheel, no dragging, no selected text, no dropped
 * file, and (without `shortcuts`) none of the browser's keys that lead away from the screen.
 */
export function holdStill({ shortcuts = false } = {}) {
  const isField = (target) => target instanceof HTMLInputElement;
  const refuse = (event) => event.preventDefault();
  addEventListener("contextmenu", refuse);
  for (const kind of ["dragstart", "dragover", "drop"]) addEventListener(kind, refuse);
  addEventListener("gesturestart", refuse);
  addEventListener("selectstart", (event) => {
    if (!isField(event.target)) refuse(event);
  });
  addEventListener("wheel", (event) => event.ctrlKey && refuse(event), { passive: false });
  if (!shortcuts) addEventListener("keydown", (event) => leadsAway(event) && refuse(event), { capture: true });
  addEventListener("touchmove", (event) => event.touches.length > 1 && refuse(event), { passive: false });
}

function leadsAway({ key, ctrlKey, metaKey, altKey }) {
  if (OURS.has(key)) return true;
  if (ctrlKey && altKey) return false; // AltGr writes letters
  return ((ctrlKey || metaKey) && WITH_CTRL.has(key.toLowerCase())) || (altKey && WITH_ALT.has(key));
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
}

function isOurs(file) {
  return !file || !URL.canParse(file) || !/^\/static\/(?!kiosk\/)/.test(new URL(file).pathname);
}

