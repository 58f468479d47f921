/** Clips of the person's own: each becomes a film of what the model sees in it. */
import { ask } from "../address.js";
import { FilmProgress } from "../dream/progress.js";
import { button, make } from "../elements.js";
import { word } from "../languages.js";
import { styled } from "../refine/files.js";
import { Notice } from "../train/parts.js";
import { faithfulDial } from "./dial.js";

const MOST_BYTES = 256 * 2 ** 20;

export class Clips {
  /** @param {import("../desk.js").Desk} desk */
  constructor(desk) {
    Object.assign(this, { desk, file: null });
    styled("../dream/film.css");
    this.notice = new Notice();
    this.film = new FilmProgress({ onError: (error) => this.notice.tell(error) });
    this.name = make("p", { class: "clip-name" });
    this.dial = faithfulDial("clip_faithful");
    this.go = button("clip_film", () => this.make(), { icon: "play" });
    this.shown = make("video", {
      class: "clip-film", controls: true, loop: true, playsinline: true, hidden: true,
    });
    word(this.shown, { name: "ui.clip.made" });
    this.element = make("div", { class: "clip making", hidden: true },
      this.name, this.dial.element, make("div", { class: "tools" }, this.go),
      ...this.film.elements, this.shown, this.notice.element);
  }

  /** Take a clip up; its film is made when the person says so. */
  take(file, others = 0) {
    this.element.hidden = false;
    if (this.film.busy) return this.notice.tell({ code: "ui.clip.busy" });
    this.notice.tell(others ? { code: "ui.clip.alone" } : null);
    this.file = file.size > MOST_BYTES ? null : file;
    if (!this.file) this.notice.tell({ code: "body_too_large", params: { limit: "256 MB" } });
    this.shown.hidden = true;
    this.film.link.hidden = true;
    this.name.textContent = file.name;
    this.go.disabled = !this.file;
    return this.go.focus();
  }

  /** Send the clip, and follow its film to the end. */
  async make() {
    if (this.film.busy || !this.file) return;
    this.notice.tell();
    this.shown.hidden = true;
    this.go.disabled = true;
    try {
      if (await this.film.follow((signal) => this.#order(signal))) this.#play();
    } catch (error) {
      this.notice.tell(error);
    }
    this.go.disabled = false;
  }

  async #order(signal) {
    const query = new URLSearchParams({
      model: this.desk.store.card.name, faithful: this.dial.value, file: this.file.name,
    });
    const answer = await ask(`clips?${query}`, { method: "POST", body: this.file, signal });
    return (await answer.json()).film;
  }

  #play() {
    this.shown.src = this.film.link.href;
    this.shown.hidden = false;
    // Without sound a browser lets it begin by itself.
    this.shown.muted = true;
    this.shown.play().catch(() => {});
  }
}
