/**
 * The sheets of a run: one large, all of them in a strip below. The large one follows
 * the newest until somebody chooses an earlier one, or plays them all in a row.
 */
import { make } from "../elements.js";
import { say, word } from "../languages.js";
import { press } from "./parts.js";
import { sheetAddress } from "./server.js";

const BEAT = 250; // milliseconds a sheet of the time-lapse is shown, at least

export class Film {
  #chosen = null;
  #showing = "";
  #frames = new Map();
  #playing = null; // what a time-lapse under way is known by

  constructor(onPoint) {
    this.onPoint = onPoint;
    this.picture = make("img", { class: "sheet", alt: "", hidden: true });
    this.stage = make("div", { class: "stage" }, this.picture);
    this.strip = make("div", { class: "strip", role: "list" });
    word(this.strip, { name: "ui.train.film" });
    this.caption = make("p", { class: "sheet-caption" });
    this.lapse = press("lapse", () => this.#play());
    this.lapse.hidden = true;
    const under = make("div", { class: "under-sheet" }, this.caption, this.lapse);
    this.element = make("div", { class: "film" }, this.stage, under, this.strip);
  }

  clear() {
    this.#chosen = null;
    this.#showing = "";
    this.#stop();
    this.lapse.hidden = true;
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
    this.lapse.hidden = this.#samples.length < 2;
    this.#turn();
  }

  /** The sheets of one and the same seeds, oldest first. */
  get #samples() {
    return this.run.sheets.filter((sheet) => sheet.kind !== "autoencoder");
  }

  get sheet() {
    const { sheets } = this.run;
    return sheets.find((sheet) => sheet.file === this.#chosen) ?? sheets.at(-1);
  }

  async #turn() {
    const { sheet } = this;
    if (!sheet) return;
    word(this.caption, { text: captionOf(sheet), params: { n: sheet.kimg } });
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
    open.setAttribute("aria-label", say(captionOf(sheet), { n: sheet.kimg }));
    return make("div", { role: "listitem" }, open);
  }

  /** Show all sheets in a row, each whole before it is shown; or end that. */
  async #play() {
    if (this.#playing) return this.#stop();
    const playing = (this.#playing = {});
    word(this.lapse, { text: "ui.train.lapse_stop" });
    for (const sheet of this.#samples) {
      this.#chosen = sheet.file;
      await Promise.all([this.#turn(), new Promise((done) => setTimeout(done, BEAT))]);
      if (this.#playing !== playing) return;
    }
    this.#chosen = null;
    this.#stop();
  }

  #stop() {
    this.#playing = null;
    word(this.lapse, { text: "ui.train.lapse" });
  }

  #choose(sheet) {
    this.#stop();
    const newest = this.run.sheets.at(-1).file === sheet.file;
    this.#chosen = newest ? null : sheet.file;
    this.#turn();
  }
}

/** What has learnt nothing yet is told without a number. */
function captionOf({ kind, kimg }) {
  const early = kind === "autoencoder" ? "untaught" : "start";
  return `ui.train.sheet.${kimg === 0 ? early : kind}`;
}
