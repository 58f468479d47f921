/**
 * Presets: phrases worth starting from, each with its picture, and the artist's own.
 * One click goes there; with the plus, or Shift, it joins what has been said.
 */
import { ask } from "./address.js";
import { freshId } from "./database.js";
import { button, fold, make } from "./elements.js";
import { ownLabels, wordName } from "./labels.js";
import { languages, say, signed, word } from "./languages.js";
import { prefer, preference } from "./preferences.js";
import { offerFile, pickFiles } from "./refine/files.js";
import { MOST_OWN as MOST_TAUGHT, readWord, taught } from "./taught.js";

const OWN = "presets";
const MOST_OWN = 60;
const MOST_NAME = 40;

export class Presets {
  #offered = [];
  #pictures = new Map();
  #card = null;

  /**
   * @param {import("./words.js").Words} words
   * @param {import("./live.js").Live} live
   */
  constructor(words, live, onTeach) {
    Object.assign(this, { words, live, onTeach });
    this.grid = make("ul", { class: "presets" });
    this.#build();
    this.element.addEventListener("toggle", () => this.#load());
    languages.addEventListener("language", () => this.#draw());
    taught.addEventListener("change", () => this.#draw());
    words.store.addEventListener("change", ({ detail }) => this.#follow(detail.how));
  }

  /** Offer the presets of a card's model, once somebody looks. */
  setCard(card) {
    this.#card = card;
    this.#offered = [];
    this.#forgetPictures();
    this.#load();
  }

  async #load() {
    const card = this.#card;
    if (!this.element.open || !card?.words?.length || this.#offered.length) return;
    try {
      const answer = await ask(`presets?model=${encodeURIComponent(card.name)}`);
      const { presets } = await answer.json();
      if (card !== this.#card) return;
      this.#offered = presets;
      this.#draw();
      for (const preset of presets) await this.#picture(card, preset);
    } catch (error) {
      this.words.status.tellError(error, "presets");
    }
  }

  async #picture(card, { key, recipe }) {
    const blob = await this.live.aside(recipe, { forgettable: false });
    if (!blob || card !== this.#card) return;
    this.#pictures.set(key, URL.createObjectURL(blob));
    const image = this.grid.querySelector(`[data-preset="${key}"] img`);
    if (image) image.src = this.#pictures.get(key);
  }

  #forgetPictures() {
    for (const address of this.#pictures.values()) URL.revokeObjectURL(address);
    this.#pictures.clear();
    this.#draw();
  }

  #draw() {
    const own = preference(OWN, []);
    this.grid.replaceChildren(
      ...this.#offered.map((preset) => this.#tile(preset)),
      ...own.map((preset) => this.#ownTile(preset)),
      ...taught.own.map((one) => this.#taughtTile(one)),
      ...this.#strangers.map(([name, step]) => this.#strangerTile(name, step)),
    );
  }

  /** Words that came with the work on the easel and were taught somewhere else. */
  get #strangers() {
    const carried = Object.entries(this.words.store.recipe?.taught ?? {});
    return carried.filter(([name]) => !taught.find(name));
  }

  #follow(how) {
    if (how === "drift") return;
    const names = this.#strangers.map(([name]) => name).join();
    if (names !== this.came) this.#draw();
    this.came = names;
  }

  /** A word that was taught here. */
  #taughtTile(own) {
    const { name, certainty } = own;
    const confidence = certainty === "known" ? 1 : 0.5;
    const preset = { understood: [{ word: name, text: name, amount: 1, confidence }] };
    const go = (event) => (event.shiftKey ? this.words.add(preset) : this.words.go(preset));
    const sure = say(`ui.taught.${certainty}_short`, { agree: Math.round(100 * own.agreement) });
    const open = make("button", { type: "button", class: "preset is-own", onclick: go },
      make("span", {}, name, make("small", {}, sure)));
    open.dataset.tip = ownLabels(own).figures;
    const remove = () => {
      const before = taught.all;
      taught.remove(own);
      const offer = { key: "ui.preset.put_back", act: () => taught.put(before) };
      this.words.status.tell("ui.preset.gone", { name }, { offer });
    };
    return make("li", { class: "own", "data-taught": name }, open,
      button("taught_delete", remove, { icon: "close", bare: true }));
  }

  #strangerTile(name, step) {
    const { name: model, fingerprint } = this.#card;
    const unknown = { certainty: "uncertain", agreement: 0, sure: 0, more: 0, less: 0, effects: {} };
    const keep = () => taught.add({ name, model, fingerprint, step, ...unknown });
    const text = make("span", { class: "preset is-own" }, say("ui.taught.came", { name }));
    return make("li", { class: "own" }, text, button("taught_keep", keep, { icon: "keep" }));
  }

  #tile(preset) {
    const words = preset.understood.map((part) => `${wordName(part.word)} ${signed(part.amount, 1)}`);
    const told = say(preset.mood ? "ui.preset.mood" : "ui.preset.is", {
      words: words.join(say("ui.direction.comma")),
    });
    const picture = make("img", { alt: "", draggable: "false" });
    if (this.#pictures.has(preset.key)) picture.src = this.#pictures.get(preset.key);
    const go = (event) => (event.shiftKey ? this.words.add(preset) : this.words.go(preset));
    const open = make("button", { type: "button", class: "preset", onclick: go }, picture,
      make("span", {}, say(`preset.${preset.key}`)));
    open.dataset.tip = told;
    return make("li", { "data-preset": preset.key }, open, this.#plus(preset));
  }

  #plus(preset) {
    const join = () => this.words.add(preset);
    return button("preset_add", join, { icon: "add", bare: true, class: "preset-add" });
  }

  /** One that was saved here: parts without a start of their own. */
  #ownTile(own) {
    const apply = (event) => {
      const preset = this.#fitted(own);
      if (!preset) return;
      if (event.shiftKey) this.words.add(preset);
      else this.words.go(preset);
    };
    const open = make("button", { type: "button", class: "preset is-own", onclick: apply },
      make("span", {}, own.name));
    const remove = () => {
      const before = preference(OWN, []);
      this.#keep(before.filter(({ id }) => id !== own.id));
      const offer = { key: "ui.preset.put_back", act: () => this.#keep(before) };
      this.words.status.tell("ui.preset.gone", { name: own.name }, { offer });
    };
    const rename = () => this.#name(own.name, (name) =>
      this.#keep(preference(OWN, []).map((one) => (one.id === own.id ? { ...one, name } : one))));
    return make("li", { class: "own" }, open,
      button("preset_rename", rename, { icon: "pencil", bare: true }),
      button("preset_delete", remove, { icon: "close", bare: true }));
  }

  /** What of a saved preset this model knows; what it does not is told. */
  #fitted(own) {
    const listed = (this.#card?.words ?? []).map(({ name }) => name);
    const known = new Set([...listed, ...taught.names]);
    const understood = own.parts.filter((part) => known.has(part.word));
    const lost = own.parts.filter((part) => !known.has(part.word));
    if (lost.length) {
      const words = lost.map((part) => wordName(part.word)).join(say("ui.direction.comma"));
      this.words.status.tell("ui.preset.lost", { words });
    }
    return understood.length ? { understood, unknown: [] } : null;
  }

  #keep(own) {
    prefer(OWN, own);
    this.#draw();
  }

  #save() {
    const parts = this.words.parts.filter(({ kind }) => !kind).map(plainPart);
    if (!parts.length) return this.words.status.tell("ui.preset.nothing");
    if (preference(OWN, []).length >= MOST_OWN) {
      return this.words.status.tell("ui.preset.full", { n: MOST_OWN });
    }
    const name = parts.map((part) => wordName(part.word)).join(" ").slice(0, MOST_NAME);
    return this.#name(name, (chosen) => {
      this.#keep([...preference(OWN, []), { id: freshId(), name: chosen, parts }]);
    });
  }

  /** Ask for a name in a field of its own, in place. */
  #name(value, then) {
    const field = make("input", { type: "text", class: "words-field", maxlength: MOST_NAME });
    field.value = value;
    word(field, { name: "ui.preset.name" });
    let over = false; // taking the field away makes it lose the focus once more
    const done = (keep) => {
      if (over) return;
      over = true;
      const name = field.value.trim();
      field.remove();
      if (keep && name) then(name);
    };
    field.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "Enter" || event.key === "Escape") done(event.key === "Enter");
    });
    field.addEventListener("blur", () => done(true));
    this.tools.after(field);
    field.focus();
    field.select();
  }

  #export() {
    const own = { presets: preference(OWN, []), words: taught.all };
    const text = JSON.stringify({ format: 1, ...own }, null, 1);
    offerFile(text, "presets.json");
  }

  async #import() {
    const [file] = await pickFiles(".json");
    if (!file) return undefined;
    const [own, brought] = [preference(OWN, []), await readPresets(file)];
    if (!brought) return this.words.status.tell("ui.preset.bad_file");
    const room = MOST_OWN - own.length;
    if (brought.presets.length > room) this.words.status.tell("ui.preset.full", { n: MOST_OWN });
    this.#keep([...own, ...brought.presets.slice(0, room)]);
    return this.#takeIn(brought.words);
  }

  /** Words from a file; those of other models wait until theirs is on the easel. */
  #takeIn(words) {
    words.forEach((one) => taught.add(one));
    const foreign = words.filter(({ fingerprint }) => fingerprint !== this.#card?.fingerprint);
    if (!foreign.length) return;
    const names = foreign.map(({ name }) => name).join(say("ui.direction.comma"));
    this.words.status.tell("ui.taught.foreign", { names, model: foreign[0].model });
  }

  #build() {
    this.tools = make("div", { class: "tools" },
      button("preset_save", () => this.#save(), { icon: "keep" }),
      button("teach", () => this.onTeach(), { icon: "add" }),
      button("preset_export", () => this.#export(), { icon: "save", bare: true }),
      button("preset_import", () => this.#import(), { icon: "open", bare: true }),
    );
    this.element = fold("presets", this.grid, this.tools);
  }
}

function plainPart({ text, word: name, amount, confidence }) {
  return { text, word: name, amount, confidence };
}

/** The presets and taught words in a file; null where it holds none. */
async function readPresets(file) {
  if (file.size > 2 ** 20) return null;
  try {
    const { presets = [], words = [] } = JSON.parse(await file.text());
    const kept = presets.slice(0, MOST_OWN).map(({ name, parts }) => ({
      id: freshId(),
      name: String(name).slice(0, MOST_NAME),
      parts: parts.slice(0, 20).map(readPart),
    }));
    const own = words.slice(0, MOST_TAUGHT).map(readWord);
    return kept.length || own.length ? { presets: kept, words: own } : null;
  } catch {
    return null;
  }
}

function readPart({ word: name, amount, text = "", confidence = 1 }) {
  if (typeof name !== "string" || !Number.isFinite(amount)) throw new Error(name);
  const near = Math.max(-3, Math.min(3, amount));
  return { text: String(text), word: name, amount: near, confidence: Number(confidence) || 0 };
}

