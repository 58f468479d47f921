/** Works on a map: from familiar to novel, from strange to plausible. A click opens one. */
import { make } from "../elements.js";
import { say, word } from "../languages.js";
import { percent, told } from "./creativity.js";

/** The corners, by number and end. */
const ENDS = {
  plausible: ["plausibility", 1],
  strange: ["plausibility", 0],
  familiar: ["novelty", 0],
  novel: ["novelty", 1],
};
/** The least that an axis spans, and its marks. */
const SPAN = 0.2;
const MARK = 0.05;

export class WorksMap {
  /**
   * @typedef {import("./pile.js").Find} Find
   * @param {{look: (find: Find) => void, bring: (find: Find) => void}} on
   */
  constructor(on) {
    Object.assign(this, { on, dots: new Map(), axes: {} });
    this.field = word(make("div", { class: "map-field", role: "group" }), {
      name: "ui.creativity.map",
    });
    this.ends = Object.keys(ENDS).map((name) => make("span", { class: `map-${name}` }));
    this.element = make("div", { class: "map", hidden: true }, this.field, ...this.ends);
  }

  /** Take `finds`, which appear as they are measured. */
  hang(finds) {
    this.dots = new Map(finds.map((find) => [find, this.#dot(find)]));
    this.field.replaceChildren();
    this.describe();
  }

  /** Show what has become of a find: measured, drawn, decided. */
  show(find) {
    const dot = this.dots.get(find);
    if (!dot || !find.standing) return;
    dot.style.setProperty("--x", this.#along("novelty", find));
    dot.style.setProperty("--y", this.#along("plausibility", find));
    dot.classList.toggle("is-copy", find.standing.copy);
    dot.dataset.verdict = find.verdict ?? "";
    if (find.address) dot.firstChild.src = find.address;
    dot.classList.toggle("is-drawn", Boolean(find.address));
    dot.setAttribute("aria-label", `${find.number}: ${told(find.standing)}`);
    if (!dot.isConnected) this.field.append(dot);
  }

  /** Draw all of it anew: the axes span what these works are, and say so. */
  describe() {
    for (const name of ["novelty", "plausibility"]) this.axes[name] = this.#axis(name);
    Object.entries(ENDS).forEach(([end, [name, at]], index) => {
      const share = percent(this.axes[name][at]);
      this.ends[index].textContent = `${say(`ui.creativity.${end}`)} ${share}`;
    });
    for (const find of this.dots.keys()) this.show(find);
  }

  #axis(name) {
    const values = [...this.dots.keys()].flatMap(({ standing }) => standing?.[name] ?? []);
    if (!values.length) return [0, 1];
    const low = MARK * Math.floor(Math.min(...values) / MARK);
    const high = Math.min(1, MARK * Math.ceil(Math.max(...values, low + SPAN) / MARK));
    return [Math.min(low, high - SPAN), high];
  }

  #along(name, { standing }) {
    const [low, high] = this.axes[name];
    return (standing[name] - low) / (high - low);
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
