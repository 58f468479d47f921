/**
 * The reel: what the film goes through, as data. Everything in the room changes it and
 * listens to it; it outlives a reload.
 *
 * @typedef {Object} Frame one keyframe
 * @property {string} id
 * @property {any} recipe
 * @property {any} [hand]
 * @property {string} [text] a sentence, shown as a caption
 * @property {any[]} [understood]
 * @property {any[]} [unknown]
 * @property {number} seconds of the way to the next
 * @property {"smooth" | "linear" | "hold"} easing
 */
import { freshId } from "../database.js";
import { prefer, preference } from "../preferences.js";

/** Keyframes of one film, as the server has it. */
export const MOST = 500;
export const SECONDS = 6;
/** A reel that is longer as JSON is not remembered beyond the page (characters). */
const REMEMBERED = 1.5e6;

export class Reel extends EventTarget {
  /** @type {Frame[]} */ frames = [];
  way = "through";
  loop = true;
  /** Give ways on which much would change at once more time. */ calm = false;
  /** Directions and amounts of the word to drift along. */ amounts = {};
  /** Seconds of a drift around or along. */ round = 20;
  chosen = null;

  constructor() {
    super();
    const kept = preference("reel");
    if (kept?.frames?.every((frame) => frame.recipe && frame.id)) Object.assign(this, kept);
  }

  get chosenFrame() {
    return this.frames.find(({ id }) => id === this.chosen) ?? null;
  }

  /** The frames that the film is made of: all, or the one that it drifts around. */
  get used() {
    if (this.way === "through") return this.frames;
    const one = this.chosenFrame ?? this.frames[0];
    return one ? [one] : [];
  }

  /** The plan as the server reads it. */
  get plan() {
    const works = this.used.map(({ recipe, seconds, easing, text }) => {
      const { size: _, ...bare } = recipe;
      return { recipe: bare, seconds, easing, ...(text && { text: text.slice(0, 400) }) };
    });
    if (this.way !== "through") {
      const amounts = this.way === "along" ? { amounts: this.amounts } : {};
      return { way: this.way, works, seconds: this.round, ...amounts };
    }
    const alone = works.length === 1 ? { seconds: Math.max(12, works[0].seconds) } : {};
    return { works, loop: this.loop, calm: this.calm, ...alone };
  }

  /** Change some of it. `what` says whether the walk has changed or only the look. */
  change(fields, what = "walk") {
    Object.assign(this, fields);
    this.#tell(what);
  }

  /** Begin anew with these frames. */
  replace(frames, fields = {}) {
    this.change({ frames, chosen: null, way: "through", ...fields }, "frames");
  }

  add(works, at = this.frames.length) {
    const room = MOST - this.frames.length;
    const fresh = works.slice(0, Math.max(0, room)).map(frameOf);
    this.frames.splice(at, 0, ...fresh);
    this.#tell("frames");
    return fresh.length;
  }

  /** Change the frame `id`. */
  edit(id, fields, what = "walk") {
    const frame = this.frames.find((one) => one.id === id);
    if (!frame) return;
    Object.assign(frame, fields);
    // Whoever sets times by hand means them.
    if ("seconds" in fields) this.calm = false;
    this.#tell(what);
  }

  remove(id) {
    const at = this.frames.findIndex((frame) => frame.id === id);
    if (at < 0) return;
    this.frames.splice(at, 1);
    this.chosen = (this.frames[at] ?? this.frames[at - 1])?.id ?? null;
    this.#tell("frames");
  }

  /** Move the frame `id` to the place `to`. */
  move(id, to) {
    const at = this.frames.findIndex((frame) => frame.id === id);
    const place = Math.max(0, Math.min(this.frames.length - 1, to));
    if (at < 0 || at === place) return;
    this.frames.splice(place, 0, ...this.frames.splice(at, 1));
    this.#tell("frames");
  }

  #tell(what) {
    const { frames, way, loop, calm, amounts, round, chosen } = this;
    const kept = { frames, way, loop, calm, amounts, round, chosen };
    const small = JSON.stringify(kept).length < REMEMBERED;
    prefer("reel", small ? kept : null);
    this.dispatchEvent(new CustomEvent("change", { detail: { what } }));
  }
}

/** A frame for a work, a keeper, or a moment of a dream. */
export function frameOf(work) {
  const { recipe, hand, text = "", understood = [], unknown = [] } = work;
  const { seconds = SECONDS, easing = "smooth" } = work;
  const { size: _, ...bare } = recipe;
  return { id: freshId(), recipe: bare, hand, text, understood, unknown, seconds, easing };
}
