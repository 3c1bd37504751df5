// SPDX-License-Identifier: MIT
// Samples: from and to files, to the ear, from the microphone, as a picture.

export const RATE = 24000;

export function bytesOf(base64) {
  return Uint8Array.from(atob(base64), c => c.charCodeAt(0));
}

export function base64Of(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

export function wavFile(pieces) {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const head = new DataView(new ArrayBuffer(44));
  const text = (at, s) => [...s].forEach((c, i) => head.setUint8(at + i, c.charCodeAt(0)));
  text(0, "RIFF"); head.setUint32(4, 36 + length * 2, true); text(8, "WAVEfmt ");
  head.setUint32(16, 16, true); head.setUint16(20, 1, true); head.setUint16(22, 1, true);
  head.setUint32(24, RATE, true); head.setUint32(28, RATE * 2, true);
  head.setUint16(32, 2, true); head.setUint16(34, 16, true);
  text(36, "data"); head.setUint32(40, length * 2, true);
  return new Blob([head, ...pieces], {type: "audio/wav"});
}

// Plays pieces one after the other while more arrive.
export class Player {
  constructor() {
    this.context = new AudioContext({sampleRate: RATE});
    this.start = 0;
    this.end = 0;
  }
  add(samples) {
    const audio = this.context.createBuffer(1, samples.length, RATE);
    audio.getChannelData(0).set(Float32Array.from(samples, s => s / 32768));
    const source = this.context.createBufferSource();
    source.buffer = audio;
    source.connect(this.context.destination);
    if (!this.end) this.start = this.end = this.context.currentTime + 0.05;
    this.end = Math.max(this.end, this.context.currentTime);
    source.start(this.end);
    this.end += audio.duration;
  }
  // Seconds of speech that were heard.
  get position() { return this.end ? this.context.currentTime - this.start : 0; }
  get done() { return this.context.state === "closed" || this.context.currentTime >= this.end; }
  close() { if (this.context.state !== "closed") this.context.close(); }
}

// Peaks of what is there so far; as time goes by the picture holds more.
export class Wave {
  constructor(canvas) { this.canvas = canvas; this.clear(); }
  clear() { this.peaks = []; this.rest = []; this.draw(0); }
  add(samples) {
    const step = RATE / 50;
    for (const sample of samples) {
      this.rest.push(sample);
      if (this.rest.length < step) continue;
      this.peaks.push(Math.max(...this.rest.map(Math.abs)) / 32768);
      this.rest = [];
    }
  }
  draw(position) {
    const {width, height} = this.canvas, paint = this.canvas.getContext("2d");
    const style = getComputedStyle(document.documentElement);
    paint.clearRect(0, 0, width, height);
    const count = Math.max(this.peaks.length, 100), bar = width / count;
    this.peaks.forEach((peak, i) => {
      paint.fillStyle = style.getPropertyValue(i < position * 50 ? "--accent" : "--soft");
      const tall = Math.max(1, peak * height);
      paint.fillRect(i * bar, (height - tall) / 2, Math.max(1, bar * 0.8), tall);
    });
  }
}

// A recording of the microphone, with its level shown while it lasts.
export class Recorder {
  constructor(meter) { this.meter = meter; this.recorder = null; }
  get running() { return this.recorder !== null; }
  async start(done) {
    const stream = await navigator.mediaDevices.getUserMedia({audio: true});
    const recorder = this.recorder = new MediaRecorder(stream), parts = [];
    const context = new AudioContext(), analyser = context.createAnalyser();
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    let loudest = 0;
    const watch = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      this.meter.value = samples.reduce((most, s) => Math.max(most, Math.abs(s)), 0);
      loudest = Math.max(loudest, this.meter.value);
    }, 60);
    recorder.ondataavailable = event => parts.push(event.data);
    recorder.onstop = () => {
      clearInterval(watch);
      context.close();
      stream.getTracks().forEach(track => track.stop());
      this.meter.value = 0;
      this.recorder = null;
      done(new Blob(parts, {type: recorder.mimeType}), loudest);
    };
    recorder.start();
  }
  stop() { this.recorder?.stop(); }
}
