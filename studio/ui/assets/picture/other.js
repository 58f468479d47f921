/**
 * Another work beside the one on the easel, to take from: its palette and brush, its
 * composition, or a region that is painted.
 */
import { button, make } from "../elements.js";
import { languages, say, word } from "../languages.js";
import { sameRecipe } from "../recipe.js";
import { Brush } from "../refine/brush.js";
import { pickFiles } from "../refine/files.js";
import { Slider } from "../slider.js";
import { withRecipe } from "../store.js";
import { linesOf } from "./lines.js";

const OFFERED = 11;
const MOST_PATCHES = 8;
/** The hand must have rested for this long before this work is drawn small (ms). */
const REST = 400;
const PICTURES = "image/png,image/jpeg,image/webp";

export class Other {
  /**
   * @param {import("../desk.js").Desk} desk
   * @param {(file: File) => Promise<{recipe: any} | null>} read
   */
  constructor(desk, read) {
    Object.assign(this, { desk, store: desk.store, read, chosen: null, what: "paint" });
    /** Pictures that were brought here. */ this.brought = [];
    this.tiles = [];
    this.brush = new Brush(desk, (mask, final) => this.#graft(mask, final));
    this.#build();
    this.store.addEventListener("change", ({ detail }) => this.#follow(detail.how));
    desk.history.addEventListener("move", () => this.wake());
    languages.addEventListener("language", () => this.#describe());
    this.#describe();
    this.#follow("");
  }

  /** Offer what was kept and what was made last, if somebody looks. */
  async wake() {
    if (this.element.offsetParent === null || !this.store.card) return;
    const kept = await this.desk.keepers.database.all("keepers");
    kept.sort((a, b) => (a.id < b.id ? 1 : -1));
    const made = (await this.desk.history.all()).filter(({ pruned }) => !pruned).reverse();
    const works = [...this.brought, ...kept, ...made].map(({ recipe }) => recipe);
    const { fingerprint } = this.store.card;
    const offered = [];
    for (const recipe of works) {
      const known = [this.store.recipe, ...offered].some((one) => alike(one, recipe));
      if (recipe.fingerprint === fingerprint && !known) offered.push(recipe);
      if (offered.length === OFFERED) break;
    }
    this.#show(offered);
  }

  #show(offered) {
    this.tiles = offered.map(
      (recipe) => this.tiles.find((tile) => alike(tile.recipe, recipe)) ?? this.#tile(recipe),
    );
    this.strip.replaceChildren(...this.tiles.map(({ element }) => element), this.bring);
    this.#mark();
  }

  #tile(recipe) {
    const image = make("img", { alt: "", draggable: "false" });
    const fields = { type: "button", class: "other-tile", onclick: () => this.#choose(tile) };
    const element = make("button", fields, image);
    const tile = { recipe, image, element };
    this.desk.live.tile(bare(recipe)).then(
      (blob) => {
        if (blob) image.src = URL.createObjectURL(blob);
        if (this.chosen?.image === image) this.#follow("graft");
      },
      () => element.remove(),
    );
    return tile;
  }

  #choose(tile) {
    this.store.flush();
    const same = this.chosen && alike(this.chosen.recipe, tile.recipe);
    this.chosen = same ? null : { recipe: bare(tile.recipe), image: tile.image, source: null };
    this.#paint(false);
    this.#mark();
    this.#follow("");
  }

  #mark() {
    this.tiles.forEach(({ recipe, element }, index) => {
      const pressed = Boolean(this.chosen && alike(this.chosen.recipe, recipe));
      element.setAttribute("aria-pressed", String(pressed));
      element.setAttribute("aria-label", say("ui.other.tile", { number: index + 1 }));
    });
  }

  async #bring() {
    const [file] = await pickFiles(PICTURES);
    if (!file) return;
    try {
      const found = await this.read(file);
      if (!found) return;
      this.brought.unshift(found);
      await this.wake();
      this.#choose(this.tiles.find(({ recipe }) => recipe === found.recipe));
    } catch (error) {
      this.desk.status.tellError(error, "read");
    }
  }

  // -- style mixing ----------------------------------------------------------

  async #blend(amount, final) {
    const { chosen } = this;
    if (!chosen) return;
    try {
      await this.#prepare(chosen);
    } catch (error) {
      this.desk.status.tellError(error, "read");
      return;
    }
    // The hand may have gone on meanwhile, or to another work.
    if (this.chosen !== chosen || !chosen.source) return;
    const layers = Array.from({ length: this.store.card.layers }, (_, layer) => layer);
    const mix = [{ layers, source: chosen.source, amount: Number(amount.toFixed(2)) }];
    this.store.edit((work) => withField(work, "mix", amount ? mix : null), "mix", final);
  }

  /** What of the other work this one takes: the same for as long as both are the same. */
  async #prepare(chosen) {
    const { mix: _, patches: __, residual: ___, ...recipe } = this.store.recipe;
    const { directions: ____, taught: _____, size: ______, ...bare } = recipe;
    const asked = JSON.stringify([bare, this.what]);
    if (chosen.asked === asked) return chosen.coming;
    chosen.asked = asked;
    chosen.coming = this.#exchange({ recipe, other: chosen.recipe, what: this.what }, chosen);
    return chosen.coming;
  }

  async #exchange(body, chosen) {
    const options = { method: "POST", body: JSON.stringify(body) };
    try {
      for await (const { source } of linesOf("exchange", options)) if (source) chosen.source = source;
    } catch (error) {
      chosen.asked = null;
      throw error;
    }
  }

  #swap(what) {
    this.what = what;
    this.#describe();
    if (this.slider.value) this.#blend(this.slider.value, true);
  }

  // -- grafts ----------------------------------------------------------------

  #paint(on) {
    if (on) this.brush.open();
    else this.brush.close();
    this.painting = on;
    this.base = on ? (this.store.recipe.patches ?? []) : null;
    this.graftButton.setAttribute("aria-pressed", String(on));
  }

  #toggle() {
    if (this.painting) return this.#paint(false);
    if (!this.chosen) return this.desk.status.tell("ui.other.choose");
    if ((this.store.recipe.patches ?? []).length >= MOST_PATCHES) {
      return this.desk.status.tell("ui.graft.full", { n: MOST_PATCHES });
    }
    this.desk.hold();
    this.#paint(true);
    return this.desk.status.tell("ui.graft.paint");
  }

  #graft(mask, final) {
    const { chosen, base } = this;
    if (!chosen || !base) return;
    const patches = mask ? [...base, { mask, recipe: chosen.recipe }] : base;
    const field = patches.length ? patches : null;
    this.store.edit((work) => withField(work, "patches", field), "graft", final);
  }

  /** Take everything back that came from other works. */
  #release() {
    this.#paint(false);
    const free = (work) => withField(withField(work, "mix", null), "patches", null);
    this.store.edit(free, "release");
  }

  #follow(how) {
    const { recipe } = this.store;
    if (!recipe || how === "drift") return;
    // Another work came onto the easel under the brush.
    if (this.painting && how !== "graft") this.#paint(false);
    if (how !== "mix") this.slider.set(recipe.mix?.[0]?.amount ?? 0);
    this.element.classList.toggle("has-other", Boolean(this.chosen));
    this.slider.input.disabled = !this.chosen;
    this.there.src = this.chosen?.image.src ?? "";
    this.there.hidden = !this.chosen;
    this.releaseButton.disabled = !recipe.mix && !recipe.patches;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#drawHere(), REST);
  }

  /** This work as it is without the other, beside the blend. */
  async #drawHere() {
    if (!this.chosen || this.element.offsetParent === null) return;
    const { mix: _, ...recipe } = bare(this.store.recipe);
    const key = JSON.stringify(recipe);
    if (this.drawn === key) return;
    const blob = await this.desk.live.tile(recipe).catch(() => null);
    if (!blob) return;
    URL.revokeObjectURL(this.here.src);
    Object.assign(this, { drawn: key });
    this.here.src = URL.createObjectURL(blob);
  }

  #build() {
    this.strip = make("div", { class: "other-strip", role: "group" });
    word(this.strip, { name: "ui.other.works" });
    this.bring = button("other_bring", () => this.#bring(), { icon: "image", bare: true });
    this.here = make("img", { alt: "", class: "other-end" });
    this.there = make("img", { alt: "", class: "other-end", hidden: true });
    this.slider = new Slider({
      how: "mix",
      min: 0,
      max: 1,
      step: 0.01,
      rest: 0,
      figure: (value) => `${Math.round(100 * value)} %`,
      onTouch: () => this.store.touch(),
      onMove: (amount, final) => this.#blend(amount, final),
    });
    this.halves = ["paint", "form"].map((what) => {
      const control = button(`mix_${what}`, () => this.#swap(what), {});
      return [what, control];
    });
    this.graftButton = button("graft", () => this.#toggle(), { icon: "brush" });
    this.graftButton.setAttribute("aria-pressed", "false");
    this.releaseButton = button("release", () => this.#release(), { icon: "reset" });
    this.element = make(
      "div",
      { class: "other" },
      word(make("p", { class: "other-note" }), { text: "ui.other.note" }),
      this.strip,
      make("div", { class: "other-blend" }, this.here, this.slider.element, this.there),
      make("div", { class: "tools other-halves", role: "group" },
        ...this.halves.map(([, control]) => control)),
      make("div", { class: "tools" }, this.graftButton, this.brush.eraser,
        this.releaseButton),
    );
  }

  #describe() {
    for (const [what, control] of this.halves) {
      control.setAttribute("aria-pressed", String(what === this.what));
    }
    this.slider.describe({
      minus: say("ui.mix.minus"),
      plus: say("ui.mix.plus"),
      name: say("ui.mix"),
      figures: say("ui.mix.hint"),
    });
    this.#mark();
  }
}

/** What of a work may stand inside another one. */
function bare({ patches: _, size: __, ...recipe }) {
  return recipe;
}

function alike(one, other) {
  return sameRecipe(bare(one), bare(other));
}

/** `work` with a field of its recipe, or without it where there is none. */
function withField(work, name, value) {
  const { [name]: _, ...rest } = work.recipe;
  return withRecipe({ ...work, recipe: rest }, value ? { [name]: value } : {});
}
