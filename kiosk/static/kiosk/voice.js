// Notices that somebody speaks to the waiting screen, by loudness alone: no sound is kept or sent.

const FRAMES = 15; // of 40 ms: what is looked back on
const VOICED = 8; // of them: a clap or a door is shorter
const ABOVE = { low: 8, medium: 5, high: 3 }; // times the room's own noise
const LEAST = { low: 0.04, medium: 0.02, high: 0.01 }; // of full scale: less is nobody
const SINK = 0.2; // how fast a quieter room is believed, a frame
const RISE = 0.008; // how fast what stays loud is taken for the room's own

/** Emits `on` and `off` (it listens, or not) and `spoke` when somebody does. */
export class Voice extends EventTarget {
  /** @param {import("./microphone.js").Microphone} microphone the page's only one, shared with the visit */
  constructor(microphone, sensitivity) {
    super();
    this.microphone = microphone;
    this.above = ABOVE[sensitivity] ?? ABOVE.medium;
    this.least = LEAST[sensitivity] ?? LEAST.medium;
    this.wanted = false;
    this.turn = null;
    microphone.addEventListener("frame", ({ detail }) => this.isOn && this.#hear(detail.level));
    microphone.addEventListener("lost", () => this.#off());
    navigator.mediaDevices?.addEventListener("devicechange", () => {
      if (this.wanted && !this.isOn) this.#open();
    });
  }

  /** Whether it listens. A visit that opened the microphone meanwhile has it for itself. */
  get isOn() {
    return this.turn !== null && this.turn === this.microphone.opening && this.microphone.isOpen;
  }

  start() {
    if (this.wanted) return;
    this.wanted = true;
    this.#open();
  }

  stop() {
    this.wanted = false;
    if (this.turn !== null && this.turn === this.microphone.opening) this.microphone.close();
    this.#off();
  }

  // Without a microphone the screen starts by a touch; one that is plugged in is found again.
  async #open() {
    const opened = this.microphone.open();
    this.turn = this.microphone.opening;
    await opened;
    if (!this.isOn || !this.wanted) return;
    this.room = null;
    this.heard = [];
    this.microphone.listen(true);
    this.dispatchEvent(new Event("on"));
  }

  #off() {
    this.turn = null;
    this.dispatchEvent(new Event("off"));
  }

  #hear(level) {
    this.room ??= level;
    const isVoiced = level > Math.max(this.least, this.above * this.room);
    this.room += (level < this.room ? SINK : RISE) * (level - this.room);
    this.heard.push(isVoiced);
    if (this.heard.length > FRAMES) this.heard.shift();
    if (this.heard.filter(Boolean).length < VOICED) return;
    this.heard = [];
    this.dispatchEvent(new Event("spoke"));
  }
}
