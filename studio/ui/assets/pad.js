/**
 * The pad: a map of neighbouring seeds. The seed lies in the middle, the next ones
 * beside it, seeds a thousand further above and below; in between they blend. The
 * picture itself can be dragged across the same map.
 */
import { make } from "./elements.js";
import { say, word, languages } from "./languages.js";
import { ROW, latticePlace, latticeSource, neighbour } from "./recipe.js";
import { withRecipe } from "./store.js";

/** How far the pad reaches from its middle, in cells. */
const REACH = 1.5;
/** Cells that a drag over the whole picture crosses. */
const ACROSS_PICTURE = 1.6;
const KEY_STEP = 0.1;
/** The neighbours are drawn again when nothing has changed for this long (ms). */
const REST = 400;

export class Pad {
  /**
   * @param {import("./store.js").Store} store
   * @param {import("./live.js").Live} live
   * @param {{pad: HTMLElement, frame: HTMLElement}} places
   */
  constructor(store, live, places) {
    this.store = store;
    this.live = live;
    this.place = { seed: 0, x: 0, y: 0 };
    this.mapped = "";
    places.pad.append(this.#build());
    this.#listen(this.element, () => 2 * REACH, true);
    this.#listen(places.frame, () => -ACROSS_PICTURE, false);
    store.addEventListener("change", (event) => this.#follow(event.detail.how));
    languages.addEventListener("language", () => this.#paint());
    new IntersectionObserver(() => this.#mapSoon()).observe(this.element);
  }

  /** Move to `x`, `y` cells from the seed in the middle. */
  go(x, y, final, how = "pad") {
    this.place = { ...this.place, x, y };
    const source = latticeSource(this.place.seed, x, y);
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
    this.element.addEventListener("dblclick", () => this.go(0, 0, true));
    return word(this.element, { name: "ui.pad", hint: "ui.pad.hint" });
  }

  /** Follow a drag on `surface`; `span()` cells lie across its width. */
  #listen(surface, span, jumps) {
    let start = null;
    const grasp = () => {
      this.store.touch();
      this.#settlePlace();
      Object.assign(start, { moved: true, ...this.#xy() });
    };
    surface.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !this.store.work) return;
      const box = surface.getBoundingClientRect();
      start = { x: event.clientX, y: event.clientY, box, moved: false };
      if (jumps) {
        grasp();
        this.#jump(event, box);
        Object.assign(start, this.#xy());
      }
      surface.setPointerCapture(event.pointerId);
    });
    surface.addEventListener("pointermove", (event) => {
      if (!start) return;
      const [dx, dy] = [event.clientX - start.x, event.clientY - start.y];
      // A click, or two for fullscreen, lets the dream go on.
      if (!start.moved && Math.hypot(dx, dy) <= 4) return;
      if (!start.moved) grasp();
      surface.classList.add("is-dragging");
      const scale = span() / start.box.width;
      this.#move(start.px + dx * scale, start.py + dy * scale, jumps, false);
    });
    const end = () => {
      if (start?.moved) this.#move(this.place.x, this.place.y, jumps, true);
      start = null;
      surface.classList.remove("is-dragging");
    };
    surface.addEventListener("pointerup", end);
    surface.addEventListener("pointercancel", end);
  }

  #xy() {
    return { px: this.place.x, py: this.place.y };
  }

  #jump(event, box) {
    const cell = (2 * REACH) / box.width;
    const x = (event.clientX - box.left - box.width / 2) * cell;
    const y = (event.clientY - box.top - box.height / 2) * cell;
    this.#move(x, y, true, false);
  }

  #move(x, y, within, final) {
    const edge = REACH - 0.02;
    const hold = (value) => (within ? Math.max(-edge, Math.min(edge, value)) : value);
    this.go(hold(x), hold(y), final, within ? "pad" : "drag");
    if (final && !within) this.#recentre();
  }

  /** After a long drag across the picture the nearest seed is the new middle. */
  #recentre() {
    const { seed, x, y } = this.place;
    const [column, row] = [Math.round(x), Math.round(y)];
    if (!column && !row) return;
    const middle = neighbour(seed, column + row * ROW);
    this.place = { seed: middle, x: x - column, y: y - row };
    this.#paint();
    this.#mapSoon();
  }

  /** Stand where the work is, unless the pad itself put it there. */
  #settlePlace() {
    const place = latticePlace(this.store.recipe.source);
    if (!place) return;
    const here = latticeSource(this.place.seed, this.place.x, this.place.y);
    const same = JSON.stringify(here) === JSON.stringify(this.store.recipe.source);
    if (!same) this.place = place;
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
    else this.go(0, 0, true);
  }

  #paint() {
    const { seed, x, y } = this.place;
    const share = (value) => `${50 + (50 * value) / REACH}%`;
    this.dot.style.left = share(x);
    this.dot.style.top = share(y);
    const params = { seed, x: x.toFixed(2), y: y.toFixed(2) };
    this.element.setAttribute("aria-valuenow", x.toFixed(2));
    this.element.setAttribute("aria-valuemin", String(-REACH));
    this.element.setAttribute("aria-valuemax", String(REACH));
    this.element.setAttribute("aria-valuetext", say("ui.pad.value", params));
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
    const { source: _, ...rest } = recipe;
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
