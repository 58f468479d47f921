/** The wall of sixty-four: a cursor that arrows move, and keys that decide. */
import { make } from "../elements.js";
import { word } from "../languages.js";
import { FindTile } from "./find.js";

const STEPS = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };
const VERDICTS = { p: "picked", x: "rejected" };

export class Wall {
  /**
   * @typedef {import("./pile.js").Find} Find
   * @param {{shows: (find: Find) => boolean, look: (find: Find) => void,
   *   judge: (find: Find, verdict: string) => void, bring: (find: Find) => void,
   *   open: (find: Find) => boolean}} on
   */
  constructor(on) {
    Object.assign(this, { on, tiles: [] });
    this.element = word(make("div", { class: "cull-wall", role: "group" }), {
      name: "ui.cull.wall",
    });
  }

  /** Hang `finds`, their pictures still to come. */
  hang(finds) {
    this.tiles = finds.map(
      (find) =>
        new FindTile(find, {
          judge: (tile, verdict) => this.on.judge(tile.find, verdict),
          look: (tile) => this.on.look(tile.find),
          open: (tile) => this.on.open(tile.find),
        }),
    );
    this.element.replaceChildren(...this.tiles.map((tile) => tile.element));
    this.arrange();
  }

  /** Show the picture of `find`. */
  draw(find) {
    this.tiles[find.number - 1]?.draw();
  }

  /** Show only what is to be shown, and what was decided. */
  arrange() {
    const at = this.#at;
    for (const tile of this.tiles) {
      tile.mark();
      tile.element.hidden = !this.on.shows(tile.find);
    }
    // What had the cursor may have gone: the next one has it.
    if (at >= 0 && this.#focused?.element.hidden !== false) this.focus(at);
  }

  /** Take nothing while others are on their way. */
  rest(waiting) {
    this.element.inert = waiting;
    this.element.classList.toggle("is-waiting", waiting);
  }

  describe() {
    this.tiles.forEach((tile) => tile.mark());
  }

  /** Put the cursor on the tile number `at` of those in sight. */
  focus(at) {
    const shown = this.#shown;
    const index = Math.max(0, Math.min(shown.length - 1, at));
    shown[index]?.open.focus({ preventScroll: false });
  }

  /** The find that follows `find` among those in sight by `step`, or none. */
  beside(find, step) {
    const shown = this.#shown.map((tile) => tile.find);
    return shown[shown.indexOf(find) + step] ?? null;
  }

  /** Move or decide. @returns {boolean} whether `key` means something here */
  key(key) {
    if (this.element.inert) return false;
    const verdict = VERDICTS[key.toLowerCase()];
    if (verdict) this.#decide(verdict);
    else if (key in STEPS) this.focus(this.#at + STEPS[key]);
    else if (key === "ArrowDown") this.focus(this.#at + this.#columns);
    else if (key === "ArrowUp") this.#up();
    else if (key === "Enter" && this.#focused) this.on.bring(this.#focused.find);
    else return false;
    return true;
  }

  #up() {
    if (this.#at >= this.#columns) this.focus(this.#at - this.#columns);
  }

  #decide(verdict) {
    const tile = this.#focused;
    if (!tile) return this.focus(0);
    const at = this.#at;
    const taken = tile.find.verdict === verdict;
    this.on.judge(tile.find, verdict);
    // What has left the wall made the next one move up to its place.
    return this.focus(tile.element.hidden || taken ? at : at + 1);
  }

  get #shown() {
    return this.tiles.filter((tile) => !tile.element.hidden);
  }

  get #focused() {
    const { activeElement } = document;
    return this.tiles.find((tile) => tile.element.contains(activeElement)) ?? null;
  }

  get #at() {
    return this.#shown.indexOf(this.#focused);
  }

  get #columns() {
    return getComputedStyle(this.element).gridTemplateColumns.split(" ").length;
  }
}
