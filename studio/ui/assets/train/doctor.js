/** What the data set doctor found, with the pictures that it found it in. */
import { make } from "../elements.js";
import { word } from "../languages.js";
import { line } from "./parts.js";
import { thumbAddress } from "./server.js";

/** What nothing can be learnt from, and what was counted once already. */
const OUT_ANYWAY = ["broken", "duplicate"];
const KINDS = ["outlier", "near_duplicate", "small", "grey", "odd"];

/** Characters of a value in a sentence. */
const MOST_TOLD = 80;

export class Doctor {
  #out = new Set();

  constructor(onChange) {
    this.onChange = onChange;
    this.element = make("div", { class: "doctor" });
  }

  get excluded() {
    return [...this.#out].sort();
  }

  /** How many pictures will be learnt from. */
  get count() {
    return this.found.usable - this.#out.size;
  }

  /** Show the findings for the pictures that lie at `where`. */
  show(found, where) {
    Object.assign(this, { found, where });
    this.#out.clear();
    this.cards = new Map();
    this.summary = line("ui.train.found", {}, "doctor-count");
    this.hope = line("ui.train.expect.few", {}, "doctor-hope");
    const strip = make("div", { class: "problems" });
    strip.append(...found.problems.map((row) => this.#card(row)));
    if (!found.problems.length) strip.append(...found.some.map((file) => this.#plain(file)));
    this.kinds = make("div", { class: "kinds" }, ...this.#kinds());
    const words = make("div", { class: "doctor-words" }, this.summary, this.hope, labelLine(found.labels));
    const how = found.problems.length ? line("ui.train.leave_out", {}, "faint") : "";
    this.element.replaceChildren(words, this.kinds, strip, how);
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
    return this.found.problems
      .filter(({ found }) => kind in found && !OUT_ANYWAY.some((out) => out in found))
      .map(({ file }) => file);
  }

  #toggleAll(files) {
    const all = files.every((file) => this.#out.has(file));
    for (const file of files) this.#out[all ? "delete" : "add"](file);
    this.#tell();
  }

  #card({ file, found }) {
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
