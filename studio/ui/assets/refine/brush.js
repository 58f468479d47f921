/**
 * A brush over the picture on the easel: what is painted becomes a mask of a recipe,
 * a grey byte a cell. With Shift or the other button it rubs out.
 */
import { button, make } from "../elements.js";
import { styled } from "./files.js";

/** Cells of the mask on its longer side; the latents have fewer. */
const CELLS = 32;
/** The brush, as a share of the picture's width. */
const BRUSH = 0.09;
/** Cells that are less painted than this in all are a touch by mistake (0 to 255). */
export const TOUCH = 255;

export class Brush {
  /**
   * @param {import("../desk.js").Desk} desk
   * @param {(mask: {h: number, w: number, data: string} | null, final: boolean) => void}
   *   onPaint null where nothing is painted; `final` when the hand lifts
   */
  constructor(desk, onPaint) {
    Object.assign(this, { desk, onPaint, last: null });
    styled("refine.css");
    /** For fingers, which have no Shift; in sight while the mask is. */
    this.eraser = button("rub", () => this.#rub(!this.rubbing), { icon: "eraser" });
    this.#rub(false);
    this.eraser.hidden = true;
    this.canvas = make("canvas", { class: "region", hidden: true });
    desk.room.querySelector(".frame").append(this.canvas);
    this.#listen();
  }

  /** Lay an empty mask over the picture. */
  open() {
    const [height, width] = this.desk.store.card.resolution;
    const scale = CELLS / Math.max(height, width);
    this.canvas.width = Math.max(1, Math.round(width * scale));
    this.canvas.height = Math.max(1, Math.round(height * scale));
    this.canvas.hidden = false;
    this.eraser.hidden = false;
    this.#rub(false);
  }

  close() {
    this.canvas.hidden = true;
    this.eraser.hidden = true;
  }

  #rub(on) {
    this.rubbing = on;
    this.eraser.setAttribute("aria-pressed", String(on));
  }

  #listen() {
    const { canvas } = this;
    // The picture below is dragged and doubly clicked for other things.
    for (const type of ["pointerdown", "dblclick"]) {
      canvas.addEventListener(type, (event) => event.stopPropagation());
    }
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.desk.hold();
      this.last = null;
      this.#paint(event);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!event.buttons || !canvas.hasPointerCapture(event.pointerId)) return;
      this.#paint(event);
      this.onPaint(this.mask, false);
    });
    canvas.addEventListener("pointerup", () => this.onPaint(this.mask, true));
  }

  /** A line from where the brush was. */
  #paint(event) {
    const box = this.canvas.getBoundingClientRect();
    const { width, height } = this.canvas;
    const at = [
      ((event.clientX - box.left) / box.width) * width,
      ((event.clientY - box.top) / box.height) * height,
    ];
    const pen = this.canvas.getContext("2d", { willReadFrequently: true });
    pen.globalCompositeOperation =
      this.rubbing || event.shiftKey || event.buttons & 2 ? "destination-out" : "source-over";
    pen.strokeStyle = "rgb(220 168 102)";
    pen.lineWidth = BRUSH * 2 * width;
    pen.lineCap = "round";
    pen.beginPath();
    pen.moveTo(...(this.last ?? at));
    pen.lineTo(...at);
    pen.stroke();
    this.last = at;
  }

  get mask() {
    const { width, height } = this.canvas;
    const pen = this.canvas.getContext("2d", { willReadFrequently: true });
    const { data } = pen.getImageData(0, 0, width, height);
    const cells = Uint8Array.from({ length: width * height }, (_, at) => data[4 * at + 3]);
    const painted = cells.reduce((sum, cell) => sum + cell, 0) > TOUCH;
    return painted ? { h: height, w: width, data: written(cells) } : null;
  }
}

/** The cells of a mask. */
export function read({ data }) {
  return Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
}

/** Cells as a mask has them. */
export function written(cells) {
  return btoa(String.fromCharCode(...cells));
}
