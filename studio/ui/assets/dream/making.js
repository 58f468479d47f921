/** The film as a file: size, frames a second and kind; how far it is; stop. */
import { button, make } from "../elements.js";
import { word } from "../languages.js";
import { Notice, choice } from "../train/parts.js";
import { filmAddress, orderFilm, stopFilm, watchFilm } from "./server.js";

const SIDES = [256, 384, 512, 768, 1080, 2160];
const RATES = [12, 24, 25, 30, 60];
/** How often it is asked how far a film is (ms). */
const EVERY = 500;

export class Making {
  #film = null;

  /**
   * @param {import("./reel.js").Reel} reel
   * @param {import("./music.js").Music} music
   */
  constructor(reel, music) {
    Object.assign(this, { reel, music });
    this.size = make("select", { class: "choice" });
    this.rate = make("select", { class: "choice" });
    this.rate.append(...RATES.map((fps) => make("option", { value: fps }, `${fps} / s`)));
    this.rate.value = 24;
    this.kind = choice([
      ["mp4", "ui.dream.kind.mp4"],
      ["webp", "ui.dream.kind.webp"],
    ]);
    word(this.size, { name: "ui.dream.size" });
    word(this.rate, { name: "ui.dream.rate" });
    word(this.kind, { name: "ui.dream.kind" });
    this.go = make("button", { type: "button", class: "quiet is-main", "data-act": "dream_film" });
    word(this.go, { text: "ui.dream.film" }).addEventListener("click", () => this.make());
    this.progress = make("progress", { max: 1, value: 0 });
    word(this.progress, { name: "ui.dream.progress" });
    this.told = make("span", { class: "making-told" });
    this.cancel = button("dream_cancel", () => this.stop(), { icon: "close", bare: true });
    this.under = make("div", { class: "making-under", hidden: true }, this.progress, this.told, this.cancel);
    this.link = word(make("a", { class: "making-link", hidden: true }), { text: "ui.dream.again" });
    this.notice = new Notice();
    const row = make("div", { class: "making-row" }, this.size, this.rate, this.kind, this.go);
    this.element = make("div", { class: "making" }, row, this.under, this.link, this.notice.element);
    reel.addEventListener("change", () => this.#able());
    this.#able();
  }

  setCard(card, offer) {
    const most = offer.side[1];
    const longest = Math.max(...card.resolution);
    const before = this.size.value;
    const sizes = [...new Set([longest, ...SIDES])].filter((side) => side <= most).sort((a, b) => a - b);
    this.size.replaceChildren(
      ...sizes.map((side) => {
        const [height, width] = card.resolution.map((one) => Math.floor((one * side) / longest / 2) * 2);
        return make("option", { value: `${height} ${width}` }, `${height} \u00d7 ${width}`);
      }),
    );
    const wanted = sizes.includes(512) ? sizes.indexOf(512) : sizes.length - 1;
    this.size.selectedIndex = wanted;
    if (before && [...this.size.options].some(({ value }) => value === before)) this.size.value = before;
  }

  /** Order the film, and follow it to its end. */
  async make() {
    this.notice.tell();
    this.link.hidden = true;
    this.#show({ done: 0, frames: 0, phase: "waiting" });
    try {
      const film = await orderFilm({
        plan: this.reel.plan,
        size: this.size.value.split(" ").map(Number),
        fps: Number(this.rate.value),
        format: this.kind.value,
        ...this.music.order,
      });
      this.#film = film;
      await this.#follow(film);
    } catch (error) {
      this.notice.tell(error);
    } finally {
      this.#film = null;
      this.under.hidden = true;
      this.#able();
    }
  }

  /** It is not wanted any more. */
  async stop() {
    if (this.#film) await stopFilm(this.#film).catch((error) => this.notice.tell(error));
  }

  async #follow(film) {
    for (;;) {
      const state = await watchFilm(film);
      if (state.phase === "stopped") return;
      if (state.phase === "failed") throw state.error;
      if (state.phase === "done") return this.#give(film, state);
      this.#show(state);
      await new Promise((resolve) => setTimeout(resolve, EVERY));
    }
  }

  #show({ phase, done, frames, eta_s: left }) {
    this.under.hidden = false;
    this.go.disabled = true;
    if (frames) this.progress.value = done / frames;
    else this.progress.removeAttribute("value");
    if (phase === "waiting") word(this.told, { text: "ui.dream.waiting" });
    else if (left === null || left === undefined) word(this.told, { text: "ui.dream.beginning" });
    else word(this.told, { text: "ui.dream.left", params: { n: Math.max(1, Math.round(left)) } });
  }

  #give(film, { name, silent, captions_as_text: track }) {
    Object.assign(this.link, { href: filmAddress(film), download: name });
    this.link.hidden = false;
    this.link.click();
    if (track) this.notice.tell({ code: "ui.dream.track", params: { count: track } });
    else if (silent) this.notice.tell({ code: "ui.dream.silent" });
  }

  #able() {
    this.go.disabled = Boolean(this.#film) || !this.reel.frames.length;
  }
}
