/** The seed: its number, previous and next, and the caption under the picture. */
import { button, make } from "./elements.js";
import { languages, say, word } from "./languages.js";
import { SEED_MAX, mainSeed, neighbour, pairsOf, parseSeed, randomSeed } from "./recipe.js";
import { withRecipe } from "./store.js";

export class Seedbar {
  /**
   * @param {import("./store.js").Store} store
   * @param {{seed: HTMLElement, caption: HTMLElement}} places
   * @param {import("./status.js").Status} status
   * @param {import("./drift.js").Drift} drift
   */
  constructor(store, places, status, drift) {
    this.store = store;
    this.status = status;
    this.caption = places.caption;
    this.drifting = drift.on;
    drift.addEventListener("drift", () => {
      this.drifting = drift.on;
      this.follow("drift");
    });
    places.seed.append(this.#build());
    store.addEventListener("change", (event) => this.follow(event.detail.how));
    languages.addEventListener("language", () => this.follow("language"));
  }

  /** Put another seed on the easel; sliders and variety stay. */
  go(seed, how = "seed") {
    this.store.edit((work) => withRecipe(work, { source: { seed } }), how);
    // However fast they follow each other, each of these works was seen.
    this.store.flush();
  }

  dice() {
    this.go(randomSeed(), "dice");
  }

  step(by) {
    if (!this.store.work) return;
    this.store.touch();
    const seed = mainSeed(this.store.recipe.source) ?? 0;
    this.go(neighbour(seed, by), "step");
  }

  /** Show the seed of the work; what a hand is typing stays. */
  follow(how) {
    const source = this.store.recipe?.source;
    if (!source) return;
    // Another control has chosen: what was typed amiss is over.
    if (how !== "drift" && how !== "language") this.#mark(false);
    if (!this.#typing() || how !== "drift") this.#showSeed(mainSeed(source));
    const words = this.#words(source);
    if (this.caption.textContent !== words) this.caption.textContent = words;
  }

  #words(source) {
    if (this.drifting) return say("ui.caption.drift");
    const pairs = pairsOf(source);
    if (!pairs) return say("ui.caption.style");
    if (pairs.length === 1) return say("ui.caption.seed", { seed: pairs[0][0] });
    return say("ui.caption.blend", { seed: mainSeed(source) });
  }

  #typing() {
    return document.activeElement === this.field && this.field.value !== this.shown;
  }

  #showSeed(seed) {
    this.shown = seed === null ? "" : String(seed);
    this.field.defaultValue = this.shown;
    if (!this.#invalid()) this.field.value = this.shown;
  }

  #invalid() {
    return this.field.getAttribute("aria-invalid") === "true";
  }

  #build() {
    this.field = make("input", {
      type: "text",
      inputmode: "numeric",
      autocomplete: "off",
      spellcheck: "false",
      class: "seed-field",
      "data-how": "seed",
      onchange: () => this.#typed(),
      oninput: () => this.#mark(false),
      onkeydown: (event) => this.#key(event),
    });
    word(this.field, { name: "ui.seed", hint: "ui.seed.hint" });
    const bare = (name, by) => button(name, () => this.step(by), { icon: name, bare: true });
    return make(
      "div",
      { class: "seed-row" },
      word(make("span", { class: "seed-word" }), { text: "ui.seed" }),
      bare("previous", -1),
      this.field,
      bare("next", 1),
    );
  }

  #key(event) {
    if (event.key === "Enter") this.#typed();
    if (event.key === "Escape") {
      this.#mark(false);
      this.field.value = this.shown;
      this.field.blur();
    }
  }

  #typed() {
    const text = this.field.value;
    if (!this.store.work) return;
    if (text === this.shown && "seed" in this.store.recipe.source) return;
    const seed = parseSeed(text);
    this.#mark(seed === null);
    if (seed === null) {
      const params = { value: text, low: 0, high: SEED_MAX };
      this.status.tell("error.seed_range", params, { from: "seed" });
    } else {
      this.status.clear("seed");
      this.go(seed);
    }
  }

  #mark(invalid) {
    this.field.setAttribute("aria-invalid", String(invalid));
  }
}
