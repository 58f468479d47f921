/**
 * A walk in the browser: the server's stops, and the recipe of any moment between them.
 * It is the arithmetic of studio/latent/walk.py, for a preview.
 */

/** Of a way that holds, the share in which it stays where it is. */
const RESTS = 0.6;
/** How long a caption comes and goes (seconds). */
const FADE = 0.8;

export class Walk {
  /**
   * @param {any} told what the server gave
   * @param {any} recipe one of its works, for model and fingerprint
   */
  constructor({ stops, loop, seconds, layers, width, captions }, recipe) {
    Object.assign(this, { loop, seconds, layers, width, captions });
    const { format, model, fingerprint } = recipe;
    this.base = { format, model, fingerprint, variety: 1 };
    this.stops = stops.map((stop) => ({ ...stop, w: halves(stop.w) }));
    this.starts = [0];
    const ways = loop ? stops : stops.slice(0, -1);
    for (const { seconds: way } of ways) this.starts.push(this.starts.at(-1) + way);
  }

  /** The recipe of the moment `time`, in seconds. */
  recipeAt(time) {
    const [index, share] = this.#placeAt(time);
    const a = this.stops[index].w;
    const b = this.stops[(index + 1) % this.stops.length].w;
    const rows = [];
    for (let layer = 0; layer < this.layers; layer += 1) {
      const row = new Array(this.width);
      for (let column = 0; column < this.width; column += 1) {
        const at = layer * this.width + column;
        row[column] = Math.round((a[at] + share * (b[at] - a[at])) * 1000) / 1000;
      }
      rows.push(row);
    }
    return { ...this.base, source: { w: rows } };
  }

  /** What is read at a moment, and how strongly it shows (0 to 1). */
  captionAt(time) {
    const found = this.captions.find(({ start, end }) => start <= time && time < end);
    if (!found) return null;
    const { text, start, end } = found;
    const fade = Math.min(FADE, (end - start) / 3);
    const share = Math.max(0, Math.min(1, Math.min(time - start, end - time) / fade));
    return { text, strength: smooth(share) };
  }

  #placeAt(time) {
    const last = this.stops.length - 1;
    const ways = this.loop ? this.stops.length : last;
    if (!ways || (!this.loop && time >= this.seconds)) return [last, 0];
    const passed = this.loop ? time % this.seconds : Math.max(0, time);
    let index = 0;
    while (index < ways - 1 && passed >= this.starts[index + 1]) index += 1;
    const { seconds, easing, shares } = this.stops[index];
    const gone = ease(Math.min(1, (passed - this.starts[index]) / seconds), easing);
    const at = gone * (shares.length - 1);
    const low = Math.min(Math.floor(at), shares.length - 2);
    return [index, shares[low] + (at - low) * (shares[low + 1] - shares[low])];
  }
}

function ease(passed, easing) {
  if (easing === "linear") return passed;
  if (easing === "hold") return smooth(Math.max(0, (passed - RESTS) / (1 - RESTS)));
  return smooth(passed);
}

function smooth(share) {
  return share * share * (3 - 2 * share);
}

/** Numbers of half precision, little-endian, in base64. */
function halves(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const words = new Uint16Array(bytes.buffer);
  return Float32Array.from(words, (half) => {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >> 10) & 0x1f;
    const fraction = half & 0x3ff;
    if (!exponent) return sign * fraction * 2 ** -24;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
}
