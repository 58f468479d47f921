/**
 * Every visible word, in the language of the reader. Elements that carry
 * `data-say`, `data-hint` or `data-name` follow a switch by themselves; whoever
 * writes words in another way listens to "language".
 */
import { ask } from "./address.js";
import { prefer, preference } from "./preferences.js";

const LANGUAGES = ["en", "zh"];

class Languages extends EventTarget {
  current = "en";
  #tables = {};
  #roots = [document.documentElement];

  /**
   * Load the language that was chosen, or the first of the browser's we speak.
   * @param {HTMLElement} room says it itself, for Gradio sets the page's to its own
   */
  async open(room) {
    this.#roots.push(room);
    const wanted = [preference("language"), ...(navigator.languages ?? [])];
    const known = wanted.map((tag) => String(tag).slice(0, 2).toLowerCase());
    const language = known.find((tag) => LANGUAGES.includes(tag)) ?? "en";
    // A picture without words is better than neither.
    await this.use(language).catch(() => {});
  }

  /** Switch every word to `language`. @throws {Trouble} and stays as it was */
  async use(language) {
    this.#tables[language] ??= await load(language);
    this.current = language;
    for (const root of this.#roots) root.lang = language === "zh" ? "zh-CN" : language;
    this.dispatchEvent(new Event("language"));
  }

  /** Switch to the other language and remember it. */
  async toggle() {
    const at = LANGUAGES.indexOf(this.current);
    const next = LANGUAGES[(at + 1) % LANGUAGES.length];
    await this.use(next);
    prefer("language", next);
  }

  /** Whether there are words for `key`. */
  knows(key) {
    return key in (this.#tables[this.current] ?? {});
  }

  /** The words of `key` with `{name}` filled in from `params`. */
  say(key, params = {}) {
    const words = this.#tables[this.current]?.[key] ?? key;
    return words.replace(/\{(\w+)\}/g, (hole, name) =>
      name in params ? String(params[name]).slice(0, 80) : hole,
    );
  }
}

async function load(language) {
  return (await ask(`assets/languages/${language}.json`)).json();
}

export const languages = new Languages();
export const say = (key, params) => languages.say(key, params);

/** A number with the right minus sign and a plus when positive; 0 is only nothing. */
export function signed(value, digits = 2) {
  if (!value) return "0";
  return (value < 0 ? "\u2212" : "+") + Math.abs(value).toFixed(digits);
}

/** Give `element` words, a hint on hover and a name for screen readers. */
export function word(element, { text, hint, name, params = {} }) {
  if (text) element.dataset.say = text;
  if (hint) element.dataset.hint = hint;
  if (name) element.dataset.name = name;
  element.dataset.params = JSON.stringify(params);
  fill(element);
  return element;
}

/** Fill the words of everything under `root` again. */
export function refill(root) {
  root.querySelectorAll("[data-say], [data-hint], [data-name]").forEach(fill);
}

function fill(element) {
  const { say: text, hint, name, params } = element.dataset;
  const values = JSON.parse(params ?? "{}");
  if (text) element.textContent = say(text, values);
  if (name) {
    const named = element.tagName === "IMG" ? "alt" : "aria-label";
    element.setAttribute(named, say(name, values));
  }
  if (hint) element.setAttribute("aria-description", say(hint, values));
}
