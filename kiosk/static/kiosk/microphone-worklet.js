// AudioWorklet: the microphone as 40 ms frames of PCM16 mono at 24 kHz, and nothing while muted.

import { OUTPUT_RATE, Resampler } from "./resampler.js";

const FRAME_SAMPLES = OUTPUT_RATE * 0.04;

class Microphone extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(sampleRate);
    this.frame = new Int16Array(FRAME_SAMPLES);
    this.filled = 0;
    this.active = false;
    this.port.onmessage = ({ data }) => this.command(data);
  }

  command(what) {
    if (what === "on" && !this.active) {
      this.resampler.reset();
      this.filled = 0;
      this.active = true;
    } else if (what === "off" && this.active) {
      this.flush();
      this.active = false;
    } else if (what === "forget") {
      this.filled = 0;
      this.active = false;
    }
  }

  flush() {
    if (!this.filled) return;
    const pcm = this.frame.slice(0, this.filled);
    this.filled = 0;
    let power = 0;
    for (const sample of pcm) power += sample * sample;
    const level = Math.sqrt(power / pcm.length) / 32_768;
    this.port.postMessage({ pcm: pcm.buffer, level }, [pcm.buffer]);
  }

  process([channels]) {
    if (this.active && channels.length) {
      this.resampler.push(mono(channels), (sample) => {
        this.frame[this.filled] = sample;
        this.filled += 1;
        if (this.filled === FRAME_SAMPLES) this.flush();
      });
    }
    return true;
  }
}

function mono(channels) {
  if (channels.length === 1) return channels[0];
  return channels[0].map((_, i) => channels.reduce((sum, one) => sum + one[i], 0) / channels.length);
}

registerProcessor("kiosk-microphone", Microphone);
