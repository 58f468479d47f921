/** What children keep by name: warmth, the horizon, a word of the model. */
import { make } from "../elements.js";
import { wordName } from "../labels.js";
import { languages, say } from "../languages.js";
import { prefer, preference } from "../preferences.js";

const KEY = "refine:keeps";

/** The names that are locked for the model of `card`. */
export function keptNames(card) {
  return preference(KEY, {})[card.fingerprint] ?? [];
}

export class Keeps {
  /** @param {import("../desk.js").Desk} desk @param {() => void} onChange */
  constructor(desk, onChange) {
    Object.assign(this, { desk, onChange, names: [] });
    this.chips = make("div", { class: "keeps", role: "group" });
    this.told = make("span", { class: "keeps-told" });
    this.element = this.chips;
    languages.addEventListener("language", () => this.#draw());
  }

  /** Offer `names`, which the server knows how to lock in this model. */
  offer(names) {
    if (String(names) === String(this.names) && this.of === this.desk.store.card.fingerprint) return;
    Object.assign(this, { names, of: this.desk.store.card.fingerprint });
    this.#draw();
  }

  /** Keep `name` no longer; the model does not know it any more. */
  drop(name) {
    const { fingerprint } = this.desk.store.card;
    const kept = this.#kept.filter((one) => one !== name);
    prefer(KEY, { ...preference(KEY, {}), [fingerprint]: kept });
    this.#draw();
  }

  #draw() {
    this.chips.setAttribute("aria-label", say("ui.fold.keeps"));
    this.chips.replaceChildren(...this.names.map((name) => this.#chip(name)));
    this.#tell();
  }

  #chip(name) {
    const fields = { type: "button", class: "chip", onclick: () => this.#turn(name, chip) };
    const chip = make("button", fields, wordName(name));
    chip.dataset.name = name;
    chip.setAttribute("aria-pressed", String(this.#kept.includes(name)));
    return chip;
  }

  get #kept() {
    return keptNames(this.desk.store.card);
  }

  #turn(name, chip) {
    const others = this.#kept.filter((one) => one !== name);
    const on = others.length === this.#kept.length;
    const { fingerprint } = this.desk.store.card;
    prefer(KEY, { ...preference(KEY, {}), [fingerprint]: on ? [...others, name] : others });
    chip.setAttribute("aria-pressed", String(on));
    this.#tell();
    this.onChange();
  }

  /** What is kept stands beside the heading, so that a fold does not hide it. */
  #tell() {
    const kept = this.#kept.filter((name) => this.names.includes(name));
    this.told.textContent = kept.map(wordName).join(say("ui.direction.comma"));
  }
}
