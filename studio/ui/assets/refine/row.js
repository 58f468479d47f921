/** One work in the family tree: its lines, its picture, how it came and when. */
import { icon } from "../icons.js";
import { make } from "../elements.js";
import { languages, word } from "../languages.js";
import { howOf } from "./deed.js";

export const ROW_HEIGHT = 64;
const LANE = 14;
/** Lines further right than this are drawn on top of each other. */
const LANES = 6;

export class Row {
  /**
   * @param {import("./lineage.js").Row} row
   * @param {Record<"go" | "star" | "tick", (moment: any) => void>} on
   * @param {string} deed what distinguishes it from the work it came from
   * @param {number} lanes how many lines have to find room
   */
  constructor({ moment, lane, above, joins }, on, deed, lanes) {
    Object.assign(this, { moment, on, drawn: false });
    this.image = make("img", { alt: "", draggable: "false" });
    const how = howOf(moment);
    const [first, ...rest] = moment.name ? [moment.name, how, deed] : [how, deed];
    const words = make("span", { class: "tree-words" }, first, below(moment, rest));
    words.classList.toggle("is-named", Boolean(moment.name));
    const go = make(
      "button",
      { type: "button", class: "tree-go", onclick: () => on.go(moment) },
      make("span", { class: "tree-picture" }, this.image),
      words,
    );
    go.dataset.hint = "ui.tree.go";
    this.element = make(
      "div",
      { class: "tree-row", role: "listitem", "data-id": moment.id },
      linesOf(moment.id, lane, above, joins, Math.min(lanes, LANES)),
      go,
      this.#star(),
      this.#tick(),
    );
  }

  draw(address) {
    this.drawn = true;
    if (!address) return;
    this.image.src = address;
    this.image.classList.add("is-drawn");
  }

  /** Show whether it is on the easel or ticked. */
  mark(head, ticked) {
    this.element.classList.toggle("is-head", this.moment.id === head);
    this.box.checked = ticked.includes(this.moment.id);
  }

  #star() {
    const act = () => {
      this.on.star(this.moment);
      control.setAttribute("aria-pressed", String(Boolean(this.moment.starred)));
    };
    const fields = { type: "button", class: "quiet bare tree-star", onclick: act };
    const control = make("button", fields, icon("star"));
    control.setAttribute("aria-pressed", String(Boolean(this.moment.starred)));
    return word(control, { name: "ui.star", hint: "ui.star.hint" });
  }

  #tick() {
    this.box = make("input", { type: "checkbox", onchange: () => this.on.tick(this.moment) });
    word(this.box, { name: "ui.tree.tick", hint: "ui.tree.tick" });
    return make("label", { class: "tree-tick" }, this.box);
  }
}

function below({ time }, parts) {
  const form = { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" };
  const written = new Date(time).toLocaleString(languages.current, form);
  const text = [...parts, written].filter(Boolean).join(" · ");
  return make("span", { class: "tree-time", title: text }, text);
}

function linesOf(id, lane, above, joins, lanes) {
  const wide = LANE * (lanes + 1);
  const at = (index) => LANE * (Math.min(index, LANES - 1) + 1);
  const [x, y] = [at(lane), ROW_HEIGHT / 2];
  const paths = [];
  above.forEach((target, index) => {
    if (!target) return;
    if (target === id) paths.push(`M${at(index)} 0C${at(index)} ${y / 2} ${x} ${y / 2} ${x} ${y}`);
    else paths.push(`M${at(index)} 0V${ROW_HEIGHT}`);
  });
  for (const to of joins.map(at)) {
    paths.push(`M${x} ${y}C${x} ${1.5 * y} ${to} ${1.5 * y} ${to} ${ROW_HEIGHT}`);
  }
  const shell = document.createElement("template");
  shell.innerHTML =
    `<svg class="tree-lines" width="${wide}" height="${ROW_HEIGHT}" aria-hidden="true">` +
    `<path d="${paths.join("")}"/><circle cx="${x}" cy="${y}" r="4"/></svg>`;
  return shell.content.firstElementChild;
}
