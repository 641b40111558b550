// The audio of a call: what the microphone hears becomes frames of 20 ms, 8 kHz mu-law, and
// frames become what the loudspeaker plays. Both run on the browser's audio thread.

const rate = 8000, frame = 160;

// Resampler changes the sampling rate, by a windowed sinc. What it needs of the past it keeps.
class Resampler {
  static zeros = 10; // crossings of zero on each side
  static fine = 64;  // entries of the table for one sample

  constructor(from, to) {
    this.step = from / to;
    const cut = Math.min(1, to / from) * 0.94;
    this.half = Math.ceil(Resampler.zeros / cut);
    this.table = Float32Array.from({ length: this.half * Resampler.fine + 1 }, (_, i) => {
      const x = i / Resampler.fine, t = Math.PI * cut * x;
      return cut * (t ? Math.sin(t) / t : 1) * (0.5 + 0.5 * Math.cos(Math.PI * x / this.half));
    });
    this.kept = new Float32Array(2 * this.half);
    this.at = this.half;
  }

  // push takes samples and returns those that they complete.
  push(samples) {
    const all = new Float32Array(this.kept.length + samples.length), out = [];
    all.set(this.kept);
    all.set(samples, this.kept.length);
    for (; this.at + this.half < all.length; this.at += this.step) {
      let sum = 0;
      const last = Math.floor(this.at + this.half);
      for (let i = Math.ceil(this.at - this.half); i <= last; i++) {
        sum += all[i] * this.table[Math.round(Math.abs(i - this.at) * Resampler.fine)];
      }
      out.push(sum);
    }
    const gone = Math.max(0, Math.floor(this.at - this.half));
    this.kept = all.slice(gone);
    this.at -= gone;
    return out;
  }
}

// ITU-T G.711 mu-law.
function encode(sample) {
  let s = Math.max(-32635, Math.min(32635, Math.round(sample * 32768)));
  const sign = s < 0 ? 0x80 : 0;
  s = Math.abs(s) + 132;
  const exponent = Math.max(0, 31 - Math.clz32(s) - 7);
  return ~(sign | exponent << 4 | (s >> exponent + 3) & 15) & 255;
}

const decoded = Float32Array.from({ length: 256 }, (_, code) => {
  const c = ~code & 255, size = (((c & 15) << 3) + 132 << (c >> 4 & 7)) - 132;
  return (c & 128 ? -size : size) / 32768;
});

registerProcessor("microphone", class extends AudioWorkletProcessor {
  resampler = new Resampler(sampleRate, rate);
  out = [];

  process([[channel]]) {
    if (!channel) return true;
    for (const s of this.resampler.push(channel)) this.out.push(encode(s));
    while (this.out.length >= frame) this.port.postMessage(Uint8Array.from(this.out.splice(0, frame)));
    return true;
  }
});

registerProcessor("loudspeaker", class extends AudioWorkletProcessor {
  static first = 4;   // frames that wait before the first is played: jitter
  static many = 12;   // from which a silent frame is left out
  static most = 50;   // that wait at most

  resampler = new Resampler(rate, sampleRate);
  frames = [];
  out = [];
  ready = false;

  constructor() {
    super();
    this.port.onmessage = ({ data }) => {
      this.frames.push(data);
      if (this.frames.length > this.constructor.most) this.frames.shift();
    };
  }

  process(_, [[channel]]) {
    const { first, many } = this.constructor;
    this.ready = this.ready && this.frames.length > 0 || this.frames.length >= first;
    while (this.out.length < channel.length) {
      let next = this.ready && this.frames.shift();
      while (next && this.frames.length >= many && next.every((code) => (code & 127) > 120)) next = this.frames.shift();
      if (!next) this.ready = false;
      const samples = next ? Float32Array.from(next, (code) => decoded[code]) : new Float32Array(frame);
      this.out.push(...this.resampler.push(samples));
    }
    channel.set(this.out.splice(0, channel.length));
    return true;
  }
});
