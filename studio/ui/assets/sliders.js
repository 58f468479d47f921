/**
 * The model's sliders, as many as the server sends: six in sight, the rest folded;
 * variety, the strength master and shuffle beside them.
 */
import { Slider } from "./slider.js";
import { button, make } from "./elements.js";
import { directionLabels, namedLabels, ownLabels } from "./labels.js";
import { languages, say } from "./languages.js";
import { prefer, preference } from "./preferences.js";
import { VARIETY, VARIETY_MAX } from "./recipe.js";
import { withHand, withRecipe } from "./store.js";
import { taught } from "./taught.js";

/** Sliders in sight before anything is unfolded. */
const IN_SIGHT = 5;
/** Of those as many may be words that the person taught. */
const OWN_IN_SIGHT = 3;
const REACH = 4;
/** Properties that a first touch asks for, in this order. */
const SOONER = ["warmth", "brightness", "openness", "softness"];
/** Names that are for looking up: hues, and words that say a property once more. */
const LATER = new Set([
  ...["red", "orange", "yellow", "green", "blue", "purple", "symmetry"],
  ...["bright", "dark", "warm", "cool", "clear"],
]);
const STRENGTH_MAX = 2;

export class Sliders {
  /**
   * @param {import("./store.js").Store} store
   * @param {{first: HTMLElement, rest: HTMLElement, whole: HTMLElement}} places
   */
  constructor(store, places) {
    this.store = store;
    this.places = places;
    /** @type {Map<string, Slider>} */ this.byName = new Map();
    this.variety = this.#variety();
    this.strength = this.#strength();
    const shuffle = button("shuffle", () => this.shuffle(), { icon: "shuffle" });
    const level = button("level", () => this.level(), { icon: "reset" });
    places.whole.append(
      this.variety.element,
      this.strength.element,
      make("div", { class: "tools" }, shuffle, level),
    );
    store.addEventListener("change", (event) => this.#follow(event.detail.how));
    languages.addEventListener("language", () => this.#describe());
    taught.addEventListener("change", () => this.card && this.setCard(this.card));
  }

  /** Draw the sliders of `card`; the ones before go. */
  setCard(card) {
    this.card = card;
    this.byName.clear();
    // What has a name comes first; a word that is uncertain is not offered unasked.
    const { own } = taught;
    const known = (card.words ?? []).filter(
      ({ certainty, name }) => certainty === "known" && !taught.find(name),
    );
    this.named = inTurn(known);
    this.own = [own.slice(0, OWN_IN_SIGHT), own.slice(OWN_IN_SIGHT)];
    const ordered = [...this.own[0], ...this.named, ...this.own[1], ...card.directions];
    const rows = ordered.map(({ name }) => {
      const slider = this.#direction(name, !taught.find(name));
      this.byName.set(name, slider);
      return slider.element;
    });
    this.places.first.replaceChildren(...rows.slice(0, IN_SIGHT));
    this.places.rest.replaceChildren(...rows.slice(IN_SIGHT));
    for (const name of preference(this.#lockKey(), [])) {
      this.byName.get(name)?.setLocked(true);
    }
    this.#describe();
    this.#follow("card");
  }

  /**
   * Give every unlocked direction that was found an amount by chance, most of them
   * moderate. Named ones say the same in other words, and go back.
   */
  shuffle() {
    const numbered = this.card.directions.map(({ name }) => name);
    this.#change("shuffle", (amounts) => {
      this.#clear(amounts);
      for (const name of numbered) {
        if (!this.byName.get(name).locked) amounts[name] = chance();
      }
    });
    this.store.flush();
  }

  /** Bring every unlocked slider back to the middle. */
  level() {
    this.#change("level", (amounts) => this.#clear(amounts));
  }

  /** What no lock holds goes, also what was said and has no slider. */
  #clear(amounts) {
    for (const name of Object.keys(amounts)) {
      if (!this.byName.get(name)?.locked) delete amounts[name];
    }
  }

  #change(how, fill, final = true) {
    this.store.edit(
      (work) => {
        const amounts = { ...work.hand.amounts };
        fill(amounts);
        return withHand(work, { amounts });
      },
      how,
      final,
    );
  }

  #direction(name, lockable) {
    const how = `slider:${name}`;
    return new Slider({
      how,
      min: -REACH,
      max: REACH,
      step: 0.05,
      rest: 0,
      lockable,
      onTouch: () => this.store.touch(),
      onMove: (value, final) => {
        this.#change(how, (amounts) => (amounts[name] = value), final);
      },
      onLock: () => prefer(this.#lockKey(), this.#lockedNames()),
    });
  }

  #variety() {
    return new Slider({
      how: "variety",
      min: 0,
      max: VARIETY_MAX,
      step: 0.01,
      rest: VARIETY,
      figure: (value) => value.toFixed(2),
      onTouch: () => this.store.touch(),
      onMove: (variety, final) =>
        this.store.edit((work) => withRecipe(work, { variety }), "variety", final),
    });
  }

  #strength() {
    return new Slider({
      how: "strength",
      min: 0,
      max: STRENGTH_MAX,
      step: 0.01,
      rest: 1,
      figure: (value) => `\u00d7${value.toFixed(2)}`,
      onTouch: () => this.store.touch(),
      onMove: (strength, final) =>
        this.store.edit((work) => withHand(work, { strength }), "strength", final),
    });
  }

  #follow(how) {
    const work = this.store.work;
    if (!work || how === "drift") return;
    for (const [name, slider] of this.byName) {
      if (how !== `slider:${name}`) slider.set(work.hand.amounts[name] ?? 0);
    }
    if (how !== "variety") this.variety.set(work.recipe.variety ?? VARIETY);
    if (how !== "strength") this.strength.set(work.hand.strength);
  }

  #describe() {
    if (!this.card) return;
    const labels = [
      ...this.own[0].map(ownLabels),
      ...this.named.map(namedLabels),
      ...this.own[1].map(ownLabels),
      ...directionLabels(this.card.directions),
    ];
    [...this.byName.values()].forEach((slider, index) => {
      const { minus, plus } = labels[index];
      const name = say("ui.direction.between", { minus, plus });
      slider.describe({ ...labels[index], name });
    });
    for (const key of ["variety", "strength"]) {
      this[key].describe({
        minus: say(`ui.${key}.minus`),
        plus: say(`ui.${key}.plus`),
        name: say(`ui.${key}`),
        title: say(`ui.${key}`),
        figures: say(`ui.${key}.hint`),
      });
    }
  }

  #lockedNames() {
    return [...this.byName].filter(([, slider]) => slider.locked).map(([name]) => name);
  }

  #lockKey() {
    return `locks:${this.card.name}`;
  }
}

/** Near normal with a spread of 1.2, within 3 standard deviations. */
function chance() {
  const sum = Math.random() + Math.random() + Math.random() + Math.random() - 2;
  return Number(Math.max(-3, Math.min(3, sum * 2.08)).toFixed(2));
}

/** Properties and words by turns, the ones that change most first. */
function inTurn(named) {
  const rank = ({ name }) => (SOONER.includes(name) ? SOONER.indexOf(name) : SOONER.length);
  const ordered = [...named].sort((a, b) => rank(a) - rank(b) || b.change - a.change);
  const later = ordered.filter(({ name }) => LATER.has(name));
  const kept = ordered.filter(({ name }) => !LATER.has(name));
  const words = kept.filter(({ kind }) => kind === "word");
  const properties = kept.filter(({ kind }) => kind !== "word");
  const turns = Array.from({ length: kept.length }, (_, i) => [properties[i], words[i]]);
  return [...turns.flat().filter(Boolean), ...later];
}
