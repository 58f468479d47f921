/**
 * What children of several works have from which: two rows of the parents, one for
 * the composition and one for palette and brush. Of those that are pressed it comes,
 * blended where they are several.
 */
import { make } from "../elements.js";
import { languages, say } from "../languages.js";

const HALVES = ["form", "paint"];

export class Descent {
  /** @param {import("../live.js").Live} live @param {() => void} onChange */
  constructor(live, onChange) {
    Object.assign(this, { live, onChange, key: "", parents: [], chosen: { form: [], paint: [] } });
    this.rows = HALVES.map((half) => make("div", { class: "descent-row", role: "group", "data-half": half }));
    this.element = make("div", { class: "descent", hidden: true }, ...this.rows);
    languages.addEventListener("language", () => this.#mark());
  }

  /** Offer the choice between `parents` (recipes); one alone leaves none. */
  show(parents) {
    this.element.hidden = parents.length < 2;
    const key = parents.length < 2 ? "" : JSON.stringify(parents);
    if (key === this.key) return;
    Object.assign(this, { key, parents, chosen: { form: [], paint: [] } });
    this.addresses?.forEach((address) => URL.revokeObjectURL(address));
    this.addresses = [];
    if (key) this.#build(key);
  }

  /** What is asked of the server: numbers of parents; none is all of them. */
  wish(parents) {
    return parents.length > 1 && JSON.stringify(parents) === this.key ? this.chosen : {};
  }

  #build(key) {
    for (const row of this.rows) {
      const tiles = this.parents.map((_, at) => this.#tile(row.dataset.half, at));
      row.replaceChildren(make("span", { class: "descent-word" }), make("div", { class: "descent-tiles" }, ...tiles));
    }
    this.#mark();
    this.parents.forEach((recipe, at) => this.#draw(recipe, at, key));
  }

  #tile(half, at) {
    const fields = { type: "button", class: "descent-tile", onclick: () => this.#turn(half, at) };
    return make("button", fields, make("img", { alt: "", draggable: "false" }));
  }

  async #draw({ size: _, ...recipe }, at, key) {
    const blob = await this.live.tile(recipe).catch(() => null);
    if (!blob || key !== this.key) return;
    const address = URL.createObjectURL(blob);
    this.addresses.push(address);
    for (const row of this.rows) row.querySelectorAll("img")[at].src = address;
  }

  /** The first that is pressed stands alone; others join it, until it is all again. */
  #turn(half, at) {
    const before = this.chosen[half];
    const others = before.filter((one) => one !== at);
    const joined = others.length < before.length ? others : [...others, at].sort((a, b) => a - b);
    const all = joined.length === this.parents.length;
    this.chosen = { ...this.chosen, [half]: all ? [] : joined };
    this.#mark();
    this.onChange();
  }

  #mark() {
    for (const row of this.rows) {
      const { half } = row.dataset;
      const name = say(`ui.descent.${half}`);
      row.setAttribute("aria-label", name);
      const chosen = this.chosen[half];
      row.querySelectorAll(".descent-word").forEach((word) => (word.textContent = name));
      row.querySelectorAll(".descent-tile").forEach((tile, at) => {
        tile.setAttribute("aria-pressed", String(!chosen.length || chosen.includes(at)));
        tile.setAttribute("aria-label", say("ui.descent.tile", { number: at + 1 }));
        tile.dataset.hint = `ui.descent.${half}.hint`;
      });
    }
  }
}
