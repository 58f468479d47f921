/** How far children go: a slider, and smaller steps with each generation if wanted. */
import { say } from "../languages.js";
import { prefer, preference } from "../preferences.js";
import { Slider } from "../slider.js";
import { STRENGTH } from "./children.js";

/** How much of the strength is left after each choice. */
const SHRINKS = 0.88;
const LEAST = 0.15;

export class Strength {
  /** Where a hand put it before it shrank; null where it has not. */
  #whole = null;

  /** @param {() => void} onChange called when a hand has let go */
  constructor(onChange) {
    this.slider = new Slider({
      how: "refine",
      min: 0,
      max: 1,
      step: 0.01,
      rest: STRENGTH,
      figure: (value) => `${Math.round(100 * value)} %`,
      onTouch: () => {},
      onMove: (value, final) => {
        prefer("refine:strength", value);
        this.#whole = null;
        if (final) onChange();
      },
    });
    this.slider.set(preference("refine:strength", STRENGTH));
    this.element = this.slider.element;
  }

  describe() {
    this.slider.describe({
      minus: say("ui.refine.whisper"),
      plus: say("ui.refine.leap"),
      name: say("ui.refine.strength"),
      figures: say("ui.refine.strength.hint"),
    });
  }

  /** A generation further, or back. */
  shrink(back = false) {
    if (!preference("refine:shrink", false)) return;
    const { value } = this.slider;
    this.#whole ??= value;
    const next = back ? value / SHRINKS : Math.max(Math.min(LEAST, value), value * SHRINKS);
    this.#set(Math.min(this.#whole, next));
  }

  /** Another family begins: its first steps are as large as they were. */
  restore() {
    if (this.#whole !== null) this.#set(this.#whole);
    this.#whole = null;
  }

  #set(strength) {
    this.slider.set(Number(strength.toFixed(2)));
    prefer("refine:strength", this.slider.value);
  }
}
