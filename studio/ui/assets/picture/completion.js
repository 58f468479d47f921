/**
 * What the model makes of a board: asked for as fast as it answers, the newest state
 * of the board at a time.
 */
import { make } from "../elements.js";
import { linesOf } from "./lines.js";

export class Completion {
  #wanted = null;
  #busy = false;

  /**
   * @param {import("../desk.js").Desk} desk
   * @param {(state: {bitmap?: ImageBitmap, error?: any, share?: number}) => void} onCome
   */
  constructor(desk, onCome) {
    Object.assign(this, { desk, onCome, recipe: null });
  }

  /** The model has changed: what was made is of another one. */
  forget() {
    this.recipe = null;
  }

  /** Complete these pieces; what was asked for before and still waits is forgotten. */
  ask(pieces, chance) {
    this.#wanted = { pieces: [...pieces], chance };
    this.#work();
  }

  async #work() {
    if (this.#busy) return;
    this.#busy = true;
    while (this.#wanted) {
      const { pieces, chance } = this.#wanted;
      this.#wanted = null;
      try {
        await this.#complete(pieces, chance);
      } catch (error) {
        this.onCome({ error });
      }
    }
    this.#busy = false;
  }

  async #complete(pieces, chance) {
    const { live, store } = this.desk;
    const { name, resolution } = store.card;
    const query = new URLSearchParams({ model: name, board: 1, ...(chance && { chance }) });
    const body = await boardOf(pieces, resolution);
    for await (const line of linesOf(`picture?${query}`, { method: "POST", body })) {
      if (!line.recipe) this.onCome({ share: line.share });
      else {
        this.recipe = line.recipe;
        const blob = await live.tile(line.recipe);
        this.onCome({ bitmap: await createImageBitmap(blob) });
      }
    }
  }
}

/** The pieces as one PNG at the model's resolution; empty is where nothing lies. */
function boardOf(pieces, [height, width]) {
  const canvas = make("canvas", { width, height });
  const pen = canvas.getContext("2d");
  pen.imageSmoothingQuality = "high";
  for (const piece of pieces) piece.draw(pen, width);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}
