/** A piece of a collage: a picture that is moved, scaled, turned, and rubbed away. */
import { make } from "../elements.js";

/** Pixels of a piece's longer side that are kept. */
const MOST_SIDE = 640;
/** Of a piece's shorter side, over which it fades at its edges. */
const SOFT = 0.12;
/** The same where it was cut out, in steps of a stroke each. */
const CUT_SOFT = 0.1;
const CUT_STEPS = 6;
export const LEAST = 0.08;
export const MOST = 3;

export class Piece {
  /** @param {ImageBitmap} bitmap @param {{x: number, y: number, size: number}} at */
  constructor(bitmap, at) {
    const scale = Math.min(1, MOST_SIDE / Math.max(bitmap.width, bitmap.height));
    const [width, height] = [bitmap.width, bitmap.height].map((side) =>
      Math.max(1, Math.round(side * scale)),
    );
    this.canvas = make("canvas", { width, height });
    this.canvas.getContext("2d").drawImage(bitmap, 0, 0, width, height);
    soften(this.canvas);
    /** Centre and longer side in widths of the board, and a turn in radians. */
    Object.assign(this, { angle: 0, ...at });
  }

  /** Its sides in widths of the board. */
  get sides() {
    const { width, height } = this.canvas;
    const longer = Math.max(width, height);
    return [(this.size * width) / longer, (this.size * height) / longer];
  }

  /** Draw it on a board `across` pixels wide. */
  draw(pen, across) {
    const [width, height] = this.sides.map((side) => side * across);
    pen.save();
    pen.translate(this.x * across, this.y * across);
    pen.rotate(this.angle);
    pen.drawImage(this.canvas, -width / 2, -height / 2, width, height);
    pen.restore();
  }

  /** Draw its edge. */
  outline(pen, across) {
    const [width, height] = this.sides.map((side) => side * across);
    pen.save();
    pen.translate(this.x * across, this.y * across);
    pen.rotate(this.angle);
    pen.strokeRect(-width / 2, -height / 2, width, height);
    pen.restore();
  }

  /** Where a point of the board lies on the piece, 0 to 1 each way inside it. */
  locate([x, y]) {
    const [cos, sin] = [Math.cos(-this.angle), Math.sin(-this.angle)];
    const [dx, dy] = [x - this.x, y - this.y];
    const [width, height] = this.sides;
    return [(dx * cos - dy * sin) / width + 0.5, (dx * sin + dy * cos) / height + 0.5];
  }

  holds(point) {
    return this.locate(point).every((at) => at >= 0 && at <= 1);
  }

  /** The same again: pixels are shared until one of the two is changed. */
  copy() {
    this.shared = true;
    return Object.assign(Object.create(Piece.prototype), this);
  }

  /** Keep what a line of the board goes around. */
  cut(points) {
    const { width, height } = this.canvas;
    const path = points.map((point) =>
      this.locate(point).map((share, axis) => share * [width, height][axis]),
    );
    const bounds = boundsOf(path, [width, height]);
    if (!bounds) return;
    const [left, top, wide, high] = bounds;
    const canvas = make("canvas", { width: wide, height: high });
    canvas.getContext("2d").drawImage(this.canvas, -left, -top);
    cutOut(canvas, path.map(([x, y]) => [x - left, y - top]));
    const scale = this.size / Math.max(width, height);
    const [dx, dy] = [left + wide / 2 - width / 2, top + high / 2 - height / 2];
    const [cos, sin] = [Math.cos(this.angle), Math.sin(this.angle)];
    this.x += scale * (dx * cos - dy * sin);
    this.y += scale * (dx * sin + dy * cos);
    Object.assign(this, { canvas, shared: false, size: scale * Math.max(wide, high) });
  }

  /** Rub away a stroke of the board, `wide` in widths of the board. */
  rub(from, to, wide) {
    if (!meets(this, from, to, wide)) return;
    if (this.shared) Object.assign(this, { canvas: again(this.canvas), shared: false });
    const pen = this.canvas.getContext("2d");
    const { width, height } = this.canvas;
    const at = (point) => this.locate(point).map((share, axis) => share * [width, height][axis]);
    pen.globalCompositeOperation = "destination-out";
    pen.lineWidth = (wide * Math.max(width, height)) / this.size;
    pen.lineCap = "round";
    pen.beginPath();
    pen.moveTo(...at(from));
    pen.lineTo(...at(to));
    pen.stroke();
  }

  /** Make it larger or smaller, within reason. */
  scale(by) {
    // what was cut out may be smaller, and is not made larger by making it smaller
    this.size = Math.max(Math.min(LEAST, this.size), Math.min(MOST, this.size * by));
  }

  /** Move it; its middle stays on the board, `tall` widths high. */
  move(dx, dy, tall) {
    this.x = within(this.x + dx, this.x, 1);
    this.y = within(this.y + dy, this.y, tall);
  }
}

/** Let a piece fade at its edges, so that it meets others and the dream without a seam. */
function soften(canvas) {
  const { width, height } = canvas;
  const wide = SOFT * Math.min(width, height);
  const pen = canvas.getContext("2d");
  pen.globalCompositeOperation = "destination-out";
  for (const [x, y, dx, dy] of [
    [0, 0, wide, 0],
    [width, 0, -wide, 0],
    [0, 0, 0, wide],
    [0, height, 0, -wide],
  ]) {
    const fade = pen.createLinearGradient(x, y, x + dx, y + dy);
    fade.addColorStop(0, "#000");
    fade.addColorStop(1, "#0000");
    pen.fillStyle = fade;
    pen.fillRect(0, 0, width, height);
  }
}

/** A place from 0 to `most`, unless it was outside already and comes no further out. */
function within(place, before, most) {
  return Math.max(Math.min(0, before), Math.min(Math.max(most, before), place));
}

/** Whether a stroke of the board may touch a piece. */
function meets(piece, from, to, wide) {
  const ends = [piece.locate(from), piece.locate(to)];
  return piece.sides.every((side, axis) => {
    const [low, high] = ends.map((end) => end[axis]).sort((a, b) => a - b);
    return low < 1 + wide / side && high > -wide / side;
  });
}

/** The same pixels on a canvas of their own. */
function again(canvas) {
  const { width, height } = canvas;
  const other = make("canvas", { width, height });
  other.getContext("2d").drawImage(canvas, 0, 0);
  return other;
}

/** The part of a picture that a line goes around: left, top, width, height in pixels. */
function boundsOf(path, sides) {
  const [[left, right], [top, bottom]] = sides.map((side, axis) => {
    const all = path.map((point) => Math.max(0, Math.min(side, point[axis])));
    return [Math.floor(Math.min(...all)), Math.ceil(Math.max(...all))];
  });
  return right - left < 2 || bottom - top < 2 ? null : [left, top, right - left, bottom - top];
}

/** Keep what lies inside a line, fading towards it. */
function cutOut(canvas, path) {
  const pen = canvas.getContext("2d");
  pen.beginPath();
  for (const point of path) pen.lineTo(...point);
  pen.closePath();
  pen.globalCompositeOperation = "destination-in";
  pen.fill();
  pen.globalCompositeOperation = "destination-out";
  pen.lineJoin = "round";
  const most = 2 * CUT_SOFT * Math.min(canvas.width, canvas.height);
  // The widest first; each takes its share of what is left, and the last one all.
  for (let step = CUT_STEPS; step >= 1; step -= 1) {
    pen.strokeStyle = `rgb(0 0 0 / ${100 / step}%)`;
    pen.lineWidth = (most * step) / CUT_STEPS;
    pen.stroke();
  }
}
