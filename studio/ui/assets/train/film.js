/**
 * The sheets of a run: one large, all of them in a strip below. The large one follows
 * the newest until somebody chooses an earlier one.
 */
import { make } from "../elements.js";
import { say, word } from "../languages.js";
import { sheetAddress } from "./server.js";

export class Film {
  #chosen = null;
  #showing = "";
  #frames = new Map();

  constructor(onPoint) {
    this.onPoint = onPoint;
    this.picture = make("img", { class: "sheet", alt: "", hidden: true });
    this.stage = make("div", { class: "stage" }, this.picture);
    this.strip = make("div", { class: "strip", role: "list" });
    word(this.strip, { name: "ui.train.film" });
    this.caption = make("p", { class: "sheet-caption" });
    this.element = make("div", { class: "film" }, this.stage, this.caption, this.strip);
  }

  clear() {
    this.#chosen = null;
    this.#showing = "";
    this.#frames.clear();
    this.strip.replaceChildren();
    this.picture.hidden = true;
    this.caption.textContent = "";
  }

  /** Show what is new; frames that are there stay as they are. */
  show(run) {
    this.run = run;
    const atEnd = !this.#frames.size || this.strip.scrollLeft + this.strip.clientWidth > this.strip.scrollWidth - 40;
    let grown = false;
    for (const sheet of run.sheets) {
      if (this.#frames.has(sheet.file)) continue;
      const frame = this.#frame(sheet);
      this.#frames.set(sheet.file, frame);
      this.strip.append(frame);
      grown = true;
    }
    if (grown && atEnd) this.strip.scrollLeft = this.strip.scrollWidth;
    this.#turn();
  }

  get sheet() {
    const { sheets } = this.run;
    return sheets.find((sheet) => sheet.file === this.#chosen) ?? sheets.at(-1);
  }

  async #turn() {
    const { sheet } = this;
    if (!sheet) return;
    word(this.caption, { text: `ui.train.sheet.${sheet.kind}`, params: { n: sheet.kimg } });
    for (const [file, frame] of this.#frames) {
      frame.firstChild.setAttribute("aria-pressed", String(file === sheet.file));
    }
    this.onPoint(sheet);
    const address = sheetAddress(this.run.name, sheet.file);
    if (address === this.#showing) return;
    this.#showing = address;
    // Whole before it is shown: the old one stays until then.
    const fresh = make("img", { src: address });
    await fresh.decode().catch(() => {});
    if (address !== this.#showing) return;
    this.picture.src = address;
    this.picture.alt = this.caption.textContent;
    this.picture.hidden = false;
  }

  #frame(sheet) {
    const image = make("img", {
      src: sheetAddress(this.run.name, sheet.file),
      alt: "",
      loading: "lazy",
    });
    const open = make(
      "button",
      { type: "button", class: `film-frame is-${sheet.kind}`, onclick: () => this.#choose(sheet) },
      image,
    );
    open.setAttribute("aria-label", say(`ui.train.sheet.${sheet.kind}`, { n: sheet.kimg }));
    return make("div", { role: "listitem" }, open);
  }

  #choose(sheet) {
    const newest = this.run.sheets.at(-1).file === sheet.file;
    this.#chosen = newest ? null : sheet.file;
    this.#turn();
  }
}
