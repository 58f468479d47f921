/** The chosen keyframe: what was understood of it, its time, and the way to edit it. */
import { button, make } from "../elements.js";
import { wordName } from "../labels.js";
import { say, signed, word } from "../languages.js";
import { choice, line } from "../train/parts.js";

const EASINGS = ["smooth", "linear", "hold"];
/** Of the confidence in a word, below which it is marked as a guess. */
const SURE = 0.6;

export class Chosen {
  /**
   * @param {import("./reel.js").Reel} reel
   * @param {import("../desk.js").Desk} desk
   */
  constructor(reel, desk) {
    Object.assign(this, { reel, desk });
    this.title = make("h2", { class: "dream-title" });
    this.told = make("ul", { class: "words-told" });
    this.text = make("input", { class: "text", type: "text", maxlength: 400 });
    this.text.addEventListener("change", () => this.#edit({ text: this.text.value.trim() }));
    this.seconds = make("input", { class: "text", type: "number", min: 0.2, max: 600, step: 0.5 });
    this.seconds.addEventListener("change", () => {
      const seconds = Number(this.seconds.value);
      if (seconds >= 0.2 && seconds <= 600) this.#edit({ seconds });
      else this.draw();
    });
    const pairs = EASINGS.map((easing) => [easing, `ui.dream.easing.${easing}`]);
    this.easing = choice(pairs, () => this.#edit({ easing: this.easing.value }));
    const acts = make(
      "div",
      { class: "chosen-acts" },
      button("dream_edit", () => this.#open()),
      button("dream_take", () => this.#take()),
    );
    const head = make(
      "div",
      { class: "chosen-head" },
      this.title,
      button("dream_earlier", () => this.#move(-1), { icon: "previous", bare: true }),
      button("dream_later", () => this.#move(1), { icon: "next", bare: true }),
      button("dream_remove", () => reel.remove(reel.chosen), { icon: "close", bare: true }),
    );
    const times = make(
      "div",
      { class: "chosen-times" },
      labelled("ui.dream.seconds", this.seconds),
      labelled("ui.dream.easing", this.easing),
    );
    const caption = labelled("ui.dream.caption", this.text);
    this.element = make("section", { class: "chosen" }, head, this.told, caption, times, acts);
    reel.addEventListener("change", () => this.draw());
    this.draw();
  }

  draw() {
    const { chosenFrame: frame, frames, way } = this.reel;
    this.element.hidden = !frame;
    if (!frame) return;
    const n = frames.indexOf(frame) + 1;
    word(this.title, { text: "ui.dream.frame", params: { n } });
    if (document.activeElement !== this.text) this.text.value = frame.text ?? "";
    if (document.activeElement !== this.seconds) this.seconds.value = Number(frame.seconds.toFixed(1));
    this.easing.value = frame.easing;
    this.element.classList.toggle("is-alone", way !== "through");
    this.told.replaceChildren(...this.#heard(frame));
    this.told.hidden = !this.told.childElementCount;
  }

  #heard({ text, understood = [], unknown = [] }) {
    const parts = understood.map((part) => {
      const chip = make(
        "span",
        { class: "chip" },
        make("span", { class: "chip-word" }, wordName(part.word)),
        make("span", { class: "chip-amount" }, signed(part.amount)),
      );
      chip.classList.toggle("is-guess", part.confidence < SURE);
      const sure = `${Math.round(100 * part.confidence)} %`;
      chip.dataset.tip = say("ui.dream.understood", { text: part.text, word: wordName(part.word), sure });
      return make("li", {}, chip);
    });
    if (text && !understood.length) parts.push(line2("ui.dream.drifts", {}));
    const strangers = unknown.map((part) => part.text).slice(0, 6);
    if (strangers.length) parts.push(line2("ui.dream.unknown", { list: strangers.join(" · ") }));
    return parts;
  }

  #edit(fields) {
    this.reel.edit(this.reel.chosen, fields);
  }

  #move(by) {
    const { frames, chosenFrame } = this.reel;
    this.reel.move(chosenFrame.id, frames.indexOf(chosenFrame) + by);
  }

  /** Put it on the easel, where every tool of the studio is. */
  async #open() {
    const { recipe, hand } = this.reel.chosenFrame;
    location.hash = "";
    await this.desk.bring({ recipe, hand }, "dream");
  }

  /** Let the work on the easel be this keyframe. */
  #take() {
    const { work } = this.desk.store;
    if (!work) return;
    const { size: _, ...recipe } = work.recipe;
    this.reel.edit(this.reel.chosen, { recipe, hand: work.hand });
  }
}

function labelled(key, control) {
  const name = word(make("span", { class: "field-word" }), { text: key });
  return make("label", { class: "field" }, name, control);
}

function line2(key, params) {
  return make("li", { class: "stranger" }, line(key, params));
}
