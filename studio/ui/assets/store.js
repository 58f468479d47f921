/**
 * The one place that holds the work on the easel. Everything that changes it goes
 * through `edit` (a hand) or `show` (drift, undo, a link); everything that shows it
 * listens to "change".
 *
 * @typedef {import("./recipe.js").Recipe} Recipe
 * @typedef {Object} Hand What the sliders show: amounts before the master.
 * @property {number} strength the master, 0 to 2
 * @property {Record<string, number>} amounts
 * @property {import("./said.js").Said[]} [said] what words have brought
 * @property {Record<string, string>} [taught] the steps of taught words among them
 * @typedef {{recipe: Recipe, hand: Hand, also?: string[],
 *   did?: [string, number][]}} Work `also` has the ids of other works that it was bred
 *   from, `did` what changed in it
 */
import { plain, sameRecipe, withAmounts } from "./recipe.js";
import { stepsOf } from "./taught.js";

/** Steps that follow each other this fast on one control are one change (ms). */
const ONE_GESTURE = 350;

export class Store extends EventTarget {
  /** @type {Work | null} */ work = null;
  /** @type {any} the model's card as the server sends it */ card = null;
  /** Called before a hand changes anything, so that drift can let go. */
  onTouch = () => {};
  #pending = null;
  #timer = 0;

  get recipe() {
    return this.work?.recipe ?? null;
  }

  /** Show `work` without recording it; `how` says where it came from. */
  show(work, how) {
    this.work = work;
    this.#emit("change", { how, final: how !== "drift" });
  }

  /** Let a hand take control: whatever drifts stops where it is. */
  touch() {
    this.onTouch();
  }

  /**
   * Change the work by hand.
   * @param {(work: Work) => Work} change
   * @param {string} how which control did it, such as "seed" or "slider:pca-01"
   * @param {boolean} final false while a drag goes on
   */
  edit(change, how, final = true) {
    if (!this.work) return;
    this.touch();
    if (this.#pending !== how) this.flush();
    const { also: _, did: __, ...before } = this.work;
    this.work = change(before);
    this.#pending = how;
    clearTimeout(this.#timer);
    if (final) this.#timer = setTimeout(() => this.flush(), ONE_GESTURE);
    this.#emit("change", { how, final });
  }

  /** Record a change that still waits for a possible next step of its gesture. */
  flush() {
    clearTimeout(this.#timer);
    const how = this.#pending;
    this.#pending = null;
    if (how !== null) this.#emit("commit", { how, work: this.work });
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** A work for a recipe that arrives from outside: its amounts, master at 1. */
export function workOf(recipe) {
  const hand = { strength: 1, amounts: { ...recipe.directions } };
  return { recipe, hand: recipe.taught ? { ...hand, taught: recipe.taught } : hand };
}

/** `work` with another hand; the recipe gets the amounts times the strength. */
export function withHand(work, hand) {
  const { taught: carried, ...merged } = { ...work.hand, ...hand };
  const taught = stepsOf(merged.amounts, carried);
  const recipe = withAmounts(work.recipe, merged.amounts, merged.strength, taught);
  return { recipe, hand: Object.keys(taught).length ? { ...merged, taught } : merged };
}

/**
 * `work` with `fields` of the recipe replaced. What was left out of a picture is no
 * part of what grows from a seed.
 */
export function withRecipe(work, fields) {
  const { residual, ...rest } = work.recipe;
  const seeds = fields.source && !("w" in fields.source);
  const kept = residual && !seeds ? { ...rest, residual } : rest;
  return { ...work, recipe: plain({ ...kept, ...fields }) };
}

/** `work` as the model of `card` can make it; it may have changed since. */
export function fitted({ recipe, hand }, card) {
  const listed = [...card.directions, ...(card.words ?? [])].map(({ name }) => name);
  const known = new Set([...listed, ...Object.keys(hand.taught ?? {})]);
  const amounts = Object.entries(hand.amounts);
  const kept = amounts.filter(([name]) => known.has(name));
  const current = { ...recipe, fingerprint: card.fingerprint };
  // Untouched to the last digit, so that it stays the very same work.
  if (kept.length === amounts.length) return { recipe: current, hand };
  const said = (hand.said ?? []).filter(({ word, kind }) => kind || known.has(word));
  return withHand({ recipe: current, hand }, { amounts: Object.fromEntries(kept), said });
}

/** Whether two works look the same and leave the sliders the same. */
export function sameWork(a, b) {
  return sameRecipe(a.recipe, b.recipe) && sameRecipe(a.hand, b.hand);
}
