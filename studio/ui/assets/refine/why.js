/** Why a work looks as it does: its wall text, as a card that can be copied. */
import { post } from "../address.js";
import { button, make } from "../elements.js";
import { languages, say, word } from "../languages.js";
import { copy } from "../takeaway.js";
import { styled } from "./files.js";
import { Near } from "./near.js";

const SIDE = 192; // of the work's picture beside its neighbours

export class Why {
  /** @param {HTMLElement} room @param {import("../desk.js").Desk} desk */
  constructor(room, desk) {
    Object.assign(this, { desk, told: null, turn: 0 });
    styled("lesson.css");
    styled("near.css");
    this.near = new Near(() => desk.picture.thumbnail(SIDE));
    this.dialog = this.#build();
    room.append(this.dialog);
    languages.addEventListener("language", () => this.#draw());
  }

  /** Show the card of the work on the easel, or put it away. */
  async toggle() {
    if (this.dialog.open) return this.dialog.close();
    const { desk } = this;
    desk.hold();
    desk.store.flush();
    this.told = null;
    this.#draw();
    this.dialog.showModal();
    const turn = ++this.turn;
    this.near.ask(desk.store.recipe, () => turn === this.turn);
    try {
      const parent = await this.#parent();
      const response = await post("why", { recipe: desk.store.recipe, parent });
      const told = await response.json();
      if (turn !== this.turn) return undefined;
      this.told = told;
      return this.#draw();
    } catch (error) {
      if (turn !== this.turn) return undefined;
      this.dialog.close();
      return desk.status.tellError(error, "why");
    }
  }

  /** The recipe of the work before; the one on the easel may not be recorded yet. */
  async #parent() {
    const { history, store } = this.desk;
    const moments = await history.all();
    const { head } = history;
    const here = JSON.stringify(head?.recipe) === JSON.stringify(store.recipe);
    const before = here ? moments.find(({ id }) => id === head.parents[0]) : head;
    return before?.recipe ?? null;
  }

  get #lines() {
    return this.told?.[languages.current] ?? [];
  }

  #draw() {
    const [title, ...rest] = this.#lines;
    this.title.textContent = title ?? "";
    const waiting = [make("p", { class: "why-waiting" }, say("ui.why.waiting"))];
    const texts = rest.map((text) => make("p", {}, text));
    this.text.replaceChildren(...(this.told ? texts : waiting));
    this.copy.disabled = !this.told;
    this.note.textContent = "";
  }

  async #copy() {
    const copied = await copy(this.#lines.join("\n\n"));
    this.note.textContent = say(copied ? "ui.why.copied" : "ui.status.not_copied");
  }

  #build() {
    this.title = make("h2");
    this.text = make("div", { class: "why-text", "aria-live": "polite" });
    this.copy = button("why_copy", () => this.#copy(), { icon: "link" });
    this.note = make("span", { class: "why-note", role: "status" });
    const close = button("close", () => dialog.close(), {
      icon: "close",
      bare: true,
      class: "dialog-close",
    });
    const card = button("work_card", () => this.desk.actions.workCard(), { icon: "save" });
    const foot = make("div", { class: "why-foot" }, this.copy, card, this.note);
    const dialog = make("dialog", { class: "why" }, close, this.title, this.text, foot, this.near.element);
    word(dialog, { name: "ui.why" });
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("close", () => (this.turn += 1));
    return dialog;
  }
}
