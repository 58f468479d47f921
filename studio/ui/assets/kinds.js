/**
 * What kind of picture it shall be, where a model knows kinds: one of them, or a
 * hybrid of two on a slider between them. Without a choice each seed is of its own.
 */
import { make } from "./elements.js";
import { languages, say, word } from "./languages.js";
import { Slider } from "./slider.js";
import { withRecipe } from "./store.js";

const HALF = 0.5;

export class Kinds {
  /**
   * @param {import("./store.js").Store} store
   * @param {HTMLElement} place
   */
  constructor(store, place) {
    this.store = store;
    this.place = place;
    this.first = this.#choice("kind");
    this.second = this.#choice("hybrid");
    this.share = this.#slider();
    place.append(this.#row(this.first, "ui.kind"), this.#row(this.second, "ui.hybrid"));
    place.append(this.share.element);
    place.hidden = true;
    store.addEventListener("change", ({ detail }) => this.#follow(detail.how));
    languages.addEventListener("language", () => this.#describe());
  }

  /** Offer the kinds of `card`; nothing is shown where it knows none. */
  setCard(card) {
    this.kinds = (card.kinds ?? []).map(({ name }) => name);
    this.place.hidden = !this.kinds.length;
    this.#describe();
    this.#follow("card");
  }

  /** The kinds of the work: names and weights, the heaviest two of them. */
  get #chosen() {
    const pairs = Object.entries(this.store.recipe?.kinds ?? {});
    return pairs.sort((a, b) => b[1] - a[1]).slice(0, 2);
  }

  #follow(how) {
    if (!this.kinds?.length || how === "drift" || how === "hybrid-share") return;
    const names = [this.first.value, this.second.value];
    const chosen = this.#chosen;
    // While the pair is the same, each stays on its side of the slider.
    if (chosen.length === 2 && names[0] === chosen[1][0]) chosen.reverse();
    this.first.value = chosen[0]?.[0] ?? "";
    this.second.value = chosen[1]?.[0] ?? "";
    this.second.disabled = !chosen.length;
    this.share.element.hidden = chosen.length < 2;
    if (chosen.length === 2) {
      this.share.set(Number((chosen[1][1] / (chosen[0][1] + chosen[1][1])).toFixed(3)));
    }
    this.#name();
  }

  #put(how, share = HALF, final = true) {
    const [one, other] = [this.first.value, this.second.value];
    const kinds = {};
    if (one) kinds[one] = 1;
    if (one && other && other !== one) {
      kinds[one] = Number((1 - share).toFixed(3));
      kinds[other] = Number(share.toFixed(3));
    }
    this.store.edit((work) => withKinds(work, kinds), how, final);
  }

  #choice(how) {
    const change = () => this.#put(how);
    const select = make("select", { class: "choice", "data-how": how, onchange: change });
    word(select, { name: `ui.${how}`, hint: `ui.${how}.hint` });
    return select;
  }

  #row(select, text) {
    return make("label", { class: "choice-row" }, word(make("span"), { text }), select);
  }

  #slider() {
    return new Slider({
      how: "hybrid-share",
      min: 0.05,
      max: 0.95,
      step: 0.01,
      rest: HALF,
      figure: (value) => `${Math.round(100 * value)} %`,
      onTouch: () => this.store.touch(),
      onMove: (value, final) => this.#put("hybrid-share", value, final),
    });
  }

  #describe() {
    if (!this.kinds) return;
    for (const [select, none] of [
      [this.first, "ui.kind.own"],
      [this.second, "ui.hybrid.none"],
    ]) {
      const { value } = select;
      const options = this.kinds.map((name) => make("option", { value: name }, name));
      select.replaceChildren(make("option", { value: "" }, say(none)), ...options);
      select.value = value;
    }
    this.#name();
  }

  #name() {
    const [minus, plus] = [this.first.value, this.second.value];
    const name = say("ui.hybrid.between", { minus, plus });
    this.share.describe({ minus, plus, name, figures: say("ui.hybrid.share") });
  }
}

/** `work` with other kinds; without any, each seed is of its own. */
function withKinds(work, kinds) {
  const { kinds: _, ...rest } = work.recipe;
  const fields = Object.keys(kinds).length ? { kinds } : {};
  return withRecipe({ ...work, recipe: rest }, fields);
}
