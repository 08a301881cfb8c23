// Notices that somebody came close, by the screen's own camera: small pictures are compared here, and
// neither kept nor sent.

const EVERY_MS = 250;
const WIDTH = 40;
const HEIGHT = 30;
const SHADES = 26; // of 255: less is noise
const SHARE = { low: 0.16, medium: 0.08, high: 0.035 }; // of the picture that has changed
const LIGHTS = 0.7; // more than this at once is the lights, not a person
const CONFIRMED = 2; // pictures in a row
const LEARN = 0.03; // how fast what stays becomes background, a picture
const LEARN_PRESENT = 0.004; // much slower: who stands still is still there
const SETTLE_MS = 1_500; // a camera finds its exposure first
const FIRST_RETRY_MS = 10_000;
const MAX_RETRY_MS = 600_000;
const PLUGGED_MS = 1_000; // a camera that was just plugged in is not ready at once
const STILL_MS = 15_000; // a camera that gives no new picture for so long is as good as unplugged

/**
 * Emits `on` and `off` (the camera is open, or not), `sees` when pictures come, `lost` when they should
 * and do not (`trouble` says why: `missing` or `denied`), and `here` for every picture of a person.
 */
export class Presence extends EventTarget {
  constructor(sensitivity) {
    super();
    this.share = SHARE[sensitivity] ?? SHARE.medium;
    this.video = document.createElement("video");
    Object.assign(this.video, { muted: true, playsInline: true });
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width: WIDTH, height: HEIGHT });
    this.pen = canvas.getContext("2d", { willReadFrequently: true });
    this.wanted = false;
    this.trouble = "";
    this.retry = FIRST_RETRY_MS;
    navigator.mediaDevices?.addEventListener("devicechange", () => this.#soon());
    navigator.permissions?.query({ name: "camera" })
      .then((permission) => permission.addEventListener("change", () => this.#soon()))
      .catch(() => {}); // a browser that has no word for it
  }

  async start() {
    if (this.wanted) return;
    this.wanted = true;
    await this.#open();
  }

  stop() {
    this.wanted = false;
    this.#close();
  }

  async #open() {
    clearTimeout(this.timer);
    if (!this.wanted || this.opening) return;
    this.opening = true;
    let stream;
    try {
      // Without a secure context there are no devices at all.
      stream = await navigator.mediaDevices.getUserMedia({
        video: { width: { ideal: 320 }, height: { ideal: 240 }, frameRate: { ideal: 5 } },
      });
    } catch (error) {
      this.#lost(error?.name === "NotAllowedError" ? "denied" : "missing");
      return;
    } finally {
      this.opening = false;
    }
    if (!this.wanted) {
      for (const track of stream.getTracks()) track.stop();
      return;
    }
    this.stream = stream;
    stream.getVideoTracks()[0].addEventListener("ended", () => {
      if (stream === this.stream) this.#lost("missing");
    });
    this.video.srcObject = stream;
    await this.video.play().catch(() => {});
    if (stream !== this.stream) return;
    this.background = null;
    this.hits = 0;
    this.since = performance.now();
    this.movedAt = this.since;
    this.shownAt = null;
    this.sees = false;
    this.dispatchEvent(new Event("on"));
    this.#look();
  }

  // The screen goes on without a camera. One that is not there is looked for again and again; one that
  // is forbidden is not asked for until that changes: some browsers would show their question each time.
  #lost(why) {
    this.#close();
    if (!this.wanted) return;
    if (why === "missing") {
      this.timer = setTimeout(() => this.#open(), this.retry);
      this.retry = Math.min(MAX_RETRY_MS, this.retry * 2);
    }
    if (this.trouble === why) return;
    this.trouble = why;
    console.warn(`kiosk: no camera to notice visitors with (${why})`);
    this.dispatchEvent(new Event("lost"));
  }

  // Something was plugged in, or allowed.
  #soon() {
    if (!this.wanted || this.stream || !this.trouble) return;
    clearTimeout(this.timer);
    this.retry = FIRST_RETRY_MS;
    this.timer = setTimeout(() => this.#open(), PLUGGED_MS);
  }

  #close() {
    clearTimeout(this.timer);
    const { stream } = this;
    this.stream = null;
    for (const track of stream?.getTracks() ?? []) track.stop();
    this.video.srcObject = null;
    this.background = null;
    if (stream) this.dispatchEvent(new Event("off"));
  }

  #look() {
    if (!this.stream) return;
    this.timer = setTimeout(() => this.#look(), EVERY_MS);
    if (this.#isStill()) return;
    if (document.hidden || this.video.readyState < 2) return;
    this.pen.drawImage(this.video, 0, 0, WIDTH, HEIGHT);
    const { data } = this.pen.getImageData(0, 0, WIDTH, HEIGHT);
    const seen = new Float32Array(WIDTH * HEIGHT);
    for (let i = 0; i < seen.length; i += 1) {
      seen[i] = 0.3 * data[4 * i] + 0.59 * data[4 * i + 1] + 0.11 * data[4 * i + 2];
    }
    if (!this.background || performance.now() - this.since < SETTLE_MS) {
      this.background = seen;
      return;
    }
    let changed = 0;
    const learn = this.hits >= CONFIRMED ? LEARN_PRESENT : LEARN;
    for (let i = 0; i < seen.length; i += 1) {
      const off = seen[i] - this.background[i];
      if (Math.abs(off) > SHADES) changed += 1;
      this.background[i] += learn * off;
    }
    const share = changed / seen.length;
    if (share > LIGHTS) {
      this.background = seen;
      this.hits = 0;
      return;
    }
    this.hits = share > this.share ? this.hits + 1 : 0;
    if (this.hits >= CONFIRMED) this.dispatchEvent(new Event("here"));
  }
  // Some cameras go without a word: the track stays, and no picture comes any more.
  #isStill() {
    const now = performance.now();
    const { currentTime } = this.video;
    if (document.hidden) {
      this.movedAt = now;
    } else if (currentTime !== this.shownAt) {
      if (this.shownAt !== null && !this.sees) this.#seesAgain();
      this.shownAt = currentTime;
      this.movedAt = now;
    }
    if (now - this.movedAt <= STILL_MS) return false;
    this.#lost("missing");
    return true;
  }

  #seesAgain() {
    this.sees = true;
    this.trouble = "";
    this.retry = FIRST_RETRY_MS;
    this.dispatchEvent(new Event("sees"));
  }
}
