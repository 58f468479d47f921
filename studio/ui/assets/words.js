/**
 * Words: say what it should be, and the picture goes there. What was understood as
 * what is told at once; each part can be taken away again.
 */
import { post } from "./address.js";
import { make } from "./elements.js";
import { icon } from "./icons.js";
import { wordName } from "./labels.js";
import { languages, say, signed, word } from "./languages.js";
import { between, pairsOf } from "./recipe.js";
import { alsoSaid, standing, unsaid } from "./said.js";
import { withHand, withRecipe } from "./store.js";
import { taught } from "./taught.js";

/** How long the picture takes to get there (ms). */
const JOURNEY = 900;
/** Of the confidence in a part, below which it is marked as a guess. */
const SURE = 0.6;

export class Words {
  #unknown = [];
  #apart = [];
  #journey = 0;
  /** What ends the journey at once, while there is one; and what will then be said. */
  #arrive = null;
  #ahead = null;
  #turn = 0;
  #told = "";
  #listed = [];

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
    languages.addEventListener("language", () => this.#tell(true));
    taught.addEventListener("change", () => this.#follow("taught"));
  }

  setCard(card) {
    this.#stop();
    this.card = card;
    this.#listed = [...(card.words ?? []), ...card.directions].map(({ name }) => name);
    this.#unknown = this.#apart = [];
    this.#tell();
  }

  /** The words that are directions; all others are kinds. */
  get #names() {
    const carried = Object.keys(this.store.work?.hand.taught ?? {});
    return new Set([...this.#listed, ...taught.names, ...carried]);
  }

  focus() {
    this.field.focus();
    this.field.select();
  }

  /** What was said of the work on the easel, and still holds. */
  get parts() {
    if (this.#ahead) return this.#ahead;
    return this.store.work ? standing(this.store.work) : [];
  }

  /** Go where a sentence leads, or to `stay` from where the picture is. */
  async say(text, stay = false) {
    if (!text.trim()) return;
    if (!this.store.work) return this.#sayLater(stay);
    this.status.clear("words");
    this.#arrive?.();
    const { card } = this.store;
    const turn = ++this.#turn;
    try {
      const { recipe } = this.#unsaid();
      const own = taught.own.map(({ name, step, certainty }) => ({ name, step, certainty }));
      const asked = { text, recipe, stay: stay || Boolean(recipe.residual) };
      const answer = await post("words", own.length ? { ...asked, taught: own } : asked);
      const heard = await answer.json();
      // Somebody may have said something else meanwhile, or changed the model.
      if (turn === this.#turn && card === this.store.card) this.go(heard);
    } catch (error) {
      this.status.tellError(error, "words");
    }
  }

  /** Say what stands in the field as soon as there is a work to say it of. */
  #sayLater(stay) {
    if (this.waiting) return;
    this.waiting = true;
    const say = () => {
      this.waiting = false;
      this.say(this.field.value, stay);
    };
    this.store.addEventListener("change", say, { once: true });
  }

  /** Go to what was understood, from the start that comes with it, if one does. */
  go({ understood, unknown = [], contradictions = [], recipe = {} }) {
    if (!this.store.work) return;
    this.#arrive?.();
    if (understood.length) {
      const names = this.#names;
      const kinds = understood.some((part) => !names.has(part.word) && part.source !== "sought");
      const shares = kinds ? recipe.kinds : undefined;
      // A picture of the person's own stays what it is under every word.
      const end = this.store.recipe.residual ? undefined : recipe.source;
      const start = end ?? this.store.recipe.source;
      const parts = understood.map((part) => (part.source === "sought" ? { ...part, start } : part));
      this.#travel(alsoSaid(this.#unsaid(), parts, names, shares), end);
    }
    this.#unknown = unknown;
    this.#apart = contradictions;
    this.#tell(true);
  }

  /** Say it too. */
  add({ understood }) {
    if (!this.store.work) return;
    this.#arrive?.();
    this.#travel(alsoSaid(this.store.work, understood, this.#names));
  }

  #unsaid() {
    return unsaid(this.store.work, this.parts.map(({ word: name }) => name));
  }

  /** Be on the way for a moment rather than leap; the last step is the work. */
  #travel(goal, end) {
    this.#stop();
    this.store.touch();
    const { hand, recipe: from } = this.store.work;
    const here = unsaid(this.store.work, []).hand.amounts;
    const names = new Set([...Object.keys(here), ...Object.keys(goal.hand.amounts)]);
    const wanders = end && pairsOf(from.source) && pairsOf(end);
    const { kinds } = goal.recipe;
    const start = performance.now();
    const there = withRecipe(goal, { source: end ?? from.source });
    this.#ahead = goal.hand.said;
    this.#arrive = () => {
      this.#stop();
      this.store.edit(() => there, "words");
      this.store.flush();
    };
    const near = (share) => {
      const amounts = {};
      for (const name of names) {
        const [a, b] = [here[name] ?? 0, goal.hand.amounts[name] ?? 0];
        amounts[name] = Number((a + (b - a) * share).toFixed(3));
      }
      const source = wanders ? between(from.source, end, share) : end ?? from.source;
      const fields = kinds ? { source, kinds } : { source };
      const steps = { ...hand.taught, ...goal.hand.taught };
      const way = { amounts, strength: 1, said: [], taught: steps };
      return withHand(withRecipe({ recipe: from, hand }, fields), way);
    };
    const step = (now) => {
      const share = ease(Math.max(0, Math.min(1, (now - start) / this.#pace)));
      if (share === 1) return this.#arrive();
      this.store.edit(() => near(share), "words", false);
      this.#journey = requestAnimationFrame(step);
      return undefined;
    };
    this.#journey = requestAnimationFrame(step);
  }

  #stop() {
    cancelAnimationFrame(this.#journey);
    this.#ahead = this.#arrive = null;
  }

  get #pace() {
    return matchMedia("(prefers-reduced-motion: reduce)").matches ? 1 : JOURNEY;
  }

  /** Take a part away: the rest is where it was. */
  #drop(part) {
    this.store.edit((work) => unsaid(work, [part.word]), "word");
  }

  /** Whatever else changes the work ends the journey, and what nobody understood. */
  #follow(how) {
    if (how !== "words") this.#stop();
    if (how === "drift") return;
    if (how !== "words") {
      this.#turn += 1;
      this.#unknown = this.#apart = [];
    }
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
    this.form = form;
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

  #tell(again = false) {
    const { card, parts } = this;
    // Nothing can be said to a model that has no words.
    this.form.hidden = !(card?.words?.length || card?.kinds?.length || taught.own.length);
    const told = JSON.stringify([parts, this.#unknown, this.#apart]);
    if (told === this.#told && !again) return;
    this.#told = told;
    this.field.placeholder = say("ui.words.example");
    this.told.replaceChildren(
      ...parts.map((part) => this.#part(part)),
      ...this.#unknown.map((part) => stranger(part)),
      ...this.#apart.map(({ texts }) => opposed(texts)),
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
    chip.dataset.tip = say(part.start ? "ui.words.sought" : "ui.words.understood", params);
    return make("li", {}, chip);
  }
}

function stranger({ text, nearest }) {
  const words = nearest
    ? say("ui.words.unknown_near", { text, nearest: wordName(nearest) })
    : say("ui.words.unknown", { text });
  return make("li", { class: "stranger" }, words);
}

function opposed(texts) {
  return make("li", { class: "stranger" }, say("ui.words.apart", { texts: texts.join(" · ") }));
}

function ease(share) {
  return share * share * (3 - 2 * share);
}
