/**
 * The pad: a map of neighbouring seeds. The seed lies in the middle, the next ones
 * beside it, seeds a thousand further above and below; in between they blend. The
 * picture itself can be dragged across the same map.
 */
import { make } from "./elements.js";
import { say, word, languages } from "./languages.js";
import { ROW, between, latticePlace, latticeSource, neighbour, pairsOf, sameSeeds } from "./recipe.js";
import { withRecipe } from "./store.js";

/** How far the pad reaches from its middle, in cells. */
const REACH = 1.5;
/** Cells that a drag over the whole picture crosses. */
const ACROSS_PICTURE = 1.6;
/** Cells over which a work from elsewhere gives way to what lies under the hand. */
const GIVES_WAY = 0.75;
const KEY_STEP = 0.1;
/** The neighbours are drawn again when nothing has changed for this long (ms). */
const REST = 400;

export class Pad {
  /**
   * @param {import("./store.js").Store} store
   * @param {import("./live.js").Live} live
   * @param {{pad: HTMLElement, frame: HTMLElement}} places
   * @param {import("./drift.js").Drift} drift
   */
  constructor(store, live, places, drift) {
    Object.assign(this, { store, live, drift });
    this.place = { seed: 0, x: 0, y: 0 };
    /** Where a work from elsewhere was when the hand came, null for one on the map. */
    this.from = null;
    this.mapped = "";
    places.pad.append(this.#build());
    this.#listen(this.element, () => 2 * REACH, true);
    this.#listen(places.frame, () => -ACROSS_PICTURE, false);
    store.addEventListener("change", (event) => this.#follow(event.detail.how));
    drift.addEventListener("drift", () => this.#follow("let go"));
    languages.addEventListener("language", () => this.#paint());
    new IntersectionObserver(() => this.#mapSoon()).observe(this.element);
  }

  /** Move to `x`, `y` cells from the seed in the middle. */
  go(x, y, final, how = "pad") {
    this.place = { ...this.place, x, y };
    const source = this.#here();
    this.store.edit((work) => withRecipe(work, { source }), how, final);
    this.#paint();
  }

  #build() {
    this.cells = [];
    this.map = make("div", { class: "pad-map", "aria-hidden": "true" });
    for (let index = 0; index < 9; index += 1) {
      const canvas = make("canvas", { width: 64, height: 64 });
      this.cells.push(canvas);
      this.map.append(canvas);
    }
    this.dot = make("span", { class: "pad-dot" });
    this.element = make(
      "div",
      { class: "pad", role: "slider", tabindex: "0", "data-how": "pad" },
      this.map,
      this.dot,
    );
    this.element.addEventListener("keydown", (event) => this.#key(event));
    this.element.addEventListener("dblclick", () => this.#home());
    return word(this.element, { name: "ui.pad", hint: "ui.pad.hint" });
  }

  /** Follow a drag on `surface`; `span()` cells lie across its width. */
  #listen(surface, span, jumps) {
    let start = null;
    const grasp = (event) => {
      this.store.touch();
      this.#settlePlace();
      if (jumps) this.#jump(event, start.box);
      Object.assign(start, { held: true, px: this.place.x, py: this.place.y });
    };
    surface.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !this.store.work) return;
      // A style of its own has no seeds beside it: only the map itself leads away.
      if (!jumps && !pairsOf(this.store.recipe.source)) return;
      const box = surface.getBoundingClientRect();
      start = { x: event.clientX, y: event.clientY, box, held: false, moved: false };
      if (jumps) grasp(event);
      surface.setPointerCapture(event.pointerId);
    });
    surface.addEventListener("pointermove", (event) => {
      if (!start) return;
      const [dx, dy] = [event.clientX - start.x, event.clientY - start.y];
      start.moved ||= Math.hypot(dx, dy) > 4;
      // A click, or two for fullscreen, lets the dream go on.
      if (!start.held && !start.moved) return;
      if (!start.held) grasp(event);
      surface.classList.add("is-dragging");
      const scale = span() / start.box.width;
      this.#move(start.px + dx * scale, start.py + dy * scale, jumps, false);
    });
    const end = (event) => {
      // A click on the map chooses that place; only a drag is on the way to one.
      if (start?.held && !start.moved && event.type === "pointerup") this.from = null;
      if (start?.held) this.#move(this.place.x, this.place.y, jumps, true);
      start = null;
      surface.classList.remove("is-dragging");
    };
    surface.addEventListener("pointerup", end);
    surface.addEventListener("pointercancel", end);
  }

  /** Go where the pad is pressed; a work from elsewhere waits for the drag. */
  #jump(event, box) {
    const cell = (2 * REACH) / box.width;
    const x = (event.clientX - box.left - box.width / 2) * cell;
    const y = (event.clientY - box.top - box.height / 2) * cell;
    if (!this.from) return this.#move(x, y, true, false);
    this.place = { ...this.place, x, y };
    this.#leave();
    return this.#paint();
  }

  /** The middle itself, wherever the work came from. */
  #home() {
    this.from = null;
    this.go(0, 0, true);
  }

  #move(x, y, within, final) {
    const edge = REACH - 0.02;
    const hold = (value) => (within ? Math.max(-edge, Math.min(edge, value)) : value);
    this.go(hold(x), hold(y), final, within ? "pad" : "drag");
    if (final && this.#given() === 1) this.from = null;
    if (final && !within) this.#recentre();
  }

  /** After a long drag across the picture the nearest seed is the new middle. */
  #recentre() {
    const { seed, x, y } = this.place;
    const [column, row] = [Math.round(x), Math.round(y)];
    if (!column && !row) return;
    const middle = neighbour(seed, column + row * ROW);
    this.place = { seed: middle, x: x - column, y: y - row };
    if (this.from) this.from = { ...this.from, x: this.from.x - column, y: this.from.y - row };
    this.#paint();
    this.#mapSoon();
  }

  /** Stand where the work is, unless the pad itself put it there. */
  #settlePlace() {
    const { source } = this.store.recipe;
    const place = latticePlace(source);
    if (!place || sameSeeds(this.#here(), source)) return;
    Object.assign(this, { place, from: null });
    if (!sameSeeds(this.#here(), source)) this.#leave();
  }

  /** A work that lies beside the map is left from here, little by little. */
  #leave() {
    const { x, y } = this.place;
    this.from = { source: this.store.recipe.source, x, y };
  }

  /** How much of a work from elsewhere has given way: 0 to 1, which is the map alone. */
  #given() {
    if (!this.from) return 1;
    const { x, y } = this.from;
    return Math.min(1, Math.hypot(this.place.x - x, this.place.y - y) / GIVES_WAY);
  }

  /** The source at the pad's place. */
  #here() {
    const { seed, x, y } = this.place;
    const map = latticeSource(seed, x, y);
    return this.from ? between(this.from.source, map, this.#given()) : map;
  }

  #follow(how) {
    if (how === "pad" || how === "drag" || how === "drift" || !this.store.work) return;
    this.#settlePlace();
    this.#paint();
    this.#mapSoon();
  }

  #key(event) {
    const steps = {
      ArrowLeft: [-KEY_STEP, 0],
      ArrowRight: [KEY_STEP, 0],
      ArrowUp: [0, -KEY_STEP],
      ArrowDown: [0, KEY_STEP],
    }[event.key];
    if (!this.store.work || (!steps && event.key !== "Home")) return;
    event.preventDefault();
    this.store.touch();
    this.#settlePlace();
    if (steps) this.#move(this.place.x + steps[0], this.place.y + steps[1], true, true);
    else this.#home();
  }

  #paint() {
    const { seed, x, y } = this.place;
    const elsewhere = this.drift.on || this.#given() < 1;
    this.element.classList.toggle("is-elsewhere", elsewhere);
    const share = (value) => `${50 + (50 * value) / REACH}%`;
    this.dot.style.left = share(x);
    this.dot.style.top = share(y);
    const params = { seed, x: x.toFixed(2), y: y.toFixed(2) };
    this.element.setAttribute("aria-valuenow", x.toFixed(2));
    this.element.setAttribute("aria-valuemin", String(-REACH));
    this.element.setAttribute("aria-valuemax", String(REACH));
    const words = say(elsewhere ? "ui.pad.elsewhere" : "ui.pad.value", params);
    this.element.setAttribute("aria-valuetext", words);
  }

  /** The map waits for the hand to rest: the picture comes first. */
  #mapSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#map(), REST);
  }

  /** Draw the nine neighbours, small, when they are in sight and time allows. */
  async #map() {
    const recipe = this.store.recipe;
    if (!recipe || this.element.offsetParent === null) return;
    const { source: _, residual: __, ...rest } = recipe;
    const wanted = JSON.stringify([this.place.seed, rest]);
    if (wanted === this.mapped) return;
    this.mapped = wanted;
    this.live.forgetAsides();
    const order = [4, 5, 3, 1, 7, 2, 0, 8, 6];
    for (const index of order) {
      const [column, row] = [(index % 3) - 1, Math.floor(index / 3) - 1];
      const seed = neighbour(this.place.seed, column + row * ROW);
      const blob = await this.live
        .aside({ ...rest, source: { seed } })
        .catch(() => null);
      if (!blob || this.mapped !== wanted) return;
      await drawSmall(this.cells[index], blob);
    }
  }
}

async function drawSmall(canvas, blob) {
  const bitmap = await createImageBitmap(blob);
  const context = canvas.getContext("2d", { alpha: false });
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
}
