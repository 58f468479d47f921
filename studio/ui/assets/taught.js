/**
 * Words that the person has taught, in this browser: each is a step of w, of one state
 * of one model. A work that uses one carries the step in its recipe.
 *
 * @typedef {Object} Own
 * @property {string} name
 * @property {string} model
 * @property {string} fingerprint
 * @property {string} step base64 of 16-bit numbers
 * @property {"known" | "uncertain"} certainty
 * @property {number} agreement share of the examples that the others told rightly
 * @property {number} sure share of chance sets that agree less
 * @property {number} more
 * @property {number} less
 * @property {Record<string, number>} effects
 */
import { prefer, preference } from "./preferences.js";

const KEY = "taught";
export const MOST_OWN = 40;
const MOST_STEP = 12000;
const MOST_NAME = 64;

class Taught extends EventTarget {
  #card = null;

  /** Offer the words of the model of `card`. */
  setCard(card) {
    this.#card = card;
  }

  /** Those of the model on the easel, the newest first. @returns {Own[]} */
  get own() {
    const { fingerprint } = this.#card ?? {};
    return this.all.filter((one) => one.fingerprint === fingerprint).reverse();
  }

  /** Those of every model, the oldest first. @returns {Own[]} */
  get all() {
    return preference(KEY, []);
  }

  get names() {
    return this.own.map(({ name }) => name);
  }

  find(name) {
    return this.own.find((one) => one.name === name) ?? null;
  }

  /** Keep `word`, in place of one of its name. @returns {boolean} whether it will last */
  add(word) {
    return this.put([...this.all.filter((one) => !same(one, word)), word]);
  }

  remove(word) {
    return this.put(this.all.filter((one) => !same(one, word)));
  }

  put(words) {
    const lasts = prefer(KEY, words.slice(-MOST_OWN));
    this.dispatchEvent(new Event("change"));
    return lasts;
  }
}

export const taught = new Taught();

/** The steps of those words among `amounts` that were taught; a work keeps its own. */
export function stepsOf(amounts, carried = {}) {
  const steps = {};
  for (const [name, amount] of Object.entries(amounts)) {
    const step = carried[name] ?? taught.find(name)?.step;
    if (amount && step) steps[name] = step;
  }
  return steps;
}

/** A word that a file holds. @returns {Own} @throws {Error} where it is none */
export function readWord(word) {
  const { name, model, fingerprint, step, certainty, effects = {} } = word;
  const texts = [name, model, fingerprint, step];
  if (!texts.every((text) => typeof text === "string" && text)) throw new Error("no word");
  if (!/^[A-Za-z0-9+/=]+$/.test(step) || step.length > MOST_STEP) throw new Error("no step");
  const share = (value) => Math.max(0, Math.min(1, Number(value) || 0));
  return {
    name: name.slice(0, MOST_NAME),
    model: model.slice(0, MOST_NAME),
    fingerprint,
    step,
    certainty: certainty === "known" ? "known" : "uncertain",
    agreement: share(word.agreement),
    sure: share(word.sure),
    more: Number(word.more) || 0,
    less: Number(word.less) || 0,
    effects: Object.fromEntries(Object.entries(effects).filter(([, by]) => Number.isFinite(by))),
  };
}

function same(one, other) {
  return one.name === other.name && one.fingerprint === other.fingerprint;
}
