/** One picture of the sixty-four: a click picks it, a cross or a swipe rejects it. */
import { button, make } from "../elements.js";
import { say } from "../languages.js";
import { onSwipe } from "./swipe.js";

export class FindTile {
  /**
   * @param {import("./pile.js").Find} find
   * @param {{judge: (tile: FindTile, verdict: string) => void,
   *   look: (tile: FindTile) => void, open: (tile: FindTile) => boolean}} on `open`
   *   shows it large, where it is not yet
   */
  constructor(find, on) {
    Object.assign(this, { find, on });
    this.image = make("img", { alt: "", draggable: "false" });
    const act = () => swiped() || on.open(this) || on.judge(this, "picked");
    this.open = make("button", { type: "button", class: "find-open", onclick: act }, this.image);
    this.open.dataset.number = find.number;
    const reject = () => on.judge(this, "rejected");
    this.reject = button("reject", reject, { icon: "close", bare: true, class: "find-reject" });
    this.reject.tabIndex = -1; // X does it for a keyboard, and the way is shorter
    this.element = make("div", { class: "find" }, this.open, this.reject);
    this.element.addEventListener("pointerenter", () => on.look(this));
    this.open.addEventListener("focus", () => on.look(this));
    const swiped = onSwipe(this.element, (side) => on.judge(this, side > 0 ? "picked" : "rejected"));
    this.draw();
    this.mark();
  }

  /** Show its picture, where it has come. */
  draw() {
    const { address } = this.find;
    this.element.classList.toggle("is-drawn", Boolean(address));
    if (address) this.image.src = address;
  }

  /** Show what was decided about it. */
  mark() {
    const { verdict, number } = this.find;
    this.element.dataset.verdict = verdict ?? "";
    this.open.setAttribute("aria-pressed", String(verdict === "picked"));
    const state = say(`ui.cull.is.${verdict ?? "undecided"}`);
    this.open.setAttribute("aria-label", say("ui.cull.tile", { number, state }));
  }
}
