/** One picture of the grid: taken by a click, liked or disliked, and why it is there. */
import { icon } from "../icons.js";
import { make } from "../elements.js";
import { say, word } from "../languages.js";
import { wordOf } from "./learnt.js";
import { onSwipe } from "./swipe.js";

export class Tile {
  /**
   * @param {number} number from 1, up to 9 also its key
   * @param {{take: (tile: Tile) => void, judge: (tile: Tile, kind: string) => void}} on
   * @param {boolean} isParent nobody votes on the work itself
   */
  constructor(number, on, isParent) {
    Object.assign(this, { number, on, child: null, verdict: null });
    this.image = make("img", { alt: "", draggable: "false" });
    this.open = make(
      "button",
      { type: "button", class: "tile-take", onclick: () => this.#take() },
      this.image,
    );
    this.role = make("span", { class: "tile-role" });
    this.element = make("div", { class: "tile" }, this.open, this.role);
    if (!isParent) this.element.append(this.#votes());
    // To the right likes, to the left dislikes.
    this.swiped = onSwipe(this.element, (side) => {
      if (this.child && this.controls) on.judge(this, side > 0 ? "liked" : "disliked");
    });
    this.show(null);
  }

  /** Show `child`, its picture still to come; null empties the tile. */
  show(child, verdict = null) {
    this.child = child;
    this.mark(verdict);
    this.element.dataset.role = child?.role ?? "";
    this.element.classList.remove("is-drawn");
    this.open.disabled = !child;
    this.describe();
  }

  /** Show the picture at `address`. */
  draw(address) {
    this.image.src = address;
    this.element.classList.add("is-drawn");
  }

  /** Mark it `liked`, `disliked` or neither. */
  mark(verdict) {
    this.verdict = verdict;
    this.element.dataset.verdict = verdict ?? "";
    for (const [kind, control] of Object.entries(this.controls ?? {})) {
      control.setAttribute("aria-pressed", String(kind === verdict));
    }
  }

  /** Its words, in the language of the reader. */
  describe() {
    const role = this.child?.role;
    this.role.textContent = role ? say(`ui.role.${role}`) : "";
    const changes = (this.child?.changes ?? []).map(([property, amount]) =>
      wordOf({ property, amount }),
    );
    const told = [this.role.textContent, ...changes].filter(Boolean);
    const params = { number: this.number, role: told.join(say("ui.direction.comma")) };
    this.open.title = changes.join(say("ui.direction.comma"));
    this.open.setAttribute("aria-label", say("ui.refine.tile", params));
    if (role) this.open.dataset.hint = `ui.role.${role}.hint`;
  }

  #take() {
    if (this.child && !this.swiped()) this.on.take(this);
  }

  #votes() {
    const vote = (name, kind) => {
      const act = () => this.child && this.on.judge(this, kind);
      const control = make(
        "button",
        { type: "button", class: "quiet bare", "data-act": name, onclick: act },
        icon(name),
      );
      return word(control, { name: `ui.${name}`, hint: `ui.${name}.hint` });
    };
    this.controls = { liked: vote("like", "liked"), disliked: vote("dislike", "disliked") };
    return make("div", { class: "tile-votes" }, ...Object.values(this.controls));
  }
}
