/** Two works side by side, or one over the other with an edge that a hand moves. */
import { button, make } from "../elements.js";
import { word } from "../languages.js";

export class Comparison {
  /** @param {import("../live.js").Live} live @param {() => void} onBack */
  constructor(live, onBack) {
    this.live = live;
    this.images = [0, 1].map(() => make("img", { alt: "", draggable: "false" }));
    this.edge = make("input", { type: "range", min: "0", max: "100", value: "0" });
    word(this.edge, { name: "ui.wipe", hint: "ui.wipe.hint" });
    this.edge.addEventListener("input", () => this.#wipe());
    this.pair = make("div", { class: "pair" }, ...this.images);
    this.element = make(
      "div",
      { class: "comparison" },
      this.pair,
      make("label", { class: "wipe" }, word(make("span"), { text: "ui.wipe" }), this.edge),
      button("back", onBack, { icon: "previous" }),
    );
  }

  /** Show two moments; at 0 of the wipe they are side by side. */
  async show(moments) {
    this.edge.value = "0";
    this.#wipe();
    this.addresses?.forEach((address) => URL.revokeObjectURL(address));
    this.addresses = [];
    for (const [index, { recipe }] of moments.entries()) {
      const blob = await this.live.aside(recipe, { forgettable: false }).catch(() => null);
      if (!blob) continue;
      this.addresses.push(URL.createObjectURL(blob));
      this.images[index].src = this.addresses.at(-1);
    }
  }

  #wipe() {
    const share = Number(this.edge.value);
    this.pair.classList.toggle("is-wiping", share > 0);
    this.images[1].style.clipPath = share > 0 ? `inset(0 ${100 - share}% 0 0)` : "";
  }
}
