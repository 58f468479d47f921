/** Whether a work is a copy: the training pictures nearest to it, as a part of its card. */
import { post } from "../address.js";
import { make } from "../elements.js";
import { languages, say } from "../languages.js";
import { percent } from "./creativity.js";
import { scales } from "./map.js";

export class Near {
  /** @param {() => Promise<Blob>} picture gives a small copy of the work's picture */
  constructor(picture) {
    Object.assign(this, { picture, told: null, trouble: null });
    this.body = make("div", { class: "near-body", "aria-live": "polite" });
    this.title = make("h3");
    this.element = make("section", { class: "near" }, this.title, this.body);
    languages.addEventListener("language", () => this.#draw());
  }

  /** Compare `recipe`; `current` tells whether anybody still wants to know. */
  async ask(recipe, current) {
    Object.assign(this, { told: null, trouble: null });
    this.#draw();
    try {
      const blob = await this.picture();
      if (this.work) URL.revokeObjectURL(this.work);
      this.work = URL.createObjectURL(blob);
      const told = await (await post("near", { recipe })).json();
      if (current()) this.told = told;
    } catch (error) {
      if (current()) this.trouble = error;
    }
    if (current()) this.#draw();
  }

  #draw() {
    const problem = this.trouble ?? this.told?.problem;
    const near = this.told?.near;
    this.title.textContent = say("ui.near");
    if (problem) this.body.replaceChildren(line("near-note", wordsOf(problem)));
    else if (near) this.body.replaceChildren(...this.#tell(near));
    else this.body.replaceChildren(line("near-note", say("ui.near.waiting")));
  }

  #tell(near) {
    const [novel, plausible] = scales(near);
    const shares = [near.novelty, near.plausibility].map(percent);
    const parts = [
      line("", say(`near.${near.level}`, { ...near, share: shares[0] })),
      novel,
      line("", say(`plausible.${near.plausible}`, { ...near, share: shares[1] })),
      plausible,
    ];
    if (near.copy) parts.unshift(line("near-warning", say("near.copy")));
    const figures = near.nearest.map(figure);
    if (near.thumbnails) {
      const own = make("img", { src: this.work, alt: "" });
      const caption = make("figcaption", {}, say("ui.near.work"));
      figures.unshift(make("figure", {}, own, caption));
    } else parts.push(line("near-note", say("ui.near.no_pictures")));
    const kind = near.thumbnails ? "near-row" : "near-row is-list";
    return [...parts, make("div", { class: kind }, ...figures)];
  }
}

function line(kind, text) {
  return make("p", { class: kind }, text);
}

function figure({ file, mirrored, copy, picture, ...apart }) {
  const told = [distanceOf(apart)];
  if (mirrored) told.push(say("ui.near.mirrored"));
  if (copy) told.push(say("ui.near.copy"));
  const name = make("span", { class: "near-file", title: file }, file);
  const caption = make("figcaption", {}, name, told.join(" · "));
  const kind = { class: copy ? "is-copy" : null };
  if (!picture) return make("figure", kind, caption);
  const style = mirrored ? "transform:scaleX(-1)" : null;
  return make("figure", kind, make("img", { src: picture, alt: file, style }), caption);
}

/** How far apart, or that colours tell. @param {{distance: number, by?: string}} apart */
export function distanceOf({ distance, by }) {
  if (by === "colours") return say("ui.near.colours");
  return say("ui.near.distance", { distance: distance.toFixed(2) });
}

function wordsOf({ code, params = {} }) {
  return say(code?.startsWith("ui.") ? code : `error.${code}`, params);
}
