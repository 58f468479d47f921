/** The film as a file: size, frames a second and kind; how far it is; stop. */
import { make } from "../elements.js";
import { word } from "../languages.js";
import { Notice, choice } from "../train/parts.js";
import { FilmProgress } from "./progress.js";
import { orderFilm } from "./server.js";

const SIDES = [256, 384, 512, 768, 1080, 2160];
const RATES = [12, 24, 25, 30, 60];

export class Making {
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
    this.notice = new Notice();
    this.film = new FilmProgress({ onError: (error) => this.notice.tell(error) });
    const row = make("div", { class: "making-row" }, this.size, this.rate, this.kind, this.go);
    this.element = make("div", { class: "making" }, row, ...this.film.elements, this.notice.element);
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
    this.go.disabled = true;
    try {
      this.#tell(await this.film.follow(() => this.#order()));
    } catch (error) {
      this.notice.tell(error);
    }
    this.#able();
  }

  #order() {
    return orderFilm({
      plan: this.reel.plan,
      size: this.size.value.split(" ").map(Number),
      fps: Number(this.rate.value),
      format: this.kind.value,
      ...this.music.order,
    });
  }

  #tell(made) {
    if (made?.captions_as_text) {
      this.notice.tell({ code: "ui.dream.track", params: { count: made.captions_as_text } });
    } else if (made?.silent) this.notice.tell({ code: "ui.dream.silent" });
  }

  #able() {
    this.go.disabled = this.film.busy || !this.reel.frames.length;
  }
}
