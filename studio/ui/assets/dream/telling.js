/** "Tell me your dream": a text becomes a reel, the beginning first. */
import { make } from "../elements.js";
import { say, word } from "../languages.js";
import { prefer, preference } from "../preferences.js";
import { Notice, line } from "../train/parts.js";
import { frameOf } from "./reel.js";
import { tellDream } from "./server.js";

export class Telling {
  #under = null;

  /**
   * @param {import("./reel.js").Reel} reel
   * @param {() => any} recipe what the dream begins with
   */
  constructor(reel, recipe, onBegin) {
    Object.assign(this, { reel, recipe, onBegin });
    this.field = make("textarea", { class: "text dream-text", rows: 6, "data-how": "dream" });
    this.field.value = preference("dream", "");
    word(this.field, { name: "ui.dream.tell", hint: "ui.dream.tell.hint" });
    this.field.addEventListener("input", () => prefer("dream", this.field.value));
    this.field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      this.tell();
    });
    // What is pasted whole is told whole; there is nothing to wait for.
    this.field.addEventListener("paste", () => {
      if (this.field.value.trim() && !allChosen(this.field)) return;
      setTimeout(() => this.tell());
    });
    this.go = make("button", { type: "button", class: "quiet is-main", "data-act": "dream_tell" });
    this.go.addEventListener("click", () => this.tell());
    word(this.go, { text: "ui.dream.go" });
    this.notice = new Notice();
    this.heard = line("ui.dream.heard", { known: 0, count: 0 }, "dream-heard");
    this.heard.hidden = true;
    const title = word(make("h2", { class: "dream-title" }), { text: "ui.dream.tell" });
    const foot = make("div", { class: "dream-foot" }, this.go, this.heard);
    this.element = make("section", { class: "telling" }, title, this.field, foot, this.notice.element);
    this.label();
  }

  label() {
    this.field.placeholder = say("ui.dream.example");
  }

  /** Tell what stands in the field. */
  async tell() {
    const text = this.field.value;
    const recipe = this.recipe();
    if (!recipe) return;
    this.#under?.abort();
    const under = (this.#under = new AbortController());
    this.notice.tell();
    this.go.setAttribute("aria-busy", "true");
    try {
      await this.#all(text, recipe, under.signal);
    } catch (error) {
      if (!under.signal.aborted) this.notice.tell(error);
    } finally {
      if (this.#under === under) this.go.removeAttribute("aria-busy");
    }
  }

  /** The rest is asked for while the beginning plays already. */
  async #all(text, recipe, signal) {
    let frames = [];
    let last = null;
    for (let from = 0, total = 1; from < total; ) {
      const answer = await tellDream(text, recipe, from, last, signal);
      if (signal.aborted) return;
      total = answer.total;
      from += answer.moments.length;
      frames = [...frames, ...answer.moments.map(frameOf)];
      last = answer.moments.at(-1).recipe;
      const begins = from === answer.moments.length;
      if (begins) this.reel.replace(frames, { calm: true, loop: true });
      // One walk for all that follows: each would be measured anew.
      else this.reel.change({ frames, calm: true }, from < total ? "look" : "frames");
      if (begins) this.onBegin();
      this.#sum(frames, total);
    }
  }

  #sum(frames, count) {
    const known = frames.filter(({ understood }) => understood.length).length;
    const key = known ? "ui.dream.heard" : "ui.dream.heard_nothing";
    word(this.heard, { text: key, params: { known, count } });
    this.heard.hidden = false;
  }
}

function allChosen(field) {
  return field.selectionStart === 0 && field.selectionEnd === field.value.length;
}
