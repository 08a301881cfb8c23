// Brings the screen's own keyboard when a field is touched; until then none of it is loaded.

const FIELD = "input:is([type=text], [type=email], [type=tel], [type=search], [type=url], :not([type]))";
const NOT_TYPING = new Set(["Shift", "Control", "Alt", "Meta", "CapsLock", "Escape", "Tab", "Unidentified"]);

/** @param {"auto" | "always" | "never"} mode @param {import("./texts.js").Texts} texts */
export function offerKeyboard(mode, texts) {
  if (mode === "never") return;
  let byTouch = false;
  let keyboard = null;
  let asked = 0;

  const bring = async (field) => {
    const mine = (asked += 1);
    try {
      if (!keyboard) {
        const { Keyboard } = await import("./keyboard.js");
        keyboard ??= new Keyboard(texts);
      }
      if (mine === asked && field === document.activeElement) await keyboard.open(field);
    } catch {
      console.warn("kiosk: the keyboard did not load"); // the next touch tries again
    }
  };
  const dismiss = () => {
    asked += 1;
    keyboard?.close();
  };

  // A field, or the wish to type: the focus may also come by itself, where no microphone is found.
  addEventListener("pointerdown", ({ pointerType, target }) => {
    if (target.closest(".keyboard")) return;
    byTouch = pointerType !== "mouse" && Boolean(target.closest(`${FIELD}, [data-testid="consent-type"]`));
  }, { capture: true, passive: true });
  addEventListener("focusin", ({ target }) => {
    if (target.matches(FIELD) && (byTouch || mode === "always")) bring(target);
    else if (!target.closest(".keyboard")) dismiss();
  });
  // It had the focus already, and the keyboard was closed meanwhile.
  addEventListener("click", ({ target }) => {
    if (target.matches(FIELD) && (byTouch || mode === "always")) bring(target);
  });
  addEventListener("focusout", ({ relatedTarget }) => {
    if (!relatedTarget) dismiss();
  });
  addEventListener("keydown", ({ key }) => {
    if (mode !== "auto" || NOT_TYPING.has(key)) return;
    byTouch = false;
    dismiss();
  }, { capture: true });
}
