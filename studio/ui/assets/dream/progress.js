/** A film on its way: how far it is, stop, and the file when it is there. */
import { button, make } from "../elements.js";
import { word } from "../languages.js";
import { filmAddress, stopFilm, watchFilm } from "./server.js";

/** How often it is asked how far a film is (ms). */
const EVERY = 500;

export class FilmProgress {
  #film = null;
  #sending = null;

  /** @param {{onError: (error: any) => void}} options */
  constructor({ onError }) {
    this.onError = onError;
    this.progress = make("progress", { max: 1, value: 0 });
    word(this.progress, { name: "ui.dream.progress" });
    this.told = make("span", { class: "making-told" });
    const cancel = button("dream_cancel", () => this.stop(), { icon: "close", bare: true });
    this.under = make("div", { class: "making-under", hidden: true }, this.progress, this.told, cancel);
    this.link = word(make("a", { class: "making-link", hidden: true }), { text: "ui.dream.again" });
    this.elements = [this.under, this.link];
  }

  get busy() {
    return !this.under.hidden;
  }

  /**
   * Follow the film that `order` gives the number of, and take its file.
   * @param {(signal: AbortSignal) => Promise<string>} order
   * @returns {Promise<object | null>} what is told of it; null where it was stopped
   */
  async follow(order) {
    this.link.hidden = true;
    this.#show({ done: 0, frames: 0, phase: "waiting" });
    const { signal } = (this.#sending = new AbortController());
    try {
      this.#film = await order(signal);
      return await this.#watch(this.#film);
    } catch (error) {
      if (signal.aborted && !this.#film) return null; // stopped before it had a number
      throw error;
    } finally {
      this.#film = null;
      this.under.hidden = true;
    }
  }

  /** It is not wanted any more. */
  async stop() {
    if (this.#film) await stopFilm(this.#film).catch(this.onError);
    else this.#sending?.abort();
  }

  async #watch(film) {
    for (;;) {
      const state = await watchFilm(film);
      if (state.phase === "stopped") return null;
      if (state.phase === "failed") throw state.error;
      if (state.phase === "done") return this.#give(film, state);
      this.#show(state);
      await new Promise((resolve) => setTimeout(resolve, EVERY));
    }
  }

  #show({ phase, done, frames, eta_s: left }) {
    this.under.hidden = false;
    if (frames) this.progress.value = done / frames;
    else this.progress.removeAttribute("value");
    if (phase === "waiting") word(this.told, { text: "ui.dream.waiting" });
    else if (left === null || left === undefined) word(this.told, { text: "ui.dream.beginning" });
    else word(this.told, { text: "ui.dream.left", params: { n: Math.max(1, Math.round(left)) } });
  }

  #give(film, state) {
    Object.assign(this.link, { href: filmAddress(film), download: state.name });
    this.link.hidden = false;
    this.link.click();
    return state;
  }
}
