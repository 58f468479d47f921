/**
 * What was voted, in this browser alone: one list a state of a model, the newest
 * last. The server is shown it with each request and remembers nothing.
 *
 * @typedef {{kind: "chosen" | "liked" | "disliked", place: number[],
 *   over?: number[][]}} Vote
 *
 * A choice also knows the moment of the history it stands for (`of`): where that is
 * undone the choice counts no more (`undone`), until the moment is on the easel again.
 */
import { Trouble } from "../address.js";
import { prefer, preference } from "../preferences.js";
import { sameRecipe } from "../recipe.js";
import { parsed } from "./files.js";

/** Older ones have faded to nothing on the server. */
const REMEMBERED = 60;
const KIND = "reverie-taste";
const KINDS = ["chosen", "liked", "disliked"];

export class Votes {
  /** @param {() => any} card of the model on the easel */
  constructor(card) {
    this.card = card;
  }

  /** @returns {Vote[]} those that count */
  get all() {
    const counted = this.#stored.filter(({ undone }) => !undone);
    return counted.map(({ of: _, undone: __, ...vote }) => vote);
  }

  get #stored() {
    return preference(this.#key(), []);
  }

  add(vote) {
    this.#keep([...this.#stored, vote].slice(-REMEMBERED));
  }

  /** What comes next into the history with this `recipe` was chosen. */
  expect(recipe) {
    this.expected = recipe;
  }

  /** A choice counts as long as what was chosen is not undone in `history`. */
  follow(history, onUndo) {
    let before = history.head;
    history.addEventListener("move", ({ detail: moment }) => {
      if (this.expected && sameRecipe(moment.recipe, this.expected)) this.bind(moment.id);
      else if (before?.parents[0] === moment.id) this.#count(before.id, false, onUndo);
      else this.#count(moment.id, true);
      before = moment;
    });
  }

  /** The choice that was made last is what the moment `of` came from. */
  bind(of) {
    this.expected = null;
    const last = this.#stored.findLastIndex(({ kind }) => kind === "chosen");
    this.#keep(this.#stored.map((vote, at) => (at === last ? { ...vote, of } : vote)));
  }

  /** Let the choices of the moment `of` count, or no more. */
  #count(of, counts, told = () => {}) {
    const changed = (vote) => vote.of === of && Boolean(vote.undone) === counts;
    if (!this.#stored.some(changed)) return;
    const after = (vote) => (changed(vote) ? { ...vote, undone: !counts } : vote);
    this.#keep(this.#stored.map(after));
    told();
  }

  /** Whether the work at `place` is `liked`, `disliked` or neither. */
  verdictOf(place) {
    return this.#stored.findLast(isAbout(place))?.kind ?? null;
  }

  /** Take back what was said last of `place`, as long as it was not a choice. */
  withdraw(place) {
    const about = isAbout(place);
    this.#keep(this.#stored.filter((vote) => !about(vote)));
  }

  forget() {
    this.#keep([]);
  }

  /** Put back what was there before. @param {Vote[]} votes */
  restore(votes) {
    this.#keep(votes);
  }

  /** The text of a file that {@link read} takes again. */
  write() {
    const { name: model, fingerprint } = this.card();
    const votes = this.all;
    return JSON.stringify({ kind: KIND, format: 1, model, fingerprint, votes });
  }

  /** Take the votes of a file. @throws {Trouble} and keeps what there was */
  read(text) {
    const data = parsed(text);
    if (data?.kind !== KIND || !Array.isArray(data.votes)) throw new Trouble("ui.taste.broken");
    if (data.format !== 1) throw new Trouble("ui.taste.newer");
    if (data.fingerprint !== this.card().fingerprint) {
      throw new Trouble("ui.taste.foreign", { model: String(data.model) });
    }
    // One place cut short would have every later grid refused.
    const sizes = new Set([...data.votes, ...this.all].filter(isVote).flatMap(sizesOf));
    if (!data.votes.every(isVote) || sizes.size > 1) throw new Trouble("ui.taste.broken");
    this.#keep(data.votes.slice(-REMEMBERED));
  }

  #keep(votes) {
    prefer(this.#key(), votes);
  }

  #key() {
    const { name, fingerprint } = this.card();
    return `taste:${name}:${fingerprint}`;
  }
}

/** Tells votes that are no choices and about the work at `place`. */
function isAbout(place) {
  const told = JSON.stringify(place);
  return (vote) => vote.kind !== "chosen" && JSON.stringify(vote.place) === told;
}

function sizesOf({ place, over = [] }) {
  return [place, ...over].map((one) => one.length);
}

function isVote(vote) {
  const places = [vote?.place, ...(vote?.over ?? [])];
  const isPlace = (place) => Array.isArray(place) && place.every(Number.isFinite);
  return KINDS.includes(vote?.kind) && places.every(isPlace);
}
