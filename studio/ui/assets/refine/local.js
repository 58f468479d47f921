/**
 * Temporary sliders: what changes this very picture most, measured anew whenever
 * another work is on the easel. They move the work's own w, so they need no place in
 * the recipe.
 */
import { post } from "../address.js";
import { make } from "../elements.js";
import { directionLabels } from "../labels.js";
import { languages, say, word } from "../languages.js";
import { plain } from "../recipe.js";
import { Slider } from "../slider.js";

const COUNT = 5;
const REACH = 3;
const DIGITS = 4;
/** The work must have rested for this long (ms): measuring takes a second. */
const REST = 500;

export class Local {
  /** @param {import("../desk.js").Desk} desk */
  constructor(desk) {
    Object.assign(this, { desk, store: desk.store, found: null, asked: null });
    this.note = word(make("p", { class: "local-note" }), { text: "ui.local.note" });
    this.sliders = Array.from({ length: COUNT }, (_, index) => this.#slider(index));
    const rows = this.sliders.map((slider) => slider.element);
    this.element = make("div", { class: "local is-waiting" }, this.note, ...rows);
    this.store.addEventListener("change", ({ detail }) => this.#follow(detail.how));
    languages.addEventListener("language", () => this.#describe());
    this.#describe();
  }

  /** Measure what is on the easel, if somebody looks. */
  wake(wait = 0) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#measure(), wait);
  }

  #slider(index) {
    const how = `local:${index + 1}`;
    return new Slider({
      how,
      min: -REACH,
      max: REACH,
      step: 0.05,
      rest: 0,
      onTouch: () => this.store.touch(),
      onMove: (_, final) => this.#move(how, final),
    });
  }

  #follow(how) {
    if (how === "drift" || how.startsWith("local:")) return;
    this.found = null;
    this.element.classList.add("is-waiting");
    this.wake(REST);
  }

  async #measure() {
    const { recipe } = this.store;
    const open = this.element.offsetParent !== null && !this.desk.drift.on;
    if (!open || !recipe || (this.found && this.asked === recipe)) return;
    this.asked = recipe;
    try {
      const response = await post("local", { recipe });
      const found = await response.json();
      if (this.asked !== recipe || this.store.recipe !== recipe) return;
      this.found = found;
      this.sliders.forEach((slider) => slider.set(0));
      this.element.classList.remove("is-waiting");
      this.#describe();
    } catch (error) {
      this.desk.status.tellError(error, "local");
    }
  }

  #move(how, final) {
    if (!this.found) return;
    const { w, variety, directions } = this.found;
    const amounts = this.sliders.map(({ value }) => value);
    const added = w[0].map((_, at) =>
      directions.reduce((sum, { rows }, index) => sum + amounts[index] * rows[at], 0),
    );
    const moved = w.map((row) => row.map((x, at) => Number((x + added[at]).toFixed(DIGITS))));
    this.store.edit(
      (work) => {
        const { mix: _, ...rest } = work.recipe;
        return { ...work, recipe: plain({ ...rest, variety, source: { w: moved } }) };
      },
      how,
      final,
    );
  }

  #describe() {
    const unknown = Array.from({ length: COUNT }, () => ({ effects: {} }));
    const directions = this.found?.directions ?? unknown;
    // A number reads the same in every language.
    const labels = directionLabels(
      directions.map((direction, index) => ({ ...direction, name: String(index + 1) })),
    );
    this.sliders.forEach((slider, index) => {
      // A tiny model may have fewer.
      const label = labels[index] ?? { minus: "", plus: "", figures: "" };
      const name = say("ui.direction.between", label);
      slider.describe({ ...label, name });
    });
  }
}
