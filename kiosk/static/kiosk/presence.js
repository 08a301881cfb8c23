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

/** Emits `on` and `off` (the camera looks, or not) and `here` for every picture with a person in it. */
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
    this.retry = FIRST_RETRY_MS;
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
    if (!this.wanted) return;
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        video: { width: { ideal: 320 }, height: { ideal: 240 }, frameRate: { ideal: 5 } },
      });
    } catch (error) {
      console.info(`kiosk: no camera to notice visitors with (${error?.name})`);
      this.#again(error?.name === "NotAllowedError");
      return;
    }
    if (!this.wanted) {
      for (const track of stream.getTracks()) track.stop();
      return;
    }
    this.stream = stream;
    stream.getVideoTracks()[0].addEventListener("ended", () => {
      this.#close();
      this.#again(false);
    });
    this.video.srcObject = stream;
    await this.video.play().catch(() => {});
    this.retry = FIRST_RETRY_MS;
    this.background = null;
    this.hits = 0;
    this.since = performance.now();
    this.dispatchEvent(new Event("on"));
    this.#look();
  }

  // A camera that is not there may be plugged in; one that is forbidden is asked for once only.
  #again(isForbidden) {
    if (isForbidden || !this.wanted) return;
    this.timer = setTimeout(() => this.#open(), this.retry);
    this.retry = Math.min(MAX_RETRY_MS, this.retry * 2);
  }

  #close() {
    clearTimeout(this.timer);
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    this.video.srcObject = null;
    this.background = null;
    this.dispatchEvent(new Event("off"));
  }

  #look() {
    if (!this.stream) return;
    this.timer = setTimeout(() => this.#look(), EVERY_MS);
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
}
