/**
 * A handful of the pictures as they will be seen: framed as was chosen, and below each
 * as the model that the run starts from can paint it.
 */
import { make } from "../elements.js";
import { word } from "../languages.js";
import { line } from "./parts.js";
import { viewAddress } from "./server.js";

const FRAMINGS = ["centre", "smart", "whole"];
/** How long typing must rest before pictures are asked for (ms). */
const REST = 300;

export class Seen {
  framing = "centre";
  #timer = 0;
  #asked = {};

  constructor(onChange) {
    this.onChange = onChange;
    this.pairs = make("div", { class: "pairs" });
    this.words = line("ui.train.seen.scratch", {}, "seen-words");
    this.element = make("div", { class: "seen" });
    this.element.append(this.#choice(), this.pairs, this.words);
  }

  /** Other pictures: files that lie at `where`. */
  bring(where, files) {
    this.where = where;
    this.figures = files.map((file) => {
      const [above, below] = [make("img", { alt: file }), make("img", { alt: "" })];
      return { file, above, below };
    });
    const shown = this.figures.map(({ above, below }) => make("figure", {}, above, below));
    this.pairs.replaceChildren(...shown);
  }

  /** What was chosen: `size` as typed, and the model to start from, if any. */
  show({ size, base, title }) {
    this.#asked = { size, base, title };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), REST);
  }

  #look() {
    if (!this.where) return;
    const { size, base, title } = this.#asked;
    const shape = shapeTo(this.pairs, size);
    this.pairs.classList.toggle("is-single", !base);
    if (base) word(this.words, { text: "ui.train.seen.painted", params: { title } });
    else word(this.words, { text: "ui.train.seen.scratch" });
    const asked = { size: shape, framing: this.framing };
    for (const { file, above, below } of this.figures) {
      renew(above, viewAddress("framed", this.where, file, asked));
      below.hidden = !base;
      if (base) renew(below, viewAddress("painted", this.where, file, { ...asked, base }));
    }
  }

  #choice() {
    this.hint = line("ui.train.framing.centre.what", {}, "field-hint");
    const parts = FRAMINGS.map((value) => {
      const input = make("input", {
        type: "radio",
        name: "train-framing",
        value,
        checked: value === this.framing,
        onchange: () => this.#frame(value),
      });
      const title = word(make("span"), { text: `ui.train.framing.${value}` });
      return make("label", { class: "segment" }, input, title);
    });
    const group = make("div", { class: "segments", role: "radiogroup" }, ...parts);
    word(group, { name: "ui.train.framing" });
    const label = word(make("span", { class: "field-word" }), { text: "ui.train.framing" });
    return make("div", { class: "field" }, label, group, this.hint);
  }

  #frame(value) {
    this.framing = value;
    word(this.hint, { text: `ui.train.framing.${value}.what` });
    this.#look();
    this.onChange();
  }
}

/** Height and width of a size as typed; what is no number is NaN. */
export function sidesOf(size) {
  const [height, width = height] = size.split(/[x\u00d7]/i).map(Number);
  return [height, width];
}

/** Give `row` the shape that was typed for its pictures; tells it as height x width. */
export function shapeTo(row, size) {
  const [height, width] = sidesOf(size);
  row.style.setProperty("--frame", width / height > 0 ? width / height : 1);
  return `${height}x${width}`;
}

/** Show the picture of an address once it is whole; the old one stays until then. */
export async function renew(image, address) {
  if (image.dataset.wanted === address) return;
  image.dataset.wanted = address;
  const fresh = make("img", { src: address });
  const came = await fresh.decode().then(() => true, () => false);
  if (image.dataset.wanted !== address) return;
  if (came) image.src = address;
  else delete image.dataset.wanted;
  image.classList.toggle("is-here", came);
}
