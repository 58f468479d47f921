/**
 * Sixty-four works to pick from. Pictures come as the server makes them; every pick
 * goes into the history at once, so that a page that closes loses none.
 *
 * @typedef {Object} Find
 * @property {number} number 1 to 64
 * @property {any} recipe
 * @property {any} hand
 * @property {"picked" | "rejected" | null} verdict
 * @property {any} moment what stands for it in the history, once it was picked
 * @property {string | null} address of its picture
 * @property {import("./creativity.js").Standing} [standing] once it was measured
 */
import { freshId } from "../database.js";
import { randomSeed } from "../recipe.js";
import { breed, grown, questionOf } from "./children.js";
import { measure, search } from "./creativity.js";
import { Votes } from "./votes.js";

export const MANY = 64;
const BLANK = { verdict: null, moment: null, address: null };

export class Pile extends EventTarget {
  /** @type {Find[]} */ finds = [];
  /** Whether new works are asked for, and the old ones no longer count. */ waiting = false;
  #stop = null;
  #measuring = null;

  /** @param {import("../desk.js").Desk} desk */
  constructor(desk) {
    super();
    this.desk = desk;
    this.votes = new Votes(() => desk.store.card);
  }

  get busy() {
    return this.#stop !== null;
  }

  get drawn() {
    return this.finds.filter(({ address }) => address).length;
  }

  /** Whether all of it is of the model on the easel, as it is now. */
  get fits() {
    const { card } = this.desk.store;
    return this.finds.length > 0 && this.finds[0].recipe.fingerprint === card?.fingerprint;
  }

  /** @param {"picked" | "rejected" | null} verdict @returns {Find[]} */
  with(verdict) {
    return this.finds.filter((find) => find.verdict === verdict);
  }

  /**
   * New ones: "near" the work on the easel, from "far" under its sliders, or "rare" ones
   * of those, the most novel and plausible of many. What was picked stays, in the first
   * places.
   */
  async generate(way) {
    this.stop();
    const kept = this.fits ? this.with("picked") : [];
    const { signal } = (this.#stop = new AbortController());
    const { work } = this.desk.store;
    const parent = this.desk.history.head?.id;
    this.waiting = true;
    this.#changed();
    try {
      const found = await this.#find(way, work, MANY - kept.length, signal);
      if (signal.aborted) return;
      const own = { parent, ...BLANK };
      const fresh = found.map(({ recipe, ...rest }) => ({ ...grown(recipe, work), ...own, ...rest }));
      this.#take([...kept, ...fresh]);
    } catch (error) {
      if (signal.aborted) return;
      this.stop();
      throw error;
    }
    await this.#draw(signal);
  }

  /** Go on with pictures that were stopped. */
  async resume() {
    if (this.busy || this.drawn === this.finds.length) return;
    const { signal } = (this.#stop = new AbortController());
    await this.#draw(signal);
  }

  stop() {
    this.#measuring?.abort();
    this.#stop?.abort();
    this.#rest();
  }

  /** Nothing more is asked for; what is being measured goes on. */
  #rest() {
    this.#stop = null;
    this.waiting = false;
    this.#changed();
  }

  /**
   * Pick or reject a find, or neither; a pick becomes a moment of the history, and one
   * that is taken back is pruned there. Rejects where the browser has no room.
   */
  async judge(find, verdict) {
    find.verdict = verdict;
    this.#changed();
    const { history } = this.desk;
    if (verdict === "picked") {
      find.moment ??= momentOf(find);
      await history.prune(find.moment, false);
    } else if (find.moment) await history.prune(find.moment, true);
  }

  /** Measure what has no numbers yet. Rejects with the reason where none can be had. */
  async measure() {
    const { finds } = this;
    this.#measuring?.abort();
    const { signal } = (this.#measuring = new AbortController());
    const tell = (some) => this.#tell("measured", some);
    await measure(finds, signal, tell).catch((error) => {
      if (!signal.aborted) throw error;
    });
  }

  async #find(way, work, count, signal) {
    if (way === "near") return this.#children(work, count, signal);
    const draw = (length) => strangers(work.recipe, length);
    if (way === "far") return draw(count).map((recipe) => ({ recipe }));
    const tell = (seen, among) => this.#tell("searching", { seen, among });
    return (await search(draw, signal, tell)).slice(0, count);
  }

  async #children(work, count, signal) {
    if (!count) return [];
    const question = questionOf(this.desk, [work.recipe], count, this.votes);
    const { children } = await breed(question, this.desk.region, signal);
    return children.map(({ recipe }) => ({ recipe }));
  }

  #take(finds) {
    const gone = this.finds.filter((find) => !finds.includes(find));
    for (const { address } of gone) if (address) URL.revokeObjectURL(address);
    this.waiting = false;
    this.finds = finds.map((find, index) => Object.assign(find, { number: index + 1 }));
    this.dispatchEvent(new Event("fresh"));
  }

  async #draw(signal) {
    const left = this.finds.filter(({ address }) => !address);
    await Promise.all(left.map((find) => this.#picture(find, signal)));
    if (!signal.aborted) this.#rest();
  }

  async #picture(find, signal) {
    const blob = await this.desk.live.tile(find.recipe, signal).catch(() => null);
    if (!blob || signal.aborted) return;
    find.address = URL.createObjectURL(blob);
    this.#tell("picture", find);
  }

  #tell(what, detail) {
    this.dispatchEvent(new CustomEvent(what, { detail }));
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

/** Works of seeds by chance, under the same sliders. */
function strangers({ mix: _, patches: __, residual: ___, ...recipe }, length) {
  return Array.from({ length }, () => ({ ...recipe, source: { seed: randomSeed() } }));
}

function momentOf({ recipe, hand, parent }) {
  const parents = parent ? [parent] : [];
  return { id: freshId(), parents, recipe, hand, how: "cull", time: Date.now() };
}
