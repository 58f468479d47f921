/**
 * Words: say what it should be, and the picture goes there. What was understood as
 * what is told at once; each part can be taken away again.
 */
import { ask } from "./address.js";
import { make } from "./elements.js";
import { icon } from "./icons.js";
import { wordName } from "./labels.js";
import { languages, say, signed, word } from "./languages.js";
import { between, pairsOf } from "./recipe.js";
import { withHand, withRecipe } from "./store.js";

/** How long the picture takes to get there (ms). */
const JOURNEY = 900;
/** Standard deviations, of anything said. */
const MOST = 4;
/** Of the confidence in a part, below which it is marked as a guess. */
const SURE = 0.6;

export class Words {
  /** Parts that the sliders now carry. */
  #parts = [];
  #unknown = [];
  #journey = 0;

  /**
   * @param {import("./store.js").Store} store
   * @param {HTMLElement} place
   * @param {import("./status.js").Status} status
   */
  constructor(store, place, status) {
    this.store = store;
    this.status = status;
    this.place = place;
    this.#build();
    store.addEventListener("change", ({ detail }) => this.#follow(detail.how));
    languages.addEventListener("language", () => this.#tell());
  }

  /** Nothing can be said to a model that has no words. */
  setCard(card) {
    this.place.hidden = !(card.words?.length || card.kinds?.length);
    this.#forget();
  }

  focus() {
    this.field.focus();
    this.field.select();
  }

  /** What the sliders carry of what was said. */
  get parts() {
    return this.#parts;
  }

  /** Go where a sentence leads; with Shift from where the picture is. */
  async say(text, stay = false) {
    if (!text.trim() || !this.store.work) return;
    this.status.clear("words");
    try {
      const { recipe } = this.#without(this.store.work, this.#parts);
      const answer = await ask("words", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ text, recipe, stay }),
      });
      this.go(await answer.json());
    } catch (error) {
      this.status.tellError(error, "words");
    }
  }

  /** Go to what was understood, from the start that comes with it. */
  go({ understood, unknown = [], recipe = {} }) {
    if (!this.store.work) return;
    const { hand } = this.#without(this.store.work, this.#parts);
    this.#parts = joined(understood);
    this.#unknown = unknown;
    this.#tell();
    if (understood.length) this.#travel(sum(hand.amounts, understood), recipe);
  }

  /** Say it of the picture as it is, instead of what was said before. */
  put({ understood }) {
    this.go({ understood });
  }

  /** Say it too. */
  add({ understood }) {
    if (!this.store.work) return;
    this.#parts = joined([...this.#parts, ...understood]);
    this.#unknown = [];
    this.#tell();
    this.#travel(sum(this.store.work.hand.amounts, understood), {});
  }

  /** Be on the way for a moment rather than leap; the last step is the work. */
  #travel(goal, { source: end, kinds }) {
    cancelAnimationFrame(this.#journey);
    this.store.touch();
    const { hand, recipe: from } = this.store.work;
    const names = new Set([...Object.keys(hand.amounts), ...Object.keys(goal)]);
    const wanders = end && pairsOf(from.source) && pairsOf(end);
    const start = performance.now();
    const step = (now) => {
      const share = ease(Math.max(0, Math.min(1, (now - start) / this.#pace)));
      const amounts = {};
      for (const name of names) {
        const [here, there] = [hand.amounts[name] ?? 0, goal[name] ?? 0];
        const amount = Number((here + (there - here) * share).toFixed(3));
        if (amount) amounts[name] = amount;
      }
      const fields = { source: wanders ? between(from.source, end, share) : end ?? from.source };
      if (kinds) fields.kinds = kinds;
      const change = (work) => withHand(withRecipe(work, fields), { amounts, strength: 1 });
      this.store.edit(change, "words", share === 1);
      if (share < 1) this.#journey = requestAnimationFrame(step);
      else this.store.flush();
    };
    this.#journey = requestAnimationFrame(step);
  }

  get #pace() {
    return matchMedia("(prefers-reduced-motion: reduce)").matches ? 1 : JOURNEY;
  }

  /** Take a part away: the rest is where it was. */
  #drop(part) {
    this.#parts = this.#parts.filter((other) => other !== part);
    this.store.edit((work) => this.#without(work, [part]), "word");
    this.#tell();
  }

  /** `work` less what parts of a sentence have added. */
  #without(work, parts) {
    const amounts = { ...work.hand.amounts };
    for (const { word: name, amount } of parts) {
      const left = Number(((amounts[name] ?? 0) - amount).toFixed(3));
      if (Math.abs(left) < 0.01) delete amounts[name];
      else amounts[name] = left;
    }
    return withHand(work, { amounts });
  }

  /** Another work on the easel: what was said is over. */
  #follow(how) {
    if (how === "drift" || !this.#parts.length) return;
    if (!["words", "word"].includes(how) && !how.startsWith("slider:")) {
      const amounts = this.store.work?.hand.amounts ?? {};
      this.#parts = this.#parts.filter(({ word: name }) => amounts[name]);
      this.#tell();
    }
  }

  #forget() {
    this.#parts = this.#unknown = [];
    this.#tell();
  }

  #build() {
    this.field = make("input", {
      type: "text",
      class: "words-field",
      enterkeyhint: "go",
      autocomplete: "off",
      spellcheck: "false",
      maxlength: 500,
      "data-how": "words",
    });
    word(this.field, { name: "ui.words", hint: "ui.words.hint" });
    const form = make("form", { class: "words-form" }, this.field);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.say(this.field.value);
    });
    this.field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.say(this.field.value, true);
    });
    this.told = make("ul", { class: "words-told" });
    this.place.append(form, this.told);
  }

  #tell() {
    this.field.placeholder = say("ui.words.example");
    this.told.replaceChildren(
      ...this.#parts.map((part) => this.#part(part)),
      ...this.#unknown.map((part) => stranger(part)),
    );
    this.told.hidden = !this.told.childElementCount;
  }

  #part(part) {
    const name = wordName(part.word);
    const heard = part.text && part.text.toLowerCase() !== name.toLowerCase() ? part.text : "";
    const chip = make(
      "button",
      { type: "button", class: "chip", "data-word": part.word, onclick: () => this.#drop(part) },
      make("span", { class: "chip-word" }, name),
      make("span", { class: "chip-amount" }, signed(part.amount)),
      icon("close"),
    );
    chip.classList.toggle("is-guess", part.confidence < SURE);
    const sure = `${Math.round(100 * part.confidence)} %`;
    const params = { text: heard || name, word: name, sure };
    word(chip, { name: "ui.words.drop", params });
    chip.dataset.tip = say("ui.words.understood", params);
    return make("li", {}, chip);
  }
}

function stranger({ text, nearest }) {
  const words = nearest
    ? say("ui.words.unknown_near", { text, nearest: wordName(nearest) })
    : say("ui.words.unknown", { text });
  return make("li", { class: "stranger" }, words);
}

/** One part a word: what says the same adds up. */
function joined(parts) {
  const byWord = new Map();
  for (const part of parts) {
    const before = byWord.get(part.word);
    const texts = [before?.text, part.text].filter(Boolean);
    const amount = Number(((before?.amount ?? 0) + part.amount).toFixed(3));
    byWord.set(part.word, {
      word: part.word,
      text: [...new Set(texts)].join(", "),
      amount: Math.max(-MOST, Math.min(MOST, amount)),
      confidence: Math.max(before?.confidence ?? 0, part.confidence),
    });
  }
  return [...byWord.values()];
}

/** Amounts with those of parts, each within what words may do. */
function sum(amounts, parts) {
  const total = { ...amounts };
  for (const { word: name, amount } of parts) {
    const added = (total[name] ?? 0) + amount;
    total[name] = Number(Math.max(-MOST, Math.min(MOST, added)).toFixed(3));
  }
  return total;
}

function ease(share) {
  return share * share * (3 - 2 * share);
}
