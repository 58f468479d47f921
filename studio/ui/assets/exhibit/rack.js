/** The wall as a row of pieces: chosen by a click, moved by dragging or by keys. */
import { make } from "../elements.js";
import { languages, say, word } from "../languages.js";
import { titleOf } from "./packing.js";

export class Rack {
  #addresses = new Map();
  #dragged = null;

  /** @param {import("./pieces.js").Pieces} pieces @param {(id: string) => void} onChoose */
  constructor(pieces, onChoose) {
    Object.assign(this, { pieces, onChoose, chosen: null });
    this.element = word(make("ol", { class: "rack" }), { name: "ui.exhibit.wall" });
    this.element.addEventListener("keydown", (event) => this.#key(event));
    this.element.addEventListener("dragover", (event) => this.#over(event));
    this.element.addEventListener("drop", (event) => this.#drop(event));
    pieces.addEventListener("change", () => this.show());
    languages.addEventListener("language", () => this.show());
  }

  /** Draw the wall again; the focus stays on its piece. */
  show() {
    const focused = document.activeElement?.closest?.(".rack-piece")?.dataset.id;
    this.element.replaceChildren(...this.pieces.all.map((piece, index) => this.#item(piece, index)));
    if (focused) this.#button(focused)?.focus({ preventScroll: true });
  }

  choose(id) {
    this.chosen = id;
    for (const item of this.element.children) {
      item.firstChild.setAttribute("aria-pressed", String(item.dataset.id === id));
    }
  }

  /** Show the title of one piece, which has come or was changed. */
  retitle(piece) {
    const item = this.element.querySelector(`[data-id="${CSS.escape(piece.id)}"]`);
    item?.replaceWith(this.#item(piece, this.pieces.all.indexOf(piece)));
  }

  /** The address of what is shown of a blob, made once. */
  addressOf(blob) {
    if (!this.#addresses.has(blob)) this.#addresses.set(blob, URL.createObjectURL(blob));
    return this.#addresses.get(blob);
  }

  #item(piece, index) {
    const title = titleOf(piece, languages.current) || say("ui.exhibit.untitled");
    const image = make("img", { src: this.addressOf(piece.picture), alt: "", draggable: "false" });
    const open = make(
      "button",
      { type: "button", class: "rack-open", onclick: () => this.onChoose(piece.id) },
      image,
      make("span", { class: "rack-title" }, title),
    );
    const count = this.pieces.all.length;
    open.setAttribute("aria-label", say("ui.exhibit.piece", { number: index + 1, count, title }));
    open.setAttribute("aria-pressed", String(piece.id === this.chosen));
    open.dataset.hint = "ui.exhibit.piece.hint";
    const item = make("li", { class: "rack-piece", draggable: "true", "data-id": piece.id }, open);
    item.dataset.kind = piece.kind;
    item.addEventListener("dragstart", (event) => {
      this.#dragged = piece.id;
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", title);
    });
    item.addEventListener("dragend", () => this.#mark(null));
    return item;
  }

  #button(id) {
    return this.element.querySelector(`[data-id="${CSS.escape(id)}"] .rack-open`);
  }

  /** Arrows go along the wall; with Shift they take the piece along. */
  #key(event) {
    const item = event.target.closest(".rack-piece");
    const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (!item || event.ctrlKey || event.metaKey || event.altKey) return;
    const at = [...this.element.children].indexOf(item);
    if (by && event.shiftKey) this.pieces.move(item.dataset.id, at + by);
    else if (by) this.element.children[at + by]?.firstChild.focus();
    else if (event.key === "Delete") this.pieces.remove(item.dataset.id);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #over(event) {
    if (!this.#dragged) return;
    event.preventDefault();
    this.#mark(event.target.closest(".rack-piece"));
  }

  #drop(event) {
    const onto = event.target.closest(".rack-piece");
    if (!this.#dragged || !onto) return;
    event.preventDefault();
    this.pieces.move(this.#dragged, [...this.element.children].indexOf(onto));
    this.#dragged = null;
  }

  #mark(item) {
    for (const other of this.element.children) other.classList.toggle("is-over", other === item);
    if (!item) this.#dragged = null;
  }
}
