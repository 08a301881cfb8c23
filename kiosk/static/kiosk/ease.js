// How the visitor has the screen and the voice: text, contrast, volume and more, and their panel.

import { part } from "./view.js";

const STEP = 20; // percent of volume
const RESTED_MS = 600; // after the last touch, the server is told
const KINDS = ["text_size", "contrast", "volume", "pace", "captions", "reach", "motion", "sign"];

export class Ease {
  /**
   * @param {object} page what the site begins with
   * @param {(level: number) => void} onVolume 0 to 1
   * @param {(message: object) => void} tell the server
   */
  constructor(page, onVolume, tell) {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.home = {
      text_size: page.text_size, contrast: page.contrast, volume: nearest(page.volume), pace: "normal", captions: true,
      reach: page.reach, motion: still ? "reduced" : "full", sign: false,
    };
    this.videos = page.sign;
    this.onVolume = onVolume;
    this.tell = tell;
    this.panel = document.getElementById("options");
    this.rest = 0;
    this.#wire();
    this.reset();
  }

  /** The message that says how everything is. */
  get message() {
    const { pace: _, ...comfort } = this.now;
    return { type: "comfort", ...comfort };
  }

  get isHome() {
    return KINDS.every((name) => this.now[name] === this.home[name]);
  }

  /** The next visitor finds everything as the site has it. */
  reset() {
    clearTimeout(this.rest);
    this.now = {};
    this.apply(this.home);
    this.close();
    this.#open(this.panel.querySelector("[data-part]").dataset.part);
  }

  /** @param {object} wanted some of what can be changed; what is not named stays */
  apply(wanted) {
    for (const name of KINDS) if (wanted[name] !== undefined) this.now[name] = wanted[name];
    const { now } = this;
    const { dataset } = document.documentElement;
    dataset.textSize = now.text_size;
    dataset.contrast = now.contrast;
    dataset.reach = now.reach;
    dataset.motion = now.motion;
    dataset.captions = now.captions ? "on" : "off";
    part("volume").textContent = `${now.volume} %`;
    for (const button of document.querySelectorAll("[data-volume]")) {
      // Not `disabled`: the finger that just pressed it would lose the focus.
      button.setAttribute("aria-disabled", String(now.volume + Number(button.dataset.volume) * STEP > 100
        || now.volume + Number(button.dataset.volume) * STEP < STEP));
    }
    for (const button of document.querySelectorAll("[data-set]")) {
      button.setAttribute("aria-pressed", String(String(now[button.dataset.set]) === button.dataset.value));
    }
    this.onVolume(now.volume / 100);
    if (this.videos?.welcome) this.#sign();
  }

  toggle() {
    if (!this.panel.hidden) {
      this.close();
      return;
    }
    this.panel.hidden = false;
    part("options").setAttribute("aria-expanded", "true");
    this.panel.querySelector("[aria-expanded=true]").focus({ preventScroll: true });
  }

  close() {
    const hadFocus = this.panel.contains(document.activeElement);
    this.panel.hidden = true;
    part("options").setAttribute("aria-expanded", "false");
    if (hadFocus) part("options").focus({ preventScroll: true });
  }

  // What the visitor touched: shown at once, told when it has rested.
  #choose(wanted) {
    const { pace } = this.now;
    this.apply(wanted);
    if (this.now.pace !== pace) {
      this.tell({ type: "pace", pace: this.now.pace });
      return;
    }
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.tell(this.message), RESTED_MS);
  }

  async #sign() {
    if (!this.now.sign && !this.signing) return;
    this.signing = true;
    const { showSign } = await import("./sign.js");
    showSign(this.now.sign ? this.videos : null);
  }

  #open(name) {
    for (const tab of this.panel.querySelectorAll("[data-part]")) {
      const isOpen = tab.dataset.part === name;
      tab.setAttribute("aria-expanded", String(isOpen));
      document.getElementById(tab.getAttribute("aria-controls")).hidden = !isOpen;
    }
  }

  #wire() {
    part("options-close").addEventListener("click", () => this.close());
    addEventListener("keydown", ({ key }) => {
      if (key === "Escape" && !this.panel.hidden) this.close();
    });
    for (const tab of this.panel.querySelectorAll("[data-part]")) {
      tab.addEventListener("click", () => this.#open(tab.dataset.part));
    }
    for (const button of document.querySelectorAll("[data-set]")) {
      const { set, value, otherwise } = button.dataset;
      button.addEventListener("click", () => {
        const isOn = button.getAttribute("aria-pressed") === "true";
        if (isOn && !otherwise) return;
        const chosen = isOn ? otherwise : value;
        this.#choose({ [set]: { true: true, false: false }[chosen] ?? chosen });
      });
    }
    for (const button of document.querySelectorAll("[data-volume]")) {
      button.addEventListener("click", () => {
        const volume = this.now.volume + Number(button.dataset.volume) * STEP;
        this.#choose({ volume: Math.max(STEP, Math.min(100, volume)) });
      });
    }
  }
}

/** The step of the buttons that is nearest to the loudness this screen begins with. */
function nearest(volume) {
  return Math.max(STEP, Math.round((volume * 100) / STEP) * STEP);
}
