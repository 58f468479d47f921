/** The keepers, to choose keyframes from. */
import { button, make } from "../elements.js";
import { say, word } from "../languages.js";

export class Shelf {
  #addresses = [];

  /** @param {(keepers: any[]) => void} onAdd */
  constructor(database, onAdd) {
    this.database = database;
    this.onAdd = onAdd;
    this.list = make("div", { class: "shelf-list" });
    const heading = word(make("h2"), { text: "ui.dream_keepers" });
    const close = button("close", () => this.element.close(), {
      icon: "close",
      bare: true,
      class: "dialog-close",
    });
    this.all = button("dream_all", () => this.#give(this.kept), { icon: "add" });
    this.element = make("dialog", { class: "help shelf" }, heading, close, this.list, this.all);
    this.element.addEventListener("click", (event) => {
      if (event.target === this.element) this.element.close();
    });
  }

  /** Show what is kept, oldest first, as a film goes. */
  async open() {
    this.kept = (await this.database.all("keepers")).sort((a, b) => (a.id < b.id ? -1 : 1));
    this.#addresses.splice(0).forEach((address) => URL.revokeObjectURL(address));
    const items = this.kept.map((keeper, index) => {
      const address = URL.createObjectURL(keeper.picture);
      this.#addresses.push(address);
      const act = () => this.#give([keeper]);
      const open = make("button", { type: "button", class: "keeper-open", onclick: act });
      open.setAttribute("aria-label", say("ui.dream.frame", { n: index + 1 }));
      open.append(make("img", { src: address, alt: "" }));
      return open;
    });
    const empty = word(make("p", { class: "faint" }), { text: "ui.keepers.empty" });
    this.list.replaceChildren(...(items.length ? items : [empty]));
    this.all.hidden = items.length < 2;
    this.element.showModal();
  }

  #give(keepers) {
    this.onAdd(keepers);
    if (keepers.length > 1) this.element.close();
  }
}
