/**
 * Refining: a grid of children around the work on the easel. A click makes a child
 * the new work, like any other change; from what is taken and liked the next grids
 * learn, and a sentence says what.
 */
import { ask } from "../address.js";
import { button, fold, make } from "../elements.js";
import { languages, say, word } from "../languages.js";
import { prefer, preference } from "../preferences.js";
import { Slider } from "../slider.js";
import { offerFile, pickFile, styled } from "./files.js";
import { sentenceOf } from "./learnt.js";
import { Tile } from "./tile.js";
import { Votes } from "./votes.js";

/** A work that has changed is bred from when it has rested for this long (ms). */
const REST = 350;
const STRENGTH = 0.7;
/** How much of the strength is left after each choice, where it is to shrink. */
const SHRINKS = 0.88;
const LEAST = 0.15;
const REMEMBERED = 40;
const MIDDLE = 4;

export class Refine {
  /** @param {HTMLElement} place @param {import("../desk.js").Desk} desk */
  constructor(place, desk) {
    Object.assign(this, { place, desk, store: desk.store, live: desk.live });
    styled("refine.css");
    this.votes = new Votes(() => this.store.card);
    this.mate = null;
    this.answer = null;
    /** Grids by what was asked, so that undo brings the same ones back. */
    this.grids = new Map();
    this.locks = preference("refine:locks", { composition: false, detail: false });
    this.#build();
    this.store.addEventListener("change", ({ detail }) => this.#follow(detail.how));
    desk.drift.addEventListener("drift", () => this.#soon());
    languages.addEventListener("language", () => this.#describe());
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Look again at what is on the easel. */
  wake() {
    this.#soon(0);
  }

  /** Show children of the work on the easel and `mate`, as long as it stays there. */
  breedWith({ recipe, id = null }) {
    this.mate = { recipe, id };
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
    const on = { take: (tile) => this.#take(tile), judge: (tile, kind) => this.#judge(tile, kind) };
    this.tiles = Array.from({ length: 9 }, (_, index) => new Tile(index + 1, on));
    this.children = this.tiles.filter((_, index) => index !== MIDDLE);
    const cells = this.tiles.map((tile) => tile.element);
    this.grid = word(make("div", { class: "grid", role: "group" }, ...cells), {
      name: "ui.refine.grid",
    });
    this.grid.addEventListener("pointerover", (event) => this.#point(event));
    this.grid.addEventListener("focusin", (event) => this.#point(event));
    this.learnt = make("p", { class: "learnt", role: "status" });
    this.strength = this.#strength();
    this.alone = word(
      make("button", { type: "button", class: "offer", onclick: () => this.#beAlone() }),
      { text: "ui.alone", hint: "ui.alone.hint" },
    );
    this.place.append(
      this.grid,
      this.learnt,
      this.strength.element,
      make(
        "div",
        { class: "tools" },
        button("others", () => this.others(), { icon: "others" }),
        this.#toggle("composition"),
        this.#toggle("detail"),
      ),
      fold("taste", this.#taste()),
    );
    this.round = 0;
  }

  #strength() {
    const slider = new Slider({
      how: "refine",
      min: 0,
      max: 1,
      step: 0.01,
      rest: STRENGTH,
      figure: (value) => `${Math.round(100 * value)} %`,
      onTouch: () => {},
      onMove: (value, final) => {
        prefer("refine:strength", value);
        if (final) this.#soon(0);
      },
    });
    slider.set(preference("refine:strength", STRENGTH));
    return slider;
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

  #taste() {
    const shrink = button("shrink", () => this.#shrinkOrNot(shrink), { icon: "chevron" });
    shrink.setAttribute("aria-pressed", String(preference("refine:shrink", false)));
    return make(
      "div",
      { class: "tools" },
      button("tree", () => this.desk.actions.tree(), { icon: "tree" }),
      shrink,
      button("forget", () => this.#forget(), { icon: "reset" }),
      button("taste_save", () => this.#saveTaste(), { icon: "save" }),
      button("taste_open", () => this.#openTaste(), { icon: "open" }),
    );
  }

  #describe() {
    this.tiles.forEach((tile) => tile.describe());
    this.strength.describe({
      minus: say("ui.refine.whisper"),
      plus: say("ui.refine.leap"),
      name: say("ui.refine.strength"),
      figures: say("ui.refine.strength.hint"),
    });
    this.learnt.replaceChildren(sentenceOf(this.answer?.taste, Boolean(this.mate)));
    if (this.mate) this.learnt.append(" ", this.alone);
  }

  #follow(how) {
    if (how === "drift") return;
    // Two parents are one question; another work is another one.
    if (how !== "refine" && this.asked && this.asked !== this.#question()) this.mate = null;
    this.#soon();
  }

  #soon(wait = REST) {
    clearTimeout(this.timer);
    if (this.#open) this.timer = setTimeout(() => this.#breed(), wait);
  }

  #question() {
    return JSON.stringify([this.store.recipe, this.mate?.recipe ?? null]);
  }

  async #breed() {
    const { store, desk } = this;
    if (!store.work || !store.card || desk.drift.on || !this.#open) return;
    this.asked = this.#question();
    const body = this.#request();
    const key = JSON.stringify([body, this.round]);
    this.current = key;
    try {
      let answer = this.grids.get(key);
      answer ??= await this.#fetch(body, key);
      if (this.current === key) await this.#show(answer, key);
    } catch (error) {
      if (this.current === key) desk.status.tellError(error, "refine");
    }
  }

  #request() {
    const { recipe } = this.store;
    const locked = [...this.desk.sliders.byName].filter(([, slider]) => slider.locked);
    return {
      parents: this.mate ? [recipe, this.mate.recipe] : [recipe],
      strength: this.strength.value,
      count: 8,
      locks: { ...this.locks, directions: locked.map(([name]) => name) },
      votes: this.votes.all,
    };
  }

  async #fetch(body, key) {
    const response = await ask("children", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const answer = { ...(await response.json()), pictures: new Map() };
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
    this.desk.status.clear("refine");
    this.children.forEach((tile, index) => tile.show(answer.children[index] ?? null));
    const parent = { role: "parent", recipe: this.store.recipe, place: answer.place };
    this.tiles[MIDDLE].show(parent);
    this.#describe();
    this.#offerMate(answer);
    for (const tile of [this.tiles[MIDDLE], ...this.children]) {
      if (!tile.child) continue;
      const address = await this.#picture(answer, tile.child.recipe);
      if (this.current !== key) return;
      if (address) tile.draw(address);
    }
  }

  async #picture(answer, recipe) {
    const key = JSON.stringify(recipe);
    if (!answer.pictures.has(key)) {
      const blob = await this.live.aside(recipe, { forgettable: false }).catch(() => null);
      if (!blob) return null;
      answer.pictures.set(key, URL.createObjectURL(blob));
    }
    return answer.pictures.get(key);
  }

  #offerMate({ mate }) {
    if (!mate || this.offered === this.votes.all.length) return;
    this.offered = this.votes.all.length;
    const offer = { key: "ui.refine.mate", act: () => this.breedWith({ recipe: mate }) };
    this.desk.status.tell("ui.refine.inbred", {}, { from: "refine", offer });
  }

  /** Take a tile as the new work; the parent itself asks for others. */
  #take(tile) {
    const { recipe, place } = tile.child;
    const over = this.tiles.filter((other) => other !== tile && other.child);
    const places = over.map((other) => other.child.place);
    this.votes.add({ kind: "chosen", place, over: places });
    this.#shrink();
    if (tile.child.role === "parent") return this.others();
    const also = this.mate?.id ? [this.mate.id] : [];
    this.mate = null;
    this.store.edit(
      ({ recipe: { size }, hand }) => ({ recipe: size ? { ...recipe, size } : recipe, hand, also }),
      "refine",
    );
    this.store.flush();
    return this.#soon(0);
  }

  #judge(tile, kind) {
    this.votes.withdraw(tile.child.place);
    const again = tile.verdict === kind;
    tile.mark(again ? null : kind);
    if (!again) this.votes.add({ kind, place: tile.child.place });
  }

  #shrink() {
    if (!preference("refine:shrink", false)) return;
    const strength = Math.max(LEAST, this.strength.value * SHRINKS);
    this.strength.set(Number(strength.toFixed(2)));
    prefer("refine:strength", this.strength.value);
  }

  #shrinkOrNot(control) {
    const on = !preference("refine:shrink", false);
    prefer("refine:shrink", on);
    control.setAttribute("aria-pressed", String(on));
  }

  #beAlone() {
    this.mate = null;
    return this.others(true);
  }

  #forget() {
    this.votes.forget();
    this.desk.status.tell("ui.refine.forgotten", {}, { good: true });
    this.#soon(0);
  }

  #saveTaste() {
    offerFile(this.votes.write(), `${this.store.card.name}-taste.json`);
  }

  async #openTaste() {
    const file = await pickFile(".json");
    if (!file) return;
    try {
      this.votes.read(await file.text());
      this.#soon(0);
    } catch (error) {
      this.desk.status.tellError(error);
    }
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
      if (tile.child) this.#take(tile);
    } else if (event.key === "0") this.others();
    else if ("+=-".includes(event.key) && this.under?.controls && this.under.child) {
      this.#judge(this.under, event.key === "-" ? "disliked" : "liked");
    } else return;
    event.preventDefault();
  }
}
