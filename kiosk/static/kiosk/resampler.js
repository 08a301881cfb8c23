// Any rate to 24 kHz PCM16: a windowed-sinc low-pass evaluated only where an output sample falls.

export const OUTPUT_RATE = 24_000;

const ZERO_CROSSINGS = 24; // half length of the kernel, in periods of the cut-off
const CUTOFF_HZ = 10_800; // speech is kept to here; what would fold back is 60 dB down
const MAX_PHASES = 512;

/** Streaming: feed blocks of any length; the samples between blocks fit without a seam. */
export class Resampler {
  /** @param {number} inputRate in Hz */
  constructor(inputRate) {
    this.step = inputRate / OUTPUT_RATE;
    const cutoff = Math.min(CUTOFF_HZ, inputRate * 0.45) / inputRate;
    this.half = Math.ceil(ZERO_CROSSINGS / (2 * cutoff));
    this.phases = Math.min(MAX_PHASES, OUTPUT_RATE / gcd(inputRate, OUTPUT_RATE));
    this.kernels = kernels(cutoff, this.half, this.phases);
    this.reset();
  }

  /** Forget what was heard; the next block starts a new stream. */
  reset() {
    this.history = new Float32Array(this.half * 2);
    this.count = 0; // output samples made since the history's first sample
    this.origin = this.half; // input position, within history + block, of output sample 0
  }

  /**
   * @param {Float32Array} block mono samples at the input rate
   * @param {(sample: number) => void} emit called for each output sample, as a PCM16 integer
   */
  push(block, emit) {
    const input = new Float32Array(this.history.length + block.length);
    input.set(this.history);
    input.set(block, this.history.length);
    const width = this.half * 2;
    for (;;) {
      const position = this.origin + this.count * this.step;
      let whole = Math.floor(position);
      let phase = Math.round((position - whole) * this.phases);
      if (phase === this.phases) {
        phase = 0;
        whole += 1;
      }
      const start = whole - this.half + 1;
      if (start + width > input.length) break;
      const kernel = this.kernels[phase];
      let sum = 0;
      for (let i = 0; i < width; i += 1) sum += input[start + i] * kernel[i];
      emit(Math.max(-32_768, Math.min(32_767, Math.round(sum * 32_768))));
      this.count += 1;
    }
    this.history = input.slice(input.length - width);
    this.origin += this.count * this.step - (input.length - width);
    this.count = 0;
  }
}

function kernels(cutoff, half, phases) {
  const all = [];
  for (let phase = 0; phase < phases; phase += 1) {
    const kernel = new Float64Array(half * 2);
    let total = 0;
    for (let i = 0; i < kernel.length; i += 1) {
      const x = i - half + 1 - phase / phases;
      kernel[i] = sinc(2 * cutoff * x) * blackman(x / half);
      total += kernel[i];
    }
    all.push(kernel.map((value) => value / total));
  }
  return all;
}

function sinc(x) {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function blackman(x) {
  if (Math.abs(x) >= 1) return 0;
  return 0.42 + 0.5 * Math.cos(Math.PI * x) + 0.08 * Math.cos(2 * Math.PI * x);
}

function gcd(a, b) {
  return b ? gcd(b, a % b) : a;
}
