// Opens the microphone, hands out PCM16 frames and a level, and lets go of it completely.

const WORKLET = "/static/kiosk/microphone-worklet.js";
const WANTED = {
  audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 },
};
const RESUME_MS = 1_000;

/** Emits `frame` (detail: {pcm, level}) while active, and `lost` when the device goes away. */
export class Microphone extends EventTarget {
  constructor() {
    super();
    this.stream = null;
    this.context = null;
    this.node = null;
    this.opening = 0;
  }

  get isOpen() {
    return this.node !== null;
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
    this.context = new AudioContext({ latencyHint: "interactive" });
    try {
      await this.context.audioWorklet.addModule(WORKLET);
      await Promise.race([this.context.resume(), new Promise((done) => setTimeout(done, RESUME_MS))]);
    } catch {
      if (turn === this.opening) this.close();
      return "missing";
    }
    if (turn !== this.opening) return "missing";
    this.node = new AudioWorkletNode(this.context, "kiosk-microphone", { numberOfOutputs: 0 });
    this.node.port.onmessage = ({ data }) => this.dispatchEvent(new CustomEvent("frame", { detail: data }));
    this.context.createMediaStreamSource(stream).connect(this.node);
    for (const track of stream.getAudioTracks()) {
      track.addEventListener("ended", () => {
        if (stream !== this.stream) return;
        this.close();
        this.dispatchEvent(new Event("lost"));
      });
    }
    return "on";
  }

  /** Begin (true) or stop (false) handing out frames; the device stays open. */
  listen(active) {
    if (active) this.context?.resume().catch(() => {});
    this.node?.port.postMessage(active ? "on" : "off");
  }

  close() {
    this.opening += 1;
    this.node?.port.postMessage("end");
    this.node?.disconnect();
    this.node = null;
    release(this.stream);
    this.stream = null;
    this.context?.close().catch(() => {});
    this.context = null;
  }
}

function release(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
