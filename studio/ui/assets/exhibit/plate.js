/** The label of one piece: its title and its text, in the language of the page. */
import { button, make } from "../elements.js";
import { languages, say, word } from "../languages.js";
import { titleOf, typedOrTold } from "./packing.js";

const TITLE = "200";
const TEXT = "6000";

export class Plate {
  /**
   * @param {import("./pieces.js").Pieces} pieces
   * @param {(blob: Blob) => string} addressOf
   * @param {{moved: (by: number) => void, removed: () => void}} on
   */
  constructor(pieces, addressOf, on) {
    Object.assign(this, { pieces, addressOf, on, piece: null });
    this.element = this.#build();
    languages.addEventListener("language", () => this.show(this.piece));
  }

  /** Show the label of `piece`, or none. */
  show(piece) {
    this.piece = piece;
    this.element.hidden = !piece;
    if (!piece) return;
    const { current } = languages;
    this.image.src = this.addressOf(piece.picture);
    this.#fill(this.title, piece.titles[current] ?? "");
    this.title.placeholder = titleOf({ ...piece, titles: {} }, current) || say("ui.exhibit.untitled");
    this.#fill(this.text, typedOrTold(piece, current).join("\n\n"));
    const waits = piece.recipe && !piece.told && piece.texts[current] === undefined && !piece.silent;
    this.text.placeholder = say(waits ? "ui.exhibit.telling" : "ui.exhibit.text_empty");
    this.again.hidden = piece.texts[current] === undefined || !piece.told;
  }

  /** What is being typed stays under the hand. */
  #fill(field, text) {
    if (document.activeElement !== field || !field.value) field.value = text;
  }

  #type(field, values) {
    this.piece[values][languages.current] = field.value;
    this.again.hidden = !this.piece.told;
    clearTimeout(this.timer);
    const { piece } = this;
    this.timer = setTimeout(() => this.pieces.keep(piece), 300);
  }

  #tellAgain() {
    delete this.piece.texts[languages.current];
    this.pieces.keep(this.piece);
    this.show(this.piece);
  }

  #build() {
    this.image = make("img", { class: "plate-picture", alt: "", draggable: "false" });
    this.title = make("input", { type: "text", class: "plate-title", maxlength: TITLE });
    word(this.title, { name: "ui.exhibit.piece_title" });
    this.title.addEventListener("input", () => this.#type(this.title, "titles"));
    this.title.addEventListener("change", () => this.pieces.dispatchEvent(new Event("change")));
    this.text = make("textarea", { class: "plate-text", maxlength: TEXT, rows: "9" });
    word(this.text, { name: "ui.exhibit.piece_text" });
    this.text.addEventListener("input", () => this.#type(this.text, "texts"));
    const note = word(make("p", { class: "faint" }), { text: "ui.exhibit.one_language" });
    this.again = button("exhibit_again", () => this.#tellAgain());
    const acts = make(
      "div",
      { class: "plate-acts" },
      button("exhibit_earlier", () => this.on.moved(-1), { icon: "previous", bare: true }),
      button("exhibit_later", () => this.on.moved(1), { icon: "next", bare: true }),
      button("exhibit_remove", () => this.on.removed(), { icon: "close", bare: true }),
      this.again,
    );
    const words = make("div", { class: "plate-words" }, this.title, this.text, note, acts);
    const label = make("section", { class: "plate", hidden: true }, this.image, words);
    return word(label, { name: "ui.exhibit.label" });
  }
}
