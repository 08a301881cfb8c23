// The avatar's picture and sound: one receive-only peer connection at a time, into one <video>.

import { Gathering } from "./gathering.js";

const FIRST_FRAME_MS = 10_000;
const SOUND_MS = 1_500; // a browser that refuses sound may leave play() pending instead of failing
const DISCONNECTED_MS = 4_000;
const STALLED_MS = 8_000;

/**
 * Emits `offer` (detail: sdp), `playing` (detail: {muted}), `failed` (detail: words for the log)
 * and `sound` when a tap brought the sound back.
 */
export class AvatarMedia extends EventTarget {
  /** @param {HTMLVideoElement} video */
  constructor(video) {
    super();
    this.video = video;
    this.peer = null;
    this.tracks = [];
    this.timers = new Set();
    this.level = 1;
    this.master = 1;
    this.frames = 0;
    this.frameAt = 0;
    this.isPlaying = false;
    this.gathering = new Gathering();
  }

  static get canH264() {
    return h264First().length > 0;
  }

  get isLive() {
    return this.peer !== null && this.isPlaying;
  }

  /** Whether a picture should be there and its connection is gone. */
  get isDead() {
    return this.peer !== null && this.isPlaying && this.peer.connectionState !== "connected";
  }

  /** Make a new peer connection with these ICE servers and emit one complete offer. */
  async open(servers) {
    this.close();
    const peer = new RTCPeerConnection({ iceServers: servers, bundlePolicy: "max-bundle" });
    this.peer = peer;
    peer.addEventListener("track", ({ track }) => this.#addTrack(peer, track));
    peer.addEventListener("connectionstatechange", () => this.#watchConnection(peer));
    peer.addTransceiver("audio", { direction: "recvonly" });
    const picture = peer.addTransceiver("video", { direction: "recvonly" });
    const codecs = h264First();
    if (codecs.length) picture.setCodecPreferences(codecs);
    const gathered = this.gathering.of(peer, servers);
    await peer.setLocalDescription(await peer.createOffer());
    await gathered;
    if (peer !== this.peer) return;
    const { sdp } = peer.localDescription;
    if (!sdp.includes("a=candidate:")) {
      this.#fail(peer, "no_candidates: ICE gathering found no way out of this machine");
      return;
    }
    this.dispatchEvent(new CustomEvent("offer", { detail: sdp }));
  }

  /** Apply the upstream's answer and wait for the first frame. */
  async answer(sdp) {
    const peer = this.peer;
    if (!peer || peer.signalingState !== "have-local-offer") return;
    try {
      await peer.setRemoteDescription({ type: "answer", sdp });
    } catch (error) {
      this.#fail(peer, `bad_answer: ${error.name}`);
      return;
    }
    if (peer !== this.peer) return;
    this.#later(FIRST_FRAME_MS, () => {
      if (peer === this.peer && !this.isPlaying) {
        this.#fail(peer, `no_frame: nothing to see ${FIRST_FRAME_MS / 1000} s after the answer`);
      }
    });
    this.video.srcObject = new MediaStream(this.tracks);
    await this.#play(peer);
  }

  /** Round trip of the connection in use (seconds) and its packets so far, of picture and sound. */
  async counts() {
    const counts = { rtt: null, received: 0, lost: 0 };
    for (const entry of (await this.peer?.getStats())?.values() ?? []) {
      if (entry.type === "candidate-pair" && entry.nominated) counts.rtt = entry.currentRoundTripTime ?? null;
      if (entry.type !== "inbound-rtp") continue;
      counts.received += entry.packetsReceived;
      counts.lost += entry.packetsLost;
    }
    return counts;
  }

  /** Silence the avatar within one audio frame; its picture goes on. */
  hush() {
    for (const track of this.#sounds()) track.enabled = false;
  }

  unhush() {
    for (const track of this.#sounds()) track.enabled = true;
  }

  /** @param {number} level 0 to 1 */
  setVolume(level) {
    this.level = level;
    this.video.volume = level * this.master;
  }

  /** @param {number} share 0 to 1: how loud this device is at most; the visitor's choice is within it */
  setMaster(share) {
    this.master = share;
    this.setVolume(this.level);
  }

  /** After a tap: try again with sound. */
  async tapForSound() {
    this.video.muted = false;
    try {
      await this.video.play();
      this.dispatchEvent(new Event("sound"));
    } catch {
      this.video.muted = true;
      await this.video.play().catch(() => {});
    }
  }

  close() {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    const peer = this.peer;
    this.peer = null;
    this.isPlaying = false;
    for (const track of this.tracks) track.stop();
    this.tracks = [];
    peer?.close();
    this.video.srcObject = null;
  }

  #sounds() {
    return this.tracks.filter((track) => track.kind === "audio");
  }

  #addTrack(peer, track) {
    if (peer !== this.peer) return;
    this.tracks.push(track);
    track.addEventListener("ended", () => this.#fail(peer, `track_ended: ${track.kind}`));
  }

  async #play(peer) {
    const video = this.video;
    video.muted = false;
    this.setVolume(this.level);
    const shown = firstFrame(video);
    let muted = false;
    const sound = video.play().then(
      () => true,
      (error) => error.name === "AbortError",
    );
    await shown;
    if (peer !== this.peer) return;
    if (!(await Promise.race([sound, wait(SOUND_MS).then(() => false)]))) {
      muted = true;
    }
    if (peer !== this.peer) return;
    if (muted) {
      video.muted = true;
      await video.play().catch(() => {});
      if (peer !== this.peer) return;
    }
    this.isPlaying = true;
    this.frameAt = performance.now();
    this.#countFrames(peer);
    this.#watchFrames(peer);
    this.dispatchEvent(new CustomEvent("playing", { detail: { muted } }));
  }

  #countFrames(peer) {
    this.video.requestVideoFrameCallback(() => {
      if (peer !== this.peer) return;
      this.frames += 1;
      this.frameAt = performance.now();
      this.#countFrames(peer);
    });
  }

  #watchFrames(peer) {
    this.#later(STALLED_MS / 2, () => {
      if (peer !== this.peer) return;
      // A hidden page is shown no frames; that says nothing about the stream.
      if (document.hidden) this.frameAt = performance.now();
      if (performance.now() - this.frameAt > STALLED_MS) {
        this.#fail(peer, `stalled: no frame for ${STALLED_MS / 1000} s`);
      } else {
        this.#watchFrames(peer);
      }
    });
  }

  #watchConnection(peer) {
    if (peer !== this.peer) return;
    if (peer.connectionState === "failed") {
      this.#fail(peer, "ice_failed: no path to the avatar's media");
    } else if (peer.connectionState === "closed") {
      this.#fail(peer, "closed: the peer connection was closed");
    } else if (peer.connectionState === "disconnected") {
      this.#later(DISCONNECTED_MS, () => {
        if (peer === this.peer && peer.connectionState === "disconnected") {
          this.#fail(peer, "ice_disconnected: the path to the avatar's media was lost");
        }
      });
    }
  }

  #fail(peer, detail) {
    if (peer !== this.peer) return;
    this.close();
    this.gathering.forget();
    this.dispatchEvent(new CustomEvent("failed", { detail }));
  }

  #later(ms, action) {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      action();
    }, ms);
    this.timers.add(timer);
  }
}

/** The receivable codecs with H.264 in front; empty when this browser has no H.264. */
function h264First() {
  const codecs = RTCRtpReceiver.getCapabilities?.("video")?.codecs ?? [];
  const isH264 = (codec) => codec.mimeType.toLowerCase() === "video/h264";
  const plain = (codec) => (codec.sdpFmtpLine ?? "").includes("packetization-mode=1");
  if (!codecs.some(isH264)) return [];
  return [
    ...codecs.filter((codec) => isH264(codec) && plain(codec)),
    ...codecs.filter((codec) => isH264(codec) && !plain(codec)),
    ...codecs.filter((codec) => !isH264(codec)),
  ];
}

function firstFrame(video) {
  return new Promise((resolve) => video.requestVideoFrameCallback(resolve));
}

function wait(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
