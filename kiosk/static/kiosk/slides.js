// The slides of the waiting screen: one after the other, then the avatar again; crossfaded.

const FADE_MS = 450;
const VIDEO_LIMIT_MS = 180_000;
const MISSING_MS = 5_000;

export class Slides {
  /** @param {() => boolean} mayMove nobody is there who would rather see the screen keep still */
  constructor({ slides, shuffled, avatar_ms: avatarMs }, texts, mayMove) {
    Object.assign(this, { list: [...slides], shuffled, avatarMs, texts, mayMove });
    this.body = document.body;
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.box = document.createElement("div");
    this.box.className = "slides";
    this.box.setAttribute("aria-hidden", "true");
    this.caption = this.box.appendChild(document.createElement("div"));
    this.caption.className = "slide-caption";
    document.querySelector(".stage").after(this.box);
    this.stop();
  }

  /** The avatar shows; slides follow when it was seen long enough. */
  later() {
    this.stop();
    this.#after(this.avatarMs, () => this.#next());
  }

  stop() {
    clearTimeout(this.timer);
    this.at = -1;
    delete this.body.dataset.slide;
    const gone = [...this.box.querySelectorAll(".slide")];
    for (const slide of gone) slide.dataset.shown = "false";
    setTimeout(() => gone.forEach(drop), FADE_MS);
  }

  async #next() {
    if (!this.mayMove()) {
      this.later();
      return;
    }
    this.at += 1;
    if (this.at === 0 && this.shuffled) shuffle(this.list);
    const slide = this.list[this.at];
    if (!slide) {
      this.later();
      return;
    }
    if (slide.video && this.still.matches) {
      this.#after(0, () => this.#next());
      return;
    }
    const { at } = this;
    try {
      const media = await loaded(slide);
      if (this.at !== at) return;
      if (this.mayMove()) this.#show(media, slide);
      else this.later();
    } catch {
      console.warn(`kiosk: a slide does not load (${slide.src.split("?")[0]})`);
      if (this.at === at) this.#after(MISSING_MS, () => this.#next());
    }
  }

  #show(media, slide) {
    const old = [...this.box.querySelectorAll(".slide")];
    media.className = "slide";
    media.dataset.fit = slide.fit;
    this.caption.before(media);
    this.caption.replaceChildren(...slide.lines.flatMap((line) => this.#line(line)));
    this.body.dataset.slide = "on";
    requestAnimationFrame(() => { media.dataset.shown = "true"; });
    setTimeout(() => old.forEach(drop), FADE_MS);
    const next = () => this.#next();
    this.#after(slide.video ? VIDEO_LIMIT_MS : slide.ms, next);
    if (slide.video) {
      media.addEventListener("ended", () => media.isConnected && this.#after(0, next), { once: true });
      media.play().catch(() => this.#after(MISSING_MS, next));
    }
  }

  // In the screen's language, else in the house's own, else in the first there is.
  #line(words) {
    const { language, home } = this.texts;
    const lang = [language, home, ...Object.keys(words)].find((one) => one in words);
    if (!lang) return [];
    return [Object.assign(document.createElement("p"), { lang, dir: "auto", textContent: words[lang] })];
  }

  #after(ms, action) {
    clearTimeout(this.timer);
    this.timer = setTimeout(action, ms);
  }
}

function drop(media) {
  if (media instanceof HTMLVideoElement) media.removeAttribute("src");
  media.remove();
}

function shuffle(list) {
  for (let i = list.length - 1; i > 0; i -= 1) {
    const j = Math.floor(Math.random() * (i + 1));
    [list[i], list[j]] = [list[j], list[i]];
  }
}

/** Resolve with an element that can be shown at once. */
function loaded(slide) {
  if (!slide.video) {
    const image = new Image();
    image.src = slide.src;
    return image.decode().then(() => image);
  }
  const video = document.createElement("video");
  Object.assign(video, { muted: true, playsInline: true, preload: "auto", src: slide.src });
  return new Promise((resolve, reject) => {
    video.addEventListener("canplay", () => resolve(video), { once: true });
    video.addEventListener("error", reject, { once: true });
  });
}
