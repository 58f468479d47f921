/** The same handful as the critic is shown it: moved, cut, recoloured. */
import { make } from "../elements.js";
import { word } from "../languages.js";
import { line, press } from "./parts.js";
import { renew, shapeTo } from "./seen.js";
import { viewAddress } from "./server.js";

export class Looks {
  #seed = 1;
  #asked = null;

  constructor() {
    this.row = make("div", { class: "pairs looks-row" });
    this.words = line("ui.train.looks.gan", {}, "seen-words");
    const again = press("looks_again", () => {
      this.#seed += 1;
      this.#look();
    });
    const foot = make("div", { class: "looks-foot" }, this.words, again);
    this.element = make("div", { class: "looks" }, this.row, foot);
    this.open = false;
  }

  /** What was chosen; nothing is asked for while nobody looks. */
  show(asked) {
    this.#asked = { ...this.#asked, ...asked };
    this.#look();
  }

  #look() {
    const { where, files, size, framing, family, mirror } = this.#asked ?? {};
    if (!this.open || !where || !size) return;
    word(this.words, { text: `ui.train.looks.${family}` });
    if (files !== this.files) {
      this.files = files;
      this.images = files.map(() => make("img", { alt: "" }));
      this.row.replaceChildren(...this.images.map((image) => make("figure", {}, image)));
    }
    const chosen = { size: shapeTo(this.row, size), framing, family, mirror };
    for (const [at, file] of files.entries()) {
      const seed = 10 * this.#seed + at;
      renew(this.images[at], viewAddress("augmented", where, file, { ...chosen, seed }));
    }
  }
}
