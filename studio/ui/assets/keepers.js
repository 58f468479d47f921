/** The strip of keepers: small pictures of works worth coming back to. */
import { button, make } from "./elements.js";
import { freshId } from "./database.js";
import { languages, say, word } from "./languages.js";
import { mainSeed, sameRecipe } from "./recipe.js";

const SIDE = 144;
const TAKEN_DOWN = "ui.keepers.taken_down";

export class Keepers {
  #queue = Promise.resolve();

  /**
   * @param {import("./store.js").Store} store
   * @param {import("./picture.js").Picture} picture
   * @param {HTMLElement} strip
   */
  constructor(store, picture, strip, { live, database, status, onReturn }) {
    Object.assign(this, { store, picture, strip, live, database, status, onReturn });
    this.addresses = [];
    /** What was just taken down, the latest last: it can be hung again. */
    this.down = [];
    this.empty = word(make("p", { class: "keepers-empty" }), { text: "ui.keepers.empty" });
    // Other tabs of this browser show the same strip.
    this.channel = "BroadcastChannel" in window ? new BroadcastChannel("reverie") : null;
    this.channel?.addEventListener("message", () => this.refresh());
    languages.addEventListener("language", () => this.refresh());
    strip.addEventListener("wheel", (event) => this.#wheel(event));
  }

  /** Keep the work on the easel; one that is kept already stays as it is. */
  keep() {
    const { recipe, hand } = this.store.work;
    // In order, so that a second click finds what the first one kept.
    const done = this.#queue.then(() => this.#hang(recipe, hand));
    this.#queue = done.catch(() => {});
    return done;
  }

  async #hang(recipe, hand) {
    const kept = await this.database.all("keepers");
    if (kept.some((keeper) => sameRecipe(keeper.recipe, recipe))) {
      return this.status.tell("ui.keepers.already", {}, { good: true });
    }
    const picture = await this.#pictureOf(recipe);
    const keeper = { id: freshId(), recipe, hand, picture, time: Date.now() };
    await this.database.put("keepers", keeper);
    await this.#changed();
    this.strip.scrollTo({ left: 0 });
  }

  /** Draw the strip again, newest first. */
  async refresh() {
    const kept = await this.database.all("keepers");
    this.addresses.splice(0).forEach((address) => URL.revokeObjectURL(address));
    kept.sort((a, b) => (a.id < b.id ? 1 : -1));
    const items = kept.map((keeper) => this.#item(keeper));
    this.strip.replaceChildren(...(items.length ? items : [this.empty]));
  }

  /** What is on the canvas may be a moment behind the hand, and belong to another. */
  async #pictureOf(recipe) {
    const answers = this.live.state === "open" || this.live.state === "closed";
    const settled = this.picture.settledRecipe === recipe;
    const own = answers && !settled ? this.live.aside(recipe, { forgettable: false }) : null;
    return (await own?.catch(() => null)) ?? this.picture.thumbnail(SIDE);
  }

  /** A wheel that only turns up and down still reaches the far end. */
  #wheel(event) {
    if (event.deltaX || this.strip.scrollWidth <= this.strip.clientWidth) return;
    this.strip.scrollLeft += event.deltaY;
    event.preventDefault();
  }

  #remove(keeper) {
    // What was offered before and let pass is not offered again.
    if (this.status.shown?.key !== TAKEN_DOWN) this.down = [];
    if (this.down.some(({ id }) => id === keeper.id)) return;
    this.down.push(keeper);
    this.#offerBack();
    this.#inOrder(() => this.database.delete("keepers", keeper.id));
  }

  #offerBack() {
    const offer = { key: "ui.keepers.put_back", act: () => this.#putBack() };
    this.status.tell(TAKEN_DOWN, {}, { good: true, offer });
  }

  /** Hang what was taken down last in its old place; what went before is next. */
  #putBack() {
    const keeper = this.down.pop();
    // At once, so that a second Ctrl+Z right after the first finds it.
    if (this.down.length) this.#offerBack();
    this.#inOrder(() => this.database.put("keepers", keeper));
  }

  #inOrder(task) {
    const done = this.#queue.then(task).then(() => this.#changed());
    this.#queue = done.catch(() => this.refresh());
  }

  async #changed() {
    await this.refresh();
    this.channel?.postMessage("keepers");
  }

  #item(keeper) {
    const address = URL.createObjectURL(keeper.picture);
    this.addresses.push(address);
    const seed = mainSeed(keeper.recipe.source) ?? "";
    const open = make(
      "button",
      {
        type: "button",
        class: "keeper-open",
        onclick: () => this.onReturn(keeper),
        onkeydown: (event) => event.key === "Delete" && this.#remove(keeper),
      },
      make("img", { src: address, alt: "", draggable: "false" }),
    );
    open.setAttribute("aria-label", say("ui.keeper", { seed }));
    open.dataset.hint = "ui.keeper.hint";
    const remove = button("unkeep", () => this.#remove(keeper), {
      icon: "close",
      bare: true,
      class: "keeper-remove",
    });
    return make("div", { class: "keeper", role: "listitem" }, open, remove);
  }
}
