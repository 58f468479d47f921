/**
 * What hangs, in its order, kept in this browser.
 *
 * @typedef {Object} Piece
 * @property {string} id
 * @property {number} place its order
 * @property {"picture" | "moving" | "film"} kind
 * @property {any} recipe of a work, null of a film
 * @property {Blob} picture to show here; of a film, its first frame
 * @property {Blob | null} file as it was brought; null where the studio makes it
 * @property {string} suffix of a file that was brought
 * @property {number[] | null} size height and width of a file that was brought
 * @property {Record<string, string>} titles typed, by language
 * @property {Record<string, string>} texts typed, by language
 * @property {Record<string, string[]> | null} told what the studio tells, title first
 */
import { freshId, openDatabase } from "../database.js";
import { sameRecipe } from "../recipe.js";

export const MOST = 500;

export class Pieces extends EventTarget {
  /** @type {Piece[]} */ all = [];
  #down = [];

  /** Read what was left here. */
  async open() {
    this.database ??= await openDatabase("reverie-exhibit", { pieces: "id" });
    this.all = await this.database.all("pieces");
    this.all.sort((a, b) => a.place - b.place);
    // A model that told nothing may be here again.
    for (const piece of this.all) piece.silent = false;
    this.#changed();
  }

  get(id) {
    return this.all.find((piece) => piece.id === id) ?? null;
  }

  /** Hang `fresh` at the end. @returns {Promise<Piece | null>} null where it hangs */
  async add(fresh) {
    const same = (piece) => !piece.file && sameRecipe(piece.recipe, fresh.recipe);
    if (!fresh.file && this.all.some(same)) return null;
    const place = (this.all.at(-1)?.place ?? 0) + 1;
    const blank = { file: null, suffix: "", size: null, titles: {}, texts: {}, told: null };
    const piece = { ...blank, ...fresh, id: freshId(), place };
    this.all.push(piece);
    this.#changed();
    await this.database.put("pieces", piece);
    return piece;
  }

  /** Remember what was changed in `piece`. */
  async keep(piece) {
    if (this.get(piece.id)) await this.database.put("pieces", piece);
  }

  /** Hang the piece `id` at another place, counted from 0. */
  async move(id, to) {
    const from = this.all.findIndex((piece) => piece.id === id);
    const target = Math.max(0, Math.min(this.all.length - 1, to));
    if (from < 0 || from === target) return;
    this.all.splice(target, 0, ...this.all.splice(from, 1));
    await this.#number();
  }

  /** Take down the piece `id`; `putBack` hangs it again. */
  async remove(id) {
    const at = this.all.findIndex((piece) => piece.id === id);
    if (at < 0) return;
    this.#down = [at, this.all.splice(at, 1)[0]];
    this.#changed();
    this.dispatchEvent(new Event("removed"));
    await this.database.delete("pieces", id);
  }

  /** Hang what was taken down last in its old place. */
  async putBack() {
    const [at, piece] = this.#down.splice(0);
    if (!piece) return;
    this.all.splice(at, 0, piece);
    await this.#number();
  }

  async #number() {
    this.all.forEach((piece, index) => {
      piece.place = index + 1;
    });
    this.#changed();
    await this.database.putAll("pieces", this.all);
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
