/** What the data set doctor found, with the pictures that it found it in. */
import { make } from "../elements.js";
import { word } from "../languages.js";
import { line } from "./parts.js";
import { thumbAddress } from "./server.js";

/** What nothing can be learnt from, and what was counted once already. */
const OUT_ANYWAY = ["broken", "duplicate"];
const KINDS = ["outlier", "near_duplicate", "small", "grey", "odd"];
/** Pictures in the strip. */
const MOST_SHOWN = 200;

/** Characters of a value in a sentence. */
const MOST_TOLD = 80;

export class Doctor {
  #out = new Set();
  /** What is wrong with which file, at the size that is chosen. */
  #wrong = new Map();

  constructor(onChange) {
    this.onChange = onChange;
    this.element = make("div", { class: "doctor" });
  }

  get excluded() {
    return [...this.#out].filter((file) => this.#wrong.has(file)).sort();
  }

  /** How many pictures will be learnt from. */
  get count() {
    return this.found.usable - this.excluded.length;
  }

  /** Show the findings for the pictures that lie at `where`. */
  show(found, where) {
    Object.assign(this, { found, where });
    this.#out.clear();
    this.summary = line("ui.train.found", {}, "doctor-count");
    this.hope = line("ui.train.expect.few", {}, "doctor-hope");
    this.strip = make("div", { class: "problems" });
    this.kinds = make("div", { class: "kinds" });
    this.how = line("ui.train.leave_out", {}, "faint");
    const words = make("div", { class: "doctor-words" }, this.summary, this.hope, labelLine(found.labels));
    this.element.replaceChildren(words, this.kinds, this.strip, this.how);
    this.#judge(found.resolution);
  }

  /** Another size was typed, as sides in pixels: other pictures are too small for it. */
  measure(size) {
    const known = this.found && size.every((side) => side > 0);
    if (known && String(size) !== String(this.size)) this.#judge(size);
  }

  #judge(size) {
    this.size = size;
    const [height, width] = size;
    this.#wrong = new Map(this.found.problems.map(({ file, found }) => [file, found]));
    for (const [file, [high, wide]] of Object.entries(this.found.sides)) {
      if (high >= height && wide >= width) continue;
      this.#wrong.set(file, { ...this.#wrong.get(file), small: "" });
    }
    this.cards = new Map();
    const cards = [...this.#wrong].slice(0, MOST_SHOWN).map((row) => this.#card(row));
    this.strip.replaceChildren(...(cards.length ? cards : this.found.some.map((file) => this.#plain(file))));
    this.kinds.replaceChildren(...this.#kinds());
    this.how.hidden = !cards.length;
    this.#tell();
  }

  #tell() {
    const { images } = this.found;
    word(this.summary, { text: "ui.train.found", params: { images, usable: this.count } });
    word(this.hope, {
      text: `ui.train.expect.${expectation(this.count)}`,
      params: { n: this.count },
    });
    for (const [file, card] of this.cards) {
      const out = this.#out.has(file);
      card.classList.toggle("is-out", out);
      card.setAttribute("aria-pressed", String(!out));
    }
    for (const toggle of this.kinds.children) {
      const all = this.#filesWith(toggle.dataset.kind).every((file) => this.#out.has(file));
      toggle.classList.toggle("is-out", all);
      toggle.setAttribute("aria-pressed", String(!all));
    }
    this.onChange();
  }

  #kinds() {
    return KINDS.map((kind) => {
      const files = this.#filesWith(kind);
      if (!files.length) return "";
      const toggle = make("button", {
        type: "button",
        class: "quiet kind",
        "data-kind": kind,
        onclick: () => this.#toggleAll(files),
      });
      return word(toggle, { text: `ui.train.kind.${kind}`, params: { n: files.length } });
    });
  }

  #filesWith(kind) {
    return [...this.#wrong]
      .filter(([, found]) => kind in found && !OUT_ANYWAY.some((out) => out in found))
      .map(([file]) => file);
  }

  #toggleAll(files) {
    const all = files.every((file) => this.#out.has(file));
    for (const file of files) this.#out[all ? "delete" : "add"](file);
    this.#tell();
  }

  #card([file, found]) {
    const [problem] = [...OUT_ANYWAY, ...KINDS].filter((kind) => kind in found);
    const picture = make("span", { class: "problem-picture" });
    if (problem !== "broken") picture.append(this.#image(file));
    const words = word(make("span"), { text: `ui.train.problem.${problem}` });
    const card = make("button", {
      type: "button",
      class: "problem",
      title: file,
      disabled: OUT_ANYWAY.includes(problem),
      onclick: () => {
        this.#out[this.#out.has(file) ? "delete" : "add"](file);
        this.#tell();
      },
    });
    card.append(picture, words);
    if (!OUT_ANYWAY.includes(problem)) this.cards.set(file, card);
    return card;
  }

  #plain(file) {
    return make("span", { class: "problem", title: file }, make("span", { class: "problem-picture" }, this.#image(file)));
  }

  #image(file) {
    return make("img", { src: thumbAddress(this.where, file), alt: file, loading: "lazy" });
  }
}

/** What the pictures are called, if they are; a damaged table is told in its place. */
function labelLine({ source, error, column, kinds, commonest }) {
  if (error) return line(`error.${error.code}`, error.params, "doctor-hope");
  if (!source) return "";
  let told = "";
  for (const [name, count] of commonest) {
    const longer = `${told}${told && " \u00b7 "}${name} ${count}`;
    if (longer.length > MOST_TOLD) break;
    told = longer;
  }
  return line(`ui.train.labels.${source}`, { column, kinds, commonest: told }, "doctor-hope");
}

/** What so many pictures usually lead to; the same steps as the server's. */
function expectation(count) {
  const steps = [[2, "none"], [40, "few"], [150, "copies"], [600, "hand"], [2000, "good"]];
  return steps.find(([most]) => count < most)?.[1] ?? "plenty";
}
