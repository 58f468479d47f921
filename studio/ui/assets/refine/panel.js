/**
 * Refining: a grid of children around the work on the easel. A click makes a child
 * the new work, like any other change; from what is taken and liked the next grids
 * learn, and a sentence says what.
 */
import { button, fold, make } from "../elements.js";
import { languages, say, word } from "../languages.js";
import { prefer, preference } from "../preferences.js";
import { breed, grown, questionOf } from "./children.js";
import { Descent } from "./descent.js";
import { styled } from "./files.js";
import { Keeps } from "./keeps.js";
import { sentenceOf } from "./learnt.js";
import { Local } from "./local.js";
import { Region } from "./region.js";
import { Strength } from "./strength.js";
import { Taste } from "./taste.js";
import { Tile } from "./tile.js";
import { Votes } from "./votes.js";

/** A work that has changed is bred from when it has rested for this long (ms). */
const REST = 350;
/** A like or dislike is learnt from when no other follows it for this long (ms). */
const LEARNS = 250;
/** Children that take longer than this are spoken of (ms). */
const SLOW = 3000;
const REMEMBERED = 40;
/** Tiles of the grid, and where among them the parent stands. */
const NINE = { count: 9, parent: 4 };
const SIXTEEN = { count: 16, parent: 5 };

export class Refine {
  /** @param {HTMLElement} place @param {import("../desk.js").Desk} desk */
  constructor(place, desk) {
    Object.assign(this, { place, desk, store: desk.store, live: desk.live });
    styled("refine.css");
    this.votes = new Votes(() => this.store.card);
    /** Works that the one on the easel is bred with. */
    this.mates = [];
    this.answer = null;
    /** Grids by what was asked, so that undo brings the same ones back. */
    this.grids = new Map();
    this.taste = new Taste(this.votes, desk, () => this.others());
    this.locks = preference("refine:locks", { composition: false, detail: false });
    desk.region = new Region(desk, () => this.#soon(0));
    this.descent = new Descent(desk.live, () => this.#soon(0));
    this.keeps = new Keeps(desk, () => this.#soon(0));
    this.votes.follow(desk.history, () => this.strength.shrink(true));
    this.#build();
    this.store.addEventListener("change", ({ detail }) => this.#follow(detail.how));
    desk.drift.addEventListener("drift", () => this.#soon());
    languages.addEventListener("language", () => this.#describe());
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Look again at what is on the easel; a dream has no children, so it stops here. */
  wake() {
    this.desk.hold();
    this.local.wake(REST);
    this.#soon(0);
  }

  /**
   * Show children of the work on the easel and `mates`, as long as it stays there.
   * @param {{recipe: any, id?: string}[]} mates
   */
  breedWith(mates) {
    this.mates = mates.map(({ recipe, id = null }) => ({ recipe, id }));
    this.others(true);
  }

  /** Other children of the same work, without a vote. */
  others(fresh = false) {
    this.desk.hold();
    this.store.flush();
    if (!fresh) this.round += 1;
    return this.#breed();
  }

  get #open() {
    return this.place.closest("details").open && this.place.offsetParent !== null;
  }

  #build() {
    this.grid = word(make("div", { class: "grid", role: "group" }), { name: "ui.refine.grid" });
    this.#lay();
    this.grid.addEventListener("pointerover", (event) => this.#point(event));
    this.grid.addEventListener("focusin", (event) => this.#point(event));
    this.learnt = make("p", { class: "learnt", role: "status" });
    // On a phone the way back under the picture has scrolled out of sight.
    this.back = button("undo", () => this.desk.actions.undo(), { icon: "undo", bare: true });
    this.strength = new Strength(() => this.#soon(0));
    this.alone = word(
      make("button", { type: "button", class: "offer", onclick: () => this.#beAlone() }),
      { text: "ui.alone", hint: "ui.alone.hint" },
    );
    this.place.append(
      this.grid,
      this.descent.element,
      make("div", { class: "learnt-row" }, this.learnt, this.back),
      this.strength.element,
      make(
        "div",
        { class: "tools" },
        button("others", () => this.others(), { icon: "others" }),
        this.#toggle("composition"),
        this.#toggle("detail"),
        this.desk.region.control,
        this.desk.region.brush.eraser,
        this.#sizes(),
        button("cull", () => this.desk.actions.cull(), { icon: "cull" }),
      ),
      this.#keeping(),
      fold("taste", this.taste.element),
      this.#local(),
    );
    this.round = 0;
    this.#describe();
  }

  /** Put empty tiles in the grid, nine or sixteen. */
  #lay() {
    const { count, parent } = preference("refine:wide", false) ? SIXTEEN : NINE;
    const on = { take: (tile) => this.#take(tile), judge: (tile, kind) => this.#judge(tile, kind) };
    this.tiles = Array.from({ length: count }, (_, at) => new Tile(at + 1, on, at === parent));
    this.parent = this.tiles[parent];
    this.children = this.tiles.filter((tile) => tile !== this.parent);
    this.grid.classList.toggle("is-wide", count === SIXTEEN.count);
    this.grid.replaceChildren(...this.tiles.map((tile) => tile.element));
  }

  /** What is kept by name; the heading says it, so that it can stay folded. */
  #keeping() {
    const details = fold("keeps", this.keeps.element);
    details.querySelector("summary > span").after(this.keeps.told);
    return details;
  }

  #local() {
    this.local = new Local(this.desk);
    const details = fold("local", this.local.element);
    details.addEventListener("toggle", () => details.open && this.local.wake());
    return details;
  }

  #sizes() {
    const act = () => {
      const wide = !preference("refine:wide", false);
      prefer("refine:wide", wide);
      control.setAttribute("aria-pressed", String(wide));
      this.#lay();
      this.#soon(0);
    };
    const control = button("wide", act, { icon: "wide" });
    control.setAttribute("aria-pressed", String(preference("refine:wide", false)));
    return control;
  }

  #toggle(name) {
    const act = () => {
      this.locks[name] = !this.locks[name];
      control.setAttribute("aria-pressed", String(this.locks[name]));
      prefer("refine:locks", this.locks);
      this.#soon(0);
    };
    const control = button(name, act, { icon: "lock" });
    control.setAttribute("aria-pressed", String(this.locks[name]));
    return control;
  }

  #describe() {
    this.tiles.forEach((tile) => tile.describe());
    this.taste.show();
    this.strength.describe();
    this.#say();
  }

  /** What it has learnt, and of works that are nearly alike who could help. */
  #say() {
    const works = this.mates.length + 1;
    this.learnt.replaceChildren(sentenceOf(this.answer?.taste, works));
    if (works > 1) this.learnt.append(" ", this.alone);
    const mate = this.answer?.mate;
    if (mate) this.learnt.append(" ", say("ui.refine.inbred"), " ", this.#mateOffer(mate));
  }

  #follow(how) {
    if (how === "drift") return;
    if (how !== "history" && "seed" in this.store.recipe.source) this.strength.restore();
    // Several parents are one question; another work is another one.
    if (!how.startsWith("refine") && this.asked && this.asked !== this.#question()) this.mates = [];
    this.#soon();
  }

  #soon(wait = REST) {
    clearTimeout(this.timer);
    if (this.#open) this.timer = setTimeout(() => this.#breed(), wait);
  }

  #question() {
    return JSON.stringify([this.store.recipe, ...this.mates.map(({ recipe }) => recipe)]);
  }

  async #breed() {
    const { store, desk } = this;
    if (!store.work || !store.card || desk.drift.on || !this.#open) return;
    this.asked = this.#question();
    const body = this.#request();
    const key = this.#keyOf(body);
    this.current = key;
    try {
      let answer = this.grids.get(key);
      answer ??= await this.#fetch(body, key);
      if (this.current === key) await this.#show(answer, key);
    } catch (error) {
      this.stale = false;
      // The model has other words than when this one was kept.
      if (error.code === "children_property") this.keeps.drop(error.params.name);
      if (this.current === key) desk.status.tellError(error, "refine");
    }
  }

  #request() {
    const mates = this.mates.map(({ recipe }) => recipe);
    const parents = [this.store.recipe, ...mates];
    const descent = this.descent.wish(parents);
    return questionOf(this.desk, parents, this.children.length, this.votes, descent);
  }

  /** Likes are for the next grid: this one stays as it is, also when undo brings it back. */
  #keyOf({ votes, ...question }) {
    const choices = votes.filter(({ kind }) => kind === "chosen");
    return JSON.stringify([question, choices, this.desk.region.mask, this.round]);
  }

  async #fetch(body, key) {
    // A new model has to learn how composition and palette lie in its works, once.
    const tell = () => this.desk.status.tell("ui.refine.waiting", {}, { from: "refine" });
    const slow = setTimeout(tell, SLOW);
    const bred = await breed(body, this.desk.region).finally(() => clearTimeout(slow));
    const answer = { ...bred, pictures: new Map() };
    this.grids.set(key, answer);
    if (this.grids.size > REMEMBERED) this.#drop(this.grids.keys().next().value);
    return answer;
  }

  #drop(key) {
    for (const address of this.grids.get(key).pictures.values()) URL.revokeObjectURL(address);
    this.grids.delete(key);
  }

  /** Put a grid on its tiles; pictures come one by one, the easel's own first. */
  async #show(answer, key) {
    this.answer = answer;
    this.stale = false;
    this.desk.status.clear("refine");
    this.children.forEach((tile, index) => {
      const child = answer.children[index] ?? null;
      tile.show(child, child && this.votes.verdictOf(child.place));
    });
    const parent = { role: "parent", recipe: this.store.recipe, place: answer.place };
    this.parent.show(parent);
    this.descent.show([this.store.recipe, ...this.mates.map(({ recipe }) => recipe)]);
    this.keeps.offer(answer.properties);
    this.#describe();
    this.stopping?.abort();
    const { signal } = (this.stopping = new AbortController());
    const wanted = [this.parent, ...this.children].filter((tile) => tile.child);
    await Promise.all(wanted.map((tile) => this.#draw(tile, answer, signal)));
  }

  async #draw(tile, answer, signal) {
    const { child } = tile;
    const address = await this.#picture(answer, child.recipe, signal);
    if (address && tile.child === child) tile.draw(address);
  }

  async #picture(answer, recipe, signal) {
    const key = JSON.stringify(recipe);
    if (!answer.pictures.has(key)) {
      const blob = await this.live.tile(recipe, signal).catch(() => null);
      if (!blob) return null;
      answer.pictures.set(key, URL.createObjectURL(blob));
    }
    return answer.pictures.get(key);
  }

  /** Of this grid and no other: a sentence that passes could be taken for a later one. */
  #mateOffer(mate) {
    const act = () => !this.stale && this.breedWith([{ recipe: mate }]);
    const offer = make("button", { type: "button", class: "offer", onclick: act });
    return word(offer, { text: "ui.refine.mate", name: "ui.refine.mate" });
  }

  /** Take a tile as the new work; the parent itself asks for others. */
  #take(tile) {
    // Until the next grid is there, these are children of a work that has gone.
    if (this.stale) return undefined;
    this.stale = true;
    const { recipe, place } = tile.child;
    const over = this.tiles.filter((other) => other !== tile && other.child);
    const places = over.map((other) => other.child.place);
    this.votes.add({ kind: "chosen", place, over: places });
    this.strength.shrink();
    if (tile.child.role === "parent") return this.#stay();
    const also = this.mates.map(({ id }) => id).filter(Boolean);
    this.mates = [];
    const did = tile.child.changes;
    const how = `refine:${tile.child.role}`;
    this.store.edit((work) => ({ ...grown(recipe, work), also, did }), how);
    this.votes.expect(this.store.recipe);
    this.store.flush();
    return this.#soon(0);
  }

  /** None was better: that too is undone with the work it was said of. */
  #stay() {
    const { head } = this.desk.history;
    if (head) this.votes.bind(head.id);
    return this.others();
  }

  #judge(tile, kind) {
    this.votes.withdraw(tile.child.place);
    const again = tile.verdict === kind;
    tile.mark(again ? null : kind);
    if (!again) this.votes.add({ kind, place: tile.child.place });
    clearTimeout(this.learning);
    this.learning = setTimeout(() => this.#learn(), LEARNS);
  }

  /** Say what was learnt from a like at once; the grid stays, it is for the next. */
  async #learn() {
    const { answer } = this;
    if (!answer) return;
    try {
      const { taste } = await breed(this.#request());
      Object.assign(answer, { taste });
    } catch (error) {
      this.desk.status.tellError(error, "refine");
    }
    this.#say();
  }

  #beAlone() {
    this.mates = [];
    return this.others(true);
  }

  #point(event) {
    const element = event.target.closest(".tile");
    this.under = this.tiles.find((tile) => tile.element === element) ?? null;
  }

  /** 1 to 9 take a tile, 0 asks for others, + and - judge the tile under the hand. */
  #key(event) {
    const busy = event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey;
    const typing = event.target.matches?.("input:not([type=range]), textarea, select");
    if (busy || typing || event.repeat || !this.#open || document.querySelector("dialog[open]")) {
      return;
    }
    if (/^[1-9]$/.test(event.key)) {
      const tile = this.tiles[Number(event.key) - 1];
      if (tile?.child) this.#take(tile);
    } else if (event.key === "0") this.others();
    else if ("+=-".includes(event.key) && this.under?.controls && this.under.child) {
      this.#judge(this.under, event.key === "-" ? "disliked" : "liked");
    } else return;
    event.preventDefault();
  }
}
