/** Works on a map: from familiar to novel, from strange to plausible. A click opens one. */
import { make } from "../elements.js";
import { say, word } from "../languages.js";
import { percent, told } from "./creativity.js";

export class WorksMap {
  /**
   * @typedef {import("./pile.js").Find} Find
   * @param {{look: (find: Find) => void, bring: (find: Find) => void}} on
   */
  constructor(on) {
    Object.assign(this, { on, dots: new Map() });
    this.field = word(make("div", { class: "map-field", role: "group" }), {
      name: "ui.creativity.map",
    });
    const ends = ["plausible", "strange", "familiar", "novel"].map((name) =>
      word(make("span", { class: `map-${name}` }), { text: `ui.creativity.${name}` }),
    );
    this.element = make("div", { class: "map", hidden: true }, this.field, ...ends);
  }

  /** Take `finds`, which appear as they are measured. */
  hang(finds) {
    this.dots = new Map(finds.map((find) => [find, this.#dot(find)]));
    this.field.replaceChildren();
    finds.forEach((find) => this.place(find));
  }

  /** Put a find where it belongs, or show its picture that has come. */
  place(find) {
    const dot = this.dots.get(find);
    if (!dot || !find.standing) return;
    const { novelty, plausibility, copy } = find.standing;
    dot.style.setProperty("--x", novelty);
    dot.style.setProperty("--y", plausibility);
    dot.classList.toggle("is-copy", copy);
    dot.dataset.verdict = find.verdict ?? "";
    if (find.address) dot.firstChild.src = find.address;
    dot.classList.toggle("is-drawn", Boolean(find.address));
    dot.setAttribute("aria-label", `${find.number}: ${told(find.standing)}`);
    if (!dot.isConnected) this.field.append(dot);
  }

  describe() {
    for (const find of this.dots.keys()) this.place(find);
  }

  #dot(find) {
    const image = make("img", { alt: "", draggable: "false" });
    const look = () => this.on.look(find);
    const act = { onclick: () => this.on.bring(find), onpointerenter: look, onfocus: look };
    return make("button", { type: "button", class: "map-dot", ...act }, image);
  }
}

/** Where a work stands, as two lines from 0 to 100. */
export function scales({ novelty, plausibility }) {
  return [
    scale("novelty", percent(novelty), "familiar", "novel"),
    scale("plausibility", percent(plausibility), "strange", "plausible"),
  ];
}

function scale(name, share, ...ends) {
  const label = say(`ui.creativity.${name}.scale`, { share });
  const track = make("span", { class: "gauge", style: `--share:${share}%` });
  const [from, to] = ends.map((end) => make("span", {}, say(`ui.creativity.${end}`)));
  const shape = { class: "near-scale", role: "img", "aria-label": label };
  return make("div", shape, from, track, to);
}
