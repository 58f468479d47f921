/** One slider row: two ends in words, the amount between, reset and lock. */
import { button, make } from "./elements.js";
import { signed, word } from "./languages.js";

/**
 * @typedef {Object} SliderOptions
 * @property {string} how names the control in the history
 * @property {number} min
 * @property {number} max
 * @property {number} step
 * @property {number} rest where the fill begins and reset goes
 * @property {(value: number) => string} [figure] how the amount reads
 * @property {boolean} [lockable]
 * @property {() => void} onTouch
 * @property {(value: number, final: boolean) => void} onMove
 * @property {(locked: boolean) => void} [onLock]
 */

export class Slider {
  /** @param {SliderOptions} options */
  constructor(options) {
    this.options = options;
    this.locked = false;
    this.title = "";
    this.element = this.#build();
    this.set(options.rest);
  }

  /** Show `value` without telling anyone; a far one widens the range. */
  set(value) {
    if (value === this.value) return;
    // Not read back from the input, which knows its own steps only.
    this.value = value;
    const { min, max } = this.options;
    this.input.min = String(Math.min(min, Math.floor(value)));
    this.input.max = String(Math.max(max, Math.ceil(value)));
    this.input.value = String(value);
    this.#paint();
  }

  /** Give both ends and the hint their words. */
  describe({ minus, plus, name, figures, title = "" }) {
    this.title = title;
    this.minus.textContent = minus;
    this.plus.textContent = plus;
    this.input.setAttribute("aria-label", name);
    this.input.setAttribute("aria-description", figures);
    this.body.dataset.tip = figures;
    this.#paint();
  }

  setLocked(locked) {
    this.locked = locked;
    this.element.classList.toggle("is-locked", locked);
    this.input.disabled = locked;
    this.lock?.setAttribute("aria-pressed", String(locked));
    if (this.lock) word(this.lock, { name: locked ? "ui.unlock" : "ui.lock" });
  }

  reset() {
    if (this.locked || this.value === this.options.rest) return;
    this.set(this.options.rest);
    this.options.onMove(this.value, true);
  }

  #build() {
    const { how, step, lockable } = this.options;
    this.input = make("input", { type: "range", step, "data-how": how, name: how });
    this.minus = make("span", { class: "minus" });
    this.amount = make("output", { class: "amount" });
    this.plus = make("span", { class: "plus" });
    this.ends = make("div", { class: "ends" }, this.minus, this.amount, this.plus);
    const tools = make("div", { class: "row-tools" }, this.#resetButton());
    if (lockable) tools.append(this.#lockButton());
    this.input.addEventListener("pointerdown", () => this.options.onTouch());
    this.input.addEventListener("input", () => this.#moved(false));
    this.input.addEventListener("change", () => this.#moved(true));
    this.input.addEventListener("dblclick", () => this.reset());
    this.body = make("div", {}, this.ends, this.input);
    const row = make("div", { class: "slider" }, this.body, tools);
    row.addEventListener("pointerdown", () => markTouched(row));
    return row;
  }

  #resetButton() {
    return button("reset", () => this.reset(), {
      icon: "reset",
      bare: true,
      class: "reset",
    });
  }

  #lockButton() {
    const toggle = () => {
      this.setLocked(!this.locked);
      this.options.onLock?.(this.locked);
    };
    this.lock = button("lock", toggle, { icon: "lock", bare: true, class: "lock" });
    this.lock.setAttribute("aria-pressed", "false");
    return this.lock;
  }

  #moved(final) {
    this.value = Number(this.input.value);
    this.#paint();
    this.options.onMove(this.value, final);
  }

  #paint() {
    const { rest, figure = signed } = this.options;
    const [low, high] = [Number(this.input.min), Number(this.input.max)];
    const at = (value) => ((value - low) / (high - low)) * 100;
    const [from, to] = [at(rest), at(this.value)].sort((a, b) => a - b);
    this.input.style.setProperty("--from", `${from}%`);
    this.input.style.setProperty("--to", `${to}%`);
    this.input.style.setProperty("--rest", `${at(rest)}%`);
    const words = figure(this.value);
    this.amount.textContent = this.title ? `${this.title} ${words}` : words;
    this.input.setAttribute("aria-valuetext", words);
    this.element?.classList.toggle("is-moved", this.value !== rest);
    this.element?.classList.toggle("is-plus", this.value > rest);
  }
}

/** Of all rows, only the one touched last shows its tools where nothing hovers. */
function markTouched(row) {
  const before = row.closest("#reverie-room")?.querySelector(".slider.is-touched");
  before?.classList.remove("is-touched");
  row.classList.add("is-touched");
}
