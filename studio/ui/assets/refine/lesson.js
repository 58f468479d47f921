/**
 * A lesson: works are marked as "more of this" or "less of this", named, and are a
 * word from then on. What was kept comes first, then the history, then new works, as
 * many as somebody wants to see.
 */
import { post } from "../address.js";
import { button, make } from "../elements.js";
import { languages, say, word } from "../languages.js";
import { newRecipe, randomSeed, sameRecipe } from "../recipe.js";
import { taught } from "../taught.js";
import { styled } from "./files.js";

const FEWEST = 6;
const MOST = 20;
const REMEMBERED = 48;
const FRESH = 24;
/** One click after the other. */
const NEXT = { "": "more", more: "less", less: "" };

export class Lesson {
  /** @param {HTMLElement} room @param {import("../desk.js").Desk} desk */
  constructor(room, desk) {
    Object.assign(this, { desk, tiles: [], busy: false });
    styled("lesson.css");
    this.dialog = this.#build();
    room.append(this.dialog);
    languages.addEventListener("language", () => this.#describe());
  }

  /** Show or put away the lesson; marks stay while the model is the same. */
  async toggle() {
    if (this.dialog.open) return this.dialog.close();
    const { desk } = this;
    desk.hold();
    desk.store.flush();
    this.dialog.showModal();
    this.#tell();
    const { fingerprint } = desk.store.card;
    if (this.of !== fingerprint) this.#empty();
    this.of = fingerprint;
    this.#follow();
    await this.#bringKnown();
    if (!this.tiles.some(({ fresh }) => fresh)) this.#bringFresh();
  }

  #empty() {
    for (const tile of this.tiles) URL.revokeObjectURL(tile.image.src);
    this.tiles = [];
    this.grid.replaceChildren();
  }

  /** What was kept and made, in front of what is there already. */
  async #bringKnown() {
    const kept = await this.desk.keepers.database.all("keepers");
    const made = (await this.desk.history.all()).filter(({ pruned }) => !pruned);
    kept.sort((a, b) => (a.id < b.id ? 1 : -1));
    const works = [...kept, ...made.slice(-REMEMBERED).reverse()];
    const fresh = [];
    for (const { recipe, picture = null } of works) {
      const known = [...this.tiles, ...fresh];
      if (recipe.fingerprint !== this.of || known.some((one) => same(one.recipe, recipe))) continue;
      fresh.push(this.#tile(recipe, picture, false));
    }
    this.tiles = [...fresh, ...this.tiles];
    this.grid.prepend(...fresh.map(({ element }) => element));
    this.#describe();
  }

  /** Works of seeds by chance. */
  #bringFresh() {
    const { card } = this.desk.store;
    const fresh = Array.from({ length: FRESH }, () => {
      const { size: _, ...recipe } = newRecipe(card, randomSeed());
      return this.#tile(recipe, null, true);
    });
    this.tiles.push(...fresh);
    this.grid.append(...fresh.map(({ element }) => element));
    this.#describe();
  }

  #tile(recipe, picture, fresh) {
    const image = make("img", { alt: "", draggable: "false" });
    const mark = make("span", { class: "lesson-mark", "aria-hidden": "true" });
    const fields = { type: "button", class: "lesson-tile", onclick: () => this.#turn(tile) };
    const element = make("button", fields, image, mark);
    const tile = { recipe, image, mark, element, fresh, verdict: "" };
    this.#draw(tile, picture);
    return tile;
  }

  async #draw({ recipe, image, element }, picture) {
    const blob = picture ?? (await this.desk.live.tile(recipe).catch(() => null));
    if (!blob) return;
    image.src = URL.createObjectURL(blob);
    element.classList.add("is-drawn");
  }

  #turn(tile) {
    tile.verdict = NEXT[tile.verdict];
    this.#tell();
    this.#describe();
  }

  #marked(verdict) {
    return this.tiles.filter((tile) => tile.verdict === verdict);
  }

  async #teach(event) {
    event.preventDefault();
    const name = this.field.value.trim();
    if (this.busy) return;
    if (!name) return this.#tell("ui.teach.nameless");
    const [more, less] = ["more", "less"].map((one) => this.#marked(one).map(recipeOf));
    if (more.length < FEWEST || more.length > MOST) {
      return this.#tell("ui.teach.count", { count: more.length, fewest: FEWEST, most: MOST });
    }
    this.busy = true;
    this.#tell("ui.teach.learning");
    this.#follow();
    try {
      const learnt = await (await post("teach", { name, more, less })).json();
      this.#keep(learnt);
    } catch (error) {
      this.#tellError(error);
    }
    this.busy = false;
    this.#follow();
  }

  #keep(learnt) {
    const before = taught.all;
    const lasts = taught.add(learnt);
    const agree = Math.round(100 * learnt.agreement);
    const sure = Math.round(100 * learnt.sure);
    const key = lasts ? `ui.teach.learnt_${learnt.certainty}` : "ui.teach.no_room";
    const offer = { key: "ui.teach.undo", act: () => taught.put(before) };
    this.desk.status.tell(key, { name: learnt.name, agree, sure }, { good: true, offer });
    this.field.value = "";
    for (const tile of this.tiles) tile.verdict = "";
    this.dialog.close();
    // The work shows at once what was learnt.
    this.desk.words.add({ understood: [{ word: learnt.name, text: learnt.name, amount: 1,
      confidence: learnt.certainty === "known" ? 1 : 0.5 }] });
  }

  #follow() {
    const [more, less] = [this.#marked("more").length, this.#marked("less").length];
    this.count.textContent = say("ui.teach.marked", { more, less, fewest: FEWEST, most: MOST });
    this.go.disabled = this.busy || more < FEWEST;
  }

  #describe() {
    this.#follow();
    this.field.placeholder = say("ui.teach.name");
    this.tiles.forEach(({ element, mark, verdict }, index) => {
      element.dataset.verdict = verdict;
      mark.textContent = verdict ? say(`ui.teach.is_${verdict}`) : "";
      const state = say(`ui.teach.is_${verdict || "none"}`);
      element.setAttribute("aria-label", say("ui.teach.tile", { number: index + 1, state }));
    });
  }

  #tell(key = "ui.teach.how", params = {}) {
    this.note.textContent = say(key, params);
  }

  #tellError({ code = "ui.status.no_answer", params = {}, sentence = "" }) {
    const key = code.startsWith("ui.") ? code : `error.${code}`;
    this.note.textContent = languages.knows(key) ? say(key, params) : sentence;
  }

  #build() {
    this.count = make("span", { class: "lesson-count", role: "status" });
    this.note = make("p", { class: "lesson-note", role: "status" });
    this.grid = make("div", { class: "lesson-grid", role: "group" });
    word(this.grid, { name: "ui.teach.works" });
    this.field = make("input", { type: "text", class: "words-field", maxlength: 64 });
    word(this.field, { name: "ui.teach.name" });
    this.go = word(make("button", { type: "submit", class: "quiet", "data-act": "teach_go" }), {
      text: "ui.teach_go",
      hint: "ui.teach_go.hint",
    });
    const submit = (event) => this.#teach(event);
    const dialog = make(
      "dialog",
      { class: "lesson" },
      make("div", { class: "lesson-head" },
        word(make("h2"), { text: "ui.teach" }),
        this.count,
        button("teach_fresh", () => this.#bringFresh(), { icon: "others" }),
        button("close", () => dialog.close(), { icon: "close", bare: true })),
      this.note,
      this.grid,
      make("form", { class: "lesson-foot", onsubmit: submit }, this.field, this.go),
    );
    word(dialog, { name: "ui.teach" });
    return dialog;
  }
}

/** The size of a file says nothing about a work. */
function recipeOf({ recipe: { size: _, ...recipe } }) {
  return recipe;
}

function same(one, other) {
  return sameRecipe(recipeOf({ recipe: one }), recipeOf({ recipe: other }));
}
