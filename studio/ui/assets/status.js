/**
 * One calm line for everything that has to be said. It has its own height, so
 * nothing moves when words come and go, and screen readers hear it.
 */
import { languages, say } from "./languages.js";

const STAYS = 9000;

export class Status {
  /** @param {HTMLElement} line */
  constructor(line) {
    this.line = line;
    this.shown = null;
    languages.addEventListener("language", () => this.#write());
  }

  /**
   * Say the sentence `key`. `from` names the matter, so that it can be cleared when
   * it is settled; `stays` keeps it until then.
   */
  tell(key, params = {}, { from = "", stays = false, sentence = "", good = false } = {}) {
    clearTimeout(this.timer);
    this.shown = { key, params, from, sentence };
    this.line.classList.toggle("is-good", good);
    this.#write();
    if (!stays) this.timer = setTimeout(() => this.#hide(), STAYS);
  }

  /** Say what an error tells; the server's own sentence where we lack words. */
  tellError(error, from = "") {
    const { code, params = {}, sentence = "" } = error?.code ? error : {};
    const key = code?.startsWith("ui.") ? code : `error.${code}`;
    this.tell(code ? key : "ui.status.no_answer", params, { from, sentence });
  }

  /** Take back what was said about `from`. */
  clear(from) {
    if (this.shown?.from === from) this.#hide();
  }

  #hide() {
    clearTimeout(this.timer);
    this.shown = null;
    this.line.classList.remove("is-shown");
  }

  #write() {
    if (!this.shown) return;
    const { key, params, sentence } = this.shown;
    const words = languages.knows(key) || !sentence ? say(key, params) : sentence;
    if (this.line.textContent !== words) this.line.textContent = words;
    this.line.classList.add("is-shown");
  }
}
