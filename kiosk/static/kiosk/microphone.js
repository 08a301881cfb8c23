// Opens the microphone, hands out PCM16 frames and a level, and lets go of it completely.

const WORKLET = "/static/kiosk/microphone-worklet.js";
const WANTED = {
  audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 },
};
const RESUME_MS = 1_000;

/**
 * Emits `frame` (detail: {pcm, level}) while active, and `lost` when the device goes away.
 *
 * Between visits the device is let go, and the context rests. It and its node are made once: browsers
 * keep every AudioWorkletNode for as long as the page lives.
 */
export class Microphone extends EventTarget {
  constructor() {
    super();
    this.stream = null;
    this.source = null;
    this.context = null;
    this.node = null;
    this.made = null;
    this.opening = 0;
  }

  get isOpen() {
    return this.source !== null;
  }

  /**
   * Ask for the microphone. Returns `on`, `denied` or `missing`; the frames start with `listen()`.
   * A `close()` while the browser still asks wins: what was granted is let go again.
   */
  async open() {
    this.close();
    const turn = this.opening;
    if (!navigator.mediaDevices?.getUserMedia) return "missing";
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia(WANTED);
    } catch (error) {
      return error.name === "NotAllowedError" || error.name === "SecurityError" ? "denied" : "missing";
    }
    if (turn !== this.opening) {
      release(stream);
      return "missing";
    }
    this.stream = stream;
    try {
      if (this.context?.state === "closed") this.#discard();
      await (this.made ??= this.#make());
      if (turn !== this.opening) return "missing";
      await Promise.race([this.context.resume(), new Promise((done) => setTimeout(done, RESUME_MS))]);
      if (turn !== this.opening) return "missing";
      this.source = this.context.createMediaStreamSource(stream);
    } catch {
      if (turn === this.opening) {
        this.close();
        this.#discard(); // made for another device, it may be: the next time it is made anew
      }
      return "missing";
    }
    this.source.connect(this.node);
    this.listening = new AbortController();
    for (const track of stream.getAudioTracks()) {
      const ended = () => {
        this.close();
        this.dispatchEvent(new Event("lost"));
      };
      track.addEventListener("ended", ended, { signal: this.listening.signal });
    }
    return "on";
  }

  /** Begin (true) or stop (false) handing out frames; the device stays open. */
  listen(active) {
    if (!this.isOpen) return;
    if (active) this.context.resume().catch(() => {});
    this.node.port.postMessage(active ? "on" : "off");
  }

  close() {
    this.opening += 1;
    this.listening?.abort();
    this.node?.port.postMessage("forget");
    this.source?.disconnect();
    this.source = null;
    release(this.stream);
    this.stream = null;
    this.context?.suspend().catch(() => {});
  }

  async #make() {
    this.context = new AudioContext({ latencyHint: "interactive" });
    await this.context.audioWorklet.addModule(WORKLET);
    this.node = new AudioWorkletNode(this.context, "kiosk-microphone", { numberOfOutputs: 0 });
    this.node.port.onmessage = ({ data }) => {
      // What was on its way when it was closed is nobody's.
      if (this.isOpen) this.dispatchEvent(new CustomEvent("frame", { detail: data }));
    };
  }

  #discard() {
    this.context?.close().catch(() => {});
    this.context = null;
    this.node = null;
    this.made = null;
  }
}

function release(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
