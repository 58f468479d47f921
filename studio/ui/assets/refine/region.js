/**
 * A region that children keep, painted over the picture. In recipes it is a patch: a
 * mask, and the parent to show where it is bright. A child of a child inherits the
 * patch, so what was kept once is kept from the same work through the generations.
 */
import { button, make } from "../elements.js";
import { prefer, preference } from "../preferences.js";

/** Cells of the mask on its longer side; the latents have fewer. */
const CELLS = 32;
/** The brush, as a share of the picture's width. */
const BRUSH = 0.09;
/** Cells that are less painted than this in all are a touch by mistake (0 to 255). */
const TOUCH = 255;
const MOST_PATCHES = 8;
const REMEMBERED = 24;

export class Region {
  /** @param {import("../desk.js").Desk} desk @param {() => void} onChange */
  constructor(desk, onChange) {
    Object.assign(this, { desk, onChange, on: false, mask: null });
    this.canvas = make("canvas", { class: "region", hidden: true });
    desk.room.querySelector(".frame").append(this.canvas);
    this.control = button("region", () => this.#toggle(), { icon: "brush" });
    this.control.setAttribute("aria-pressed", "false");
    this.#listen();
  }

  /**
   * `child` with what is painted kept from `parent`; without a region, free of those
   * that were kept before.
   */
  keep(child, parent) {
    if (!this.mask) return freed(child);
    const patches = child.patches ?? [];
    const fresh = without(this.mask, patches.map((patch) => patch.mask));
    const { patches: _, size: __, ...recipe } = parent;
    if (!fresh || patches.length >= MOST_PATCHES) return child;
    remember(fresh.data);
    return { ...child, patches: [...patches, { mask: fresh, recipe }] };
  }

  #toggle() {
    this.on = !this.on;
    this.control.setAttribute("aria-pressed", String(this.on));
    this.canvas.hidden = !this.on;
    if (this.on) return this.#clear();
    const had = this.mask !== null;
    this.mask = null;
    return had && this.onChange();
  }

  #clear() {
    const [height, width] = this.desk.store.card.resolution;
    const scale = CELLS / Math.max(height, width);
    this.canvas.width = Math.max(1, Math.round(width * scale));
    this.canvas.height = Math.max(1, Math.round(height * scale));
    this.desk.status.tell("ui.region.paint");
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
      if (event.buttons && canvas.hasPointerCapture(event.pointerId)) this.#paint(event);
    });
    canvas.addEventListener("pointerup", () => this.#read());
  }

  /** A line from where the brush was; with Shift or the other button it rubs out. */
  #paint(event) {
    const box = this.canvas.getBoundingClientRect();
    const { width, height } = this.canvas;
    const at = [
      ((event.clientX - box.left) / box.width) * width,
      ((event.clientY - box.top) / box.height) * height,
    ];
    const pen = this.canvas.getContext("2d");
    pen.globalCompositeOperation =
      event.shiftKey || event.buttons & 2 ? "destination-out" : "source-over";
    pen.strokeStyle = "rgb(220 168 102)";
    pen.lineWidth = BRUSH * 2 * width;
    pen.lineCap = "round";
    pen.beginPath();
    pen.moveTo(...(this.last ?? at));
    pen.lineTo(...at);
    pen.stroke();
    this.last = at;
  }

  #read() {
    const { width, height } = this.canvas;
    const { data } = this.canvas.getContext("2d").getImageData(0, 0, width, height);
    const cells = Uint8Array.from({ length: width * height }, (_, at) => data[4 * at + 3]);
    const painted = cells.reduce((sum, cell) => sum + cell, 0) > TOUCH;
    this.mask = painted ? { h: height, w: width, data: written(cells) } : null;
    this.onChange();
  }
}

/** What of `mask` none of `others` has already; null where that is hardly anything. */
function without(mask, others) {
  const cells = read(mask);
  for (const other of others) {
    if (other.h !== mask.h || other.w !== mask.w) continue;
    const taken = read(other);
    cells.forEach((cell, at) => {
      cells[at] = Math.max(0, cell - taken[at]);
    });
  }
  const left = cells.reduce((sum, cell) => sum + cell, 0);
  return left > TOUCH ? { ...mask, data: written(cells) } : null;
}

/** `recipe` without patches that a region made; collages and grafts stay. */
function freed(recipe) {
  const made = preference("refine:regions", []);
  const { patches = [], ...rest } = recipe;
  const kept = patches.filter(({ mask }) => !made.includes(mask.data));
  return kept.length ? { ...rest, patches: kept } : rest;
}

function remember(data) {
  const others = preference("refine:regions", []).filter((other) => other !== data);
  prefer("refine:regions", [...others, data].slice(-REMEMBERED));
}

function read({ data }) {
  return Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
}

function written(cells) {
  return btoa(String.fromCharCode(...cells));
}
