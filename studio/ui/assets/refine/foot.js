/** The foot of the family tree: what can be done with what is ticked, and what was said. */
import { button, make } from "../elements.js";
import { languages, say, word } from "../languages.js";

const NAME_LENGTH = 80;

export class Foot {
  /**
   * @param {{name: (text: string) => void, prune: () => void, revive: () => void,
   *   compare: () => void, breed: () => void}} on
   */
  constructor(on) {
    Object.assign(this, { on, told: { key: "ui.tree.choose", params: {}, offer: null } });
    this.note = make("p", { class: "tree-note", role: "status" });
    this.field = make("input", { type: "text", class: "choice", maxlength: NAME_LENGTH });
    word(this.field, { name: "ui.tree_name.field" });
    this.form = make(
      "form",
      { class: "tree-form", hidden: true, onsubmit: (event) => this.#named(event) },
      this.field,
    );
    this.field.addEventListener("blur", () => this.#ask(false));
    this.field.addEventListener("keydown", (event) => this.#key(event));
    this.name = button("tree_name", () => this.#ask(true));
    this.prune = button("tree_prune", () => on.prune());
    this.revive = button("tree_revive", () => on.revive());
    this.compare = button("compare", () => on.compare());
    this.breed = button("breed", () => on.breed());
    const acts = [this.name, this.prune, this.revive, this.compare, this.breed];
    this.element = make("div", { class: "tree-foot" }, this.note, this.form, ...acts);
    languages.addEventListener("language", () => this.#show());
    this.#show();
  }

  /** Offer what fits the works that are ticked. */
  follow(ticked, pruned) {
    this.ticked = ticked;
    const count = ticked.length;
    const models = new Set(ticked.map(({ recipe }) => recipe.model));
    this.name.disabled = count !== 1;
    this.prune.disabled = count < 1;
    this.revive.disabled = count < 1;
    this.prune.hidden = pruned;
    this.revive.hidden = !pruned;
    this.compare.disabled = count !== 2;
    this.breed.disabled = count < 2 || models.size > 1;
  }

  /** Say the sentence `key`, with an offer if there is one. */
  tell(key, params = {}, offer = null) {
    this.told = { key, params, offer };
    this.#show();
  }

  /** Say what was said elsewhere. */
  repeat(text) {
    this.note.textContent = text;
  }

  #show() {
    const { key, params, offer } = this.told;
    this.note.replaceChildren(say(key, params));
    if (!offer) return;
    const act = { type: "button", class: "offer", onclick: () => offer.act() };
    this.note.append(" ", make("button", act, say(offer.key)));
  }

  #ask(on) {
    this.form.hidden = !on;
    this.note.hidden = on;
    if (!on) return;
    this.field.value = this.ticked[0].name ?? "";
    this.field.focus();
  }

  #named(event) {
    event.preventDefault();
    this.on.name(this.field.value);
    this.#ask(false);
  }

  /** Escape leaves the field, not the tree. */
  #key(event) {
    if (event.key !== "Escape") return;
    event.preventDefault();
    this.#ask(false);
  }
}
