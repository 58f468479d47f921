/**
 * What a microphone hears, in the browser alone: loudness, brightness and beats, each
 * from 0 to 1. Nothing of it leaves the page.
 */

const WINDOW = 2048;
/** Below the loudest of late, what counts as nothing (dB). */
const RANGE = 40;
/** Quieter than this is silence (dB of full scale). */
const FLOOR = -65;
/** How slowly the loudest is forgotten (dB a second). */
const FORGETS = 3;
/** In how many seconds a beat fades, and values fall. */
const BEAT_FALL = 0.28;
const RELEASE = 0.3;

export class Microphone {
  heard = { loudness: 0, brightness: 0, beats: 0 };
  #loudest = -40;
  #usual = 0;
  #last = 0;

  /** Listen. @returns {Promise<Microphone>} rejects where the browser refuses */
  static async open() {
    const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    const stream = await navigator.mediaDevices.getUserMedia({ audio: plain });
    return new Microphone(stream);
  }

  constructor(stream) {
    this.stream = stream;
    this.context = new AudioContext();
    this.analyser = this.context.createAnalyser();
    this.analyser.fftSize = WINDOW;
    this.analyser.smoothingTimeConstant = 0;
    this.context.createMediaStreamSource(stream).connect(this.analyser);
    this.samples = new Float32Array(WINDOW);
    this.bands = new Float32Array(WINDOW / 2);
    this.before = new Float32Array(WINDOW / 2);
    this.#last = performance.now();
  }

  close() {
    for (const track of this.stream.getTracks()) track.stop();
    this.context.close();
  }

  /** Hear the present moment. */
  listen() {
    const now = performance.now();
    const passed = Math.min(0.2, (now - this.#last) / 1000);
    this.#last = now;
    this.analyser.getFloatTimeDomainData(this.samples);
    this.analyser.getFloatFrequencyData(this.bands);
    const level = this.#level();
    const { flux, pitch } = this.#spectrum();
    this.#loudest = Math.max(level, this.#loudest - FORGETS * passed, FLOOR + 10);
    const audible = level > FLOOR;
    const loudness = audible ? clamp(1 + (level - this.#loudest) / RANGE) : 0;
    this.#fall("loudness", loudness, passed, RELEASE);
    this.#fall("brightness", audible ? pitch : 0, passed, RELEASE);
    this.#beat(audible ? flux : 0, passed);
    return this.heard;
  }

  /** Root of the mean square, in dB of full scale. */
  #level() {
    let sum = 0;
    for (const sample of this.samples) sum += sample * sample;
    return 10 * Math.log10(sum / WINDOW + 1e-12);
  }

  /** How much has come since the last look, and where the middle of it all lies. */
  #spectrum() {
    const step = this.context.sampleRate / WINDOW;
    let [flux, whole, sum] = [0, 0, 0];
    this.bands.forEach((decibels, index) => {
      const strength = 10 ** (Math.max(-120, decibels) / 20);
      const heard = Math.log1p(1000 * strength);
      flux += Math.max(0, heard - this.before[index]);
      this.before[index] = heard;
      whole += strength;
      sum += strength * Math.log2(Math.max(30, index * step));
    });
    // From 200 Hz, dull, to 6 kHz, bright.
    const pitch = whole ? clamp((sum / whole - 7.6) / 4.9) : 0;
    return { flux, pitch };
  }

  #beat(flux, passed) {
    const strong = flux > 1.6 * this.#usual + 0.5;
    this.#usual += (flux - this.#usual) * (1 - Math.exp(-passed / 0.8));
    this.#fall("beats", strong ? 1 : 0, passed, BEAT_FALL);
  }

  /** Up at once, down slowly: nothing flickers. */
  #fall(name, value, passed, seconds) {
    const fallen = this.heard[name] * Math.exp(-passed / seconds);
    this.heard[name] = Math.max(value, fallen);
  }
}

function clamp(value) {
  return Math.max(0, Math.min(1, value));
}
