/**
 * One calm line for everything that has to be said. It has its own height, so
 * nothing moves when words come and go, and screen readers hear it. What passes is
 * said over what lasts, and the lasting sentence comes back after it.
 */
import { make } from "./elements.js";
import { languages, say } from "./languages.js";

/** How long a passing sentence stays, and how long the line takes to fade (ms). */
const STAYS = 9000;
const FADE = 300;

export class Status {
  /** @param {HTMLElement} line */
  constructor(line) {
    this.line = line;
    this.lasting = null;
    this.passing = null;
    languages.addEventListener("language", () => this.#show());
  }

  get shown() {
    return this.passing ?? this.lasting;
  }

  /**
   * Say the sentence `key`. `from` names the matter, so that it can be cleared when
   * it is settled; `stays` keeps it until then. `offer` is a button in the sentence:
   * the key of its word, and what it does.
   * @param {string} key
   * @param {Record<string, any>} [params]
   * @param {{from?: string, stays?: boolean, sentence?: string, good?: boolean,
   *   offer?: {key: string, act: () => void}}} [about]
   */
  tell(key, params = {}, about = {}) {
    const { from = "", stays = false, sentence = "", good = false, offer = null } = about;
    const told = { key, params, from, sentence, good, offer };
    clearTimeout(this.timer);
    this.passing = stays ? null : told;
    if (stays) this.lasting = told;
    else this.timer = setTimeout(() => this.#pass(), STAYS);
    this.#show();
  }

  /** Say what an error tells; the server's own sentence where we lack words. */
  tellError(error, from = "") {
    const { code, params = {}, sentence = "" } = error?.code ? error : {};
    const key = code?.startsWith("ui.") ? code : `error.${code}`;
    this.tell(code ? key : "ui.status.no_answer", params, { from, sentence });
  }

  /** Take back what was said about `from`. */
  clear(from) {
    const before = this.shown;
    if (this.lasting?.from === from) this.lasting = null;
    if (this.passing?.from === from) this.passing = null;
    if (this.shown !== before) this.#show();
  }

  /** Do what the sentence offers. @returns {boolean} whether it offered anything */
  accept() {
    const { shown } = this;
    if (!shown?.offer) return false;
    this.#pass();
    shown.offer.act();
    return true;
  }

  /** A new act has begun: what passes was about an older one. */
  dismiss() {
    if (this.passing) this.#pass();
  }

  #pass() {
    clearTimeout(this.timer);
    this.passing = null;
    this.#show();
  }

  #show() {
    const { shown } = this;
    clearTimeout(this.emptying);
    this.line.classList.toggle("is-shown", Boolean(shown));
    if (!shown) {
      this.emptying = setTimeout(() => this.line.replaceChildren(), FADE);
      return;
    }
    this.line.classList.toggle("is-good", shown.good);
    // A new text, even of the same words: only then is it announced again.
    this.line.replaceChildren(words(shown));
    if (shown.offer) this.line.append(" ", this.#offer(shown.offer));
  }

  #offer({ key }) {
    const accept = () => this.accept();
    return make("button", { type: "button", class: "offer", onclick: accept }, say(key));
  }
}

function words({ key, params, sentence }) {
  return languages.knows(key) || !sentence ? say(key, params) : sentence;
}
