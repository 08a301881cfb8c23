// The handle of the options: their panel, and what it changes, are loaded when first touched.

import { part } from "./view.js";

const CHOICES = "[data-set], [data-volume]";
const STYLE = "/static/kiosk/ease.css";

export class Options {
  /** @param {object} page what the site begins with @param {(level: number) => void} onVolume 0 to 1 */
  constructor(page, onVolume) {
    this.page = page;
    this.onVolume = onVolume;
    /** Called with a message for the server; the visit listens. */
    this.tell = () => {};
    this.ease = null;
    this.turn = 0;
    part("options").addEventListener("click", async () => {
      const turn = (this.turn += 1);
      const ease = await this.#loaded();
      if (turn === this.turn) ease?.toggle(); // nothing closed it while it was loaded
    });
    addEventListener("click", async ({ target }) => {
      const choice = !this.ease && target.closest?.(CHOICES);
      if (choice && (await this.#loaded())) choice.click();
    });
    onVolume(page.volume);
    if (page.reach !== "standard" || page.contrast === "dark") this.#loaded();
  }

  /** What the server is told of a visit's comfort; null when it is as the site has it. */
  get message() {
    return this.ease && !this.ease.isHome ? this.ease.message : null;
  }

  async apply(wanted) {
    (await this.#loaded())?.apply(wanted);
  }

  close() {
    this.turn += 1;
    this.ease?.close();
  }

  reset() {
    this.turn += 1;
    this.ease?.reset();
  }

  async #loaded() {
    this.loading ??= Promise.all([import("./ease.js"), styled()]);
    try {
      const [{ Ease }] = await this.loading;
      this.ease ??= new Ease(this.page, this.onVolume, (message) => this.tell(message));
    } catch {
      this.loading = null; // no network just now; the next touch tries again
    }
    return this.ease;
  }
}

function styled() {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = STYLE;
  return new Promise((resolve, reject) => {
    link.addEventListener("load", resolve);
    link.addEventListener("error", () => {
      link.remove();
      reject(new Error("no style"));
    });
    document.head.append(link);
  });
}
