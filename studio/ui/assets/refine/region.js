/**
 * A region that children keep, painted over the picture. In recipes it is a patch: a
 * mask, and the parent to show where it is bright. A child of a child inherits the
 * patch, so what was kept once is kept from the same work through the generations.
 */
import { button } from "../elements.js";
import { prefer, preference } from "../preferences.js";
import { Brush, TOUCH, read, written } from "./brush.js";

const MOST_PATCHES = 8;
const REMEMBERED = 24;

export class Region {
  /** @param {import("../desk.js").Desk} desk @param {() => void} onChange */
  constructor(desk, onChange) {
    Object.assign(this, { desk, onChange, on: false, mask: null });
    this.brush = new Brush(desk, (mask, final) => final && this.#painted(mask));
    this.control = button("region", () => this.#toggle(), { icon: "brush" });
    this.control.setAttribute("aria-pressed", "false");
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
    if (this.on) {
      this.brush.open();
      return this.desk.status.tell("ui.region.paint");
    }
    this.brush.close();
    const had = this.mask !== null;
    this.mask = null;
    return had && this.onChange();
  }

  #painted(mask) {
    this.mask = mask;
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
