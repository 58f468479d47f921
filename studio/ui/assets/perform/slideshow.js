/** Keepers, one melting into the next, while nobody touches anything. */
import { make } from "../elements.js";

/** How long each is seen (ms); the melting is the style's. */
const SEEN = 7000;

export class Slideshow {
  on = false;
  #turn = 0;
  #addresses = [];

  constructor(live, database) {
    Object.assign(this, { live, database });
    this.sheets = [make("img", { alt: "" }), make("img", { alt: "" })];
    this.element = make("div", { class: "slides", "aria-hidden": "true" }, ...this.sheets);
  }

  /** Begin, if anything was kept. @returns {Promise<boolean>} */
  async start() {
    if (this.on) return true;
    this.on = true;
    const kept = await this.database.all("keepers");
    if (!kept.length || !this.on) {
      this.on = false;
      return false;
    }
    this.kept = kept.sort((a, b) => (a.id < b.id ? -1 : 1));
    this.#turn = 0;
    this.element.classList.add("is-on");
    this.#next();
    return true;
  }

  stop() {
    if (!this.on) return;
    this.on = false;
    clearTimeout(this.timer);
    this.element.classList.remove("is-on");
    for (const sheet of this.sheets) sheet.classList.remove("is-seen");
    this.#addresses.splice(0).forEach((address) => URL.revokeObjectURL(address));
  }

  async #next() {
    const keeper = this.kept[this.#turn % this.kept.length];
    const blob = (await this.live.tile(keeper.recipe).catch(() => null)) ?? keeper.picture;
    if (!this.on) return;
    const [sheet, other] = this.#turn % 2 ? [...this.sheets].reverse() : this.sheets;
    this.#addresses.push((sheet.src = URL.createObjectURL(blob)));
    if (this.#addresses.length > 2) URL.revokeObjectURL(this.#addresses.shift());
    await sheet.decode().catch(() => {});
    if (!this.on) return;
    sheet.classList.add("is-seen");
    other.classList.remove("is-seen");
    this.#turn += 1;
    this.timer = setTimeout(() => this.#next(), SEEN);
  }
}
