/**
 * What the work on the easel has of the picture it was read from, and what not: their
 * difference, bright where they differ, over the picture.
 */
import { button, make } from "../elements.js";

/** The hand must have rested for this long (ms). */
const REST = 200;
/** Differences are shown larger than they are. */
const LOUD = 2.5;
/** Nobody sees less than this (of 255): a black canvas would look broken. */
const SEEN = 12;

export class Difference {
  /** @param {import("../desk.js").Desk} desk */
  constructor(desk) {
    Object.assign(this, { desk, on: false });
    this.canvas = make("canvas", { class: "difference", hidden: true });
    desk.room.querySelector(".frame").append(this.canvas);
    this.control = button("difference", () => this.#toggle(), { icon: "difference" });
    this.control.setAttribute("aria-pressed", "false");
    desk.store.addEventListener("change", () => this.on && this.#soon());
  }

  #toggle() {
    this.on = !this.on;
    this.control.setAttribute("aria-pressed", String(this.on));
    if (!this.on) return this.#hide();
    return this.#soon(0);
  }

  #hide() {
    clearTimeout(this.timer);
    this.canvas.hidden = true;
  }

  #soon(wait = REST) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#draw(), wait);
  }

  async #draw() {
    const { recipe } = this.desk.store;
    if (!recipe.residual) return this.#hide();
    // At its end the dial shows the picture itself, as near as the autoencoder comes.
    const { directions: _, mix: __, patches: ___, taught: ____, ...bare } = recipe;
    const faithful = { ...bare, residual: { ...recipe.residual, amount: 1 } };
    try {
      const [here, there] = await Promise.all(
        [recipe, faithful].map((one) => pixelsOf(this.desk.live, one)),
      );
      if (!this.on || recipe !== this.desk.store.recipe) return undefined;
      return this.#show(here, there);
    } catch (error) {
      return this.desk.status.tellError(error, "read");
    }
  }

  #show(here, there) {
    const { width, height } = here;
    const { data } = here;
    let most = 0;
    for (let at = 0; at < data.length; at += 1) {
      if (at % 4 === 3) continue;
      const apart = Math.abs(data[at] - there.data[at]);
      most = Math.max(most, apart);
      data[at] = LOUD * apart;
    }
    if (most < SEEN) {
      this.canvas.hidden = true;
      return this.desk.status.tell("ui.difference.none", {}, { good: true });
    }
    Object.assign(this.canvas, { width, height });
    this.canvas.getContext("2d").putImageData(here, 0, 0);
    this.canvas.hidden = false;
    return undefined;
  }
}

async function pixelsOf(live, recipe) {
  const bitmap = await createImageBitmap(await live.tile(recipe));
  const canvas = make("canvas", { width: bitmap.width, height: bitmap.height });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(bitmap, 0, 0);
  bitmap.close();
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}
