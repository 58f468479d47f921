/**
 * The dream: while nobody touches anything, the picture wanders from seed to seed.
 * The page asks for the frames itself, one at a time, and stops when hidden.
 */
import { blendOf, pairsOf, randomSeed } from "./recipe.js";

/** Time from one seed to the next, and the least time between two frames (ms). */
const LEG = 9000;
const FRAME = 55;

export class Drift extends EventTarget {
  on = false;
  #store;
  #live;
  #from = null;
  #to = 0;
  #done = 0;
  #last = 0;
  #timer = 0;

  constructor(store, live) {
    super();
    this.#store = store;
    this.#live = live;
    document.addEventListener("visibilitychange", () => this.#wake());
    live.addEventListener("state", () => this.#wake());
  }

  /** Start from the work on the easel. An explicit w has no seeds to wander by. */
  start() {
    const pairs = this.#store.recipe && pairsOf(this.#store.recipe.source);
    if (this.on || !pairs) return;
    this.#depart(pairs);
    this.#become(true);
    this.#wake();
  }

  /** Let go; the work stays where the dream was. */
  stop() {
    if (!this.on) return;
    clearTimeout(this.#timer);
    this.#become(false);
  }

  #depart(pairs) {
    const norm = Math.hypot(...pairs.map(([, weight]) => weight));
    this.#from = pairs.map(([seed, weight]) => [seed, weight / norm]);
    this.#to = randomSeed();
    this.#done = 0;
  }

  #wake() {
    clearTimeout(this.#timer);
    this.#last = performance.now();
    if (this.on && !document.hidden) this.#timer = setTimeout(() => this.#step(), FRAME);
  }

  #step() {
    this.#timer = setTimeout(() => this.#step(), FRAME);
    const now = performance.now();
    // A slow machine slows the dream down rather than making it leap.
    const passed = Math.min(now - this.#last, 3 * FRAME);
    this.#last = now;
    if (this.#live.state !== "open" || !this.#live.idle) return;
    this.#done += passed / LEG;
    if (this.#done >= 1) this.#depart([[this.#to, 1]]);
    const source = this.#sourceAt(this.#done);
    const work = this.#store.work;
    this.#store.show({ ...work, recipe: { ...work.recipe, source } }, "drift");
  }

  /** A quarter turn in z from where we were to the next seed: even speed. */
  #sourceAt(share) {
    const angle = (share * Math.PI) / 2;
    const [old, fresh] = [Math.cos(angle), Math.sin(angle)];
    const pairs = this.#from.map(([seed, weight]) => [seed, weight * old]);
    return blendOf([...pairs, [this.#to, fresh]]);
  }

  #become(on) {
    this.on = on;
    this.dispatchEvent(new Event("drift"));
  }
}
