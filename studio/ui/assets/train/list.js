/** All runs, newest first, also those that a terminal started. */
import { make } from "../elements.js";
import { word } from "../languages.js";
import { line, phaseOf } from "./parts.js";
import { sheetAddress } from "./server.js";

export class List {
  #shown = "";

  constructor(onChoose) {
    this.onChoose = onChoose;
    this.runs = [];
    this.element = make("div", { class: "runs" });
    word(this.element, { name: "ui.train.runs" });
  }

  get names() {
    return this.runs.map((run) => run.name);
  }

  /** Show the runs; nothing is touched where nothing changed. */
  show(runs, chosen) {
    this.runs = runs;
    const told = JSON.stringify(
      runs.map((run) => [run.name, run.newest, phaseOf(run)]),
    );
    if (told !== this.#shown) {
      this.#shown = told;
      const held = this.element.contains(document.activeElement)
        ? document.activeElement.dataset.run
        : null;
      const items = runs.map((run) => this.#item(run));
      this.element.replaceChildren(...(items.length ? items : [line("ui.train.none", {}, "faint")]));
      if (held) this.element.querySelector(`[data-run="${CSS.escape(held)}"]`)?.focus();
    }
    this.choose(chosen);
  }

  choose(name) {
    for (const item of this.element.querySelectorAll(".run")) {
      if (item.dataset.run === name) item.setAttribute("aria-current", "true");
      else item.removeAttribute("aria-current");
    }
  }

  #item(run) {
    const picture = make("span", { class: "run-picture" });
    if (run.newest) picture.append(make("img", { src: sheetAddress(run.name, run.newest), alt: "" }));
    const phase = word(make("span", { class: "run-phase" }), phaseOf(run));
    const words = make("span", { class: "run-words" });
    words.append(make("span", { class: "run-name" }, run.name), phase);
    return make(
      "button",
      {
        type: "button",
        class: "run",
        "data-run": run.name,
        "data-phase": run.phase,
        onclick: () => this.onChoose(run.name),
      },
      picture,
      words,
    );
  }
}
