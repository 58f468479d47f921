/** Curves that mean something, each on a line of its own with its newest value. */
import { make } from "../elements.js";
import { word } from "../languages.js";

const NAMES = ["rebuilt", "loss", "gap", "held_out_gap", "distance"];
const MOST = 3;
const HEIGHT = 44;

export class Curves {
  constructor() {
    this.element = make("div", { class: "curves" });
    this.rows = new Map();
  }

  /** Draw the newest three of those that there are. */
  show(curves = {}) {
    const names = NAMES.filter((name) => curves[name]?.length > 1).slice(-MOST);
    if (names.join() !== [...this.rows.keys()].join()) this.#lay(names);
    for (const name of names) this.#draw(name, curves[name]);
  }

  #lay(names) {
    this.rows.clear();
    for (const name of names) {
      const title = word(make("span"), { text: `ui.train.curve.${name}` });
      const value = make("span", { class: "curve-value" });
      const canvas = make("canvas", { height: String(HEIGHT), role: "img" });
      word(canvas, { name: `ui.train.curve.${name}` });
      const head = make("div", { class: "curve-head" }, title, value);
      const row = make("div", { class: "curve" }, head, canvas);
      word(row, { hint: `ui.train.curve.${name}.hint` });
      this.rows.set(name, { row, value, canvas });
    }
    this.element.replaceChildren(...[...this.rows.values()].map(({ row }) => row));
  }

  #draw(name, points) {
    const { value, canvas } = this.rows.get(name);
    const newest = points.at(-1)[1];
    value.textContent = figure(newest);
    const wide = canvas.clientWidth || 260;
    const scale = devicePixelRatio || 1;
    canvas.width = wide * scale;
    canvas.height = HEIGHT * scale;
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    const places = spread(points, wide);
    const style = getComputedStyle(canvas);
    pen.strokeStyle = style.getPropertyValue("--lamp");
    pen.lineWidth = 1.5;
    pen.lineJoin = "round";
    pen.beginPath();
    for (const [x, y] of places) pen.lineTo(x, y);
    pen.stroke();
    pen.fillStyle = pen.strokeStyle;
    pen.beginPath();
    pen.arc(...places.at(-1), 2.5, 0, 7);
    pen.fill();
  }
}

/** A number as it is read: no long tail, no minus before nothing. */
function figure(value) {
  const told = value.toFixed(Math.abs(value) >= 100 ? 0 : 2);
  return told.replace("-", Number(told) ? "\u2212" : "");
}

/** Points as places on a canvas, a little away from its edges. */
function spread(points, wide) {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  const across = (x) => 2 + ((x - left) / (right - left || 1)) * (wide - 8);
  const up = (y) => HEIGHT - 5 - ((y - low) / (high - low || 1)) * (HEIGHT - 10);
  return points.map(([x, y]) => [across(x), up(y)]);
}
