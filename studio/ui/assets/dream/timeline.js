/**
 * The timeline: keyframes in their order, as wide as their ways are long. Drag one to
 * another place, or move it with Alt and an arrow.
 */
import { button, make } from "../elements.js";
import { wordName } from "../labels.js";
import { say, word } from "../languages.js";

export class Timeline {
  #pictures = new Map();
  #cards = new Map();
  #dragged = null;

  /**
   * @param {import("./reel.js").Reel} reel
   * @param {import("../live.js").Live} live
   * @param {import("./player.js").Player} player
   */
  constructor(reel, live, player, { onAdd, onKeepers }) {
    Object.assign(this, { reel, live, player });
    this.list = make("ol", { class: "reel" });
    word(this.list, { name: "ui.dream.reel" });
    this.empty = word(make("p", { class: "reel-empty" }), { text: "ui.dream.empty" });
    const tools = make(
      "div",
      { class: "reel-tools" },
      button("dream_add", onAdd, { icon: "add" }),
      button("dream_keepers", onKeepers, { icon: "keep" }),
    );
    this.element = make("div", { class: "timeline" }, this.list, this.empty, tools);
    reel.addEventListener("change", () => this.draw());
    player.addEventListener("time", () => this.#point());
    this.draw();
  }

  /** Draw what has changed; cards that stay keep their elements. */
  draw() {
    const { frames } = this.reel;
    const cards = frames.map((frame, index) => this.#card(frame, index));
    if (cards.length !== this.list.childElementCount || cards.some((card, i) => card !== this.list.children[i])) {
      this.list.replaceChildren(...cards);
    }
    for (const id of this.#cards.keys()) {
      if (!frames.some((frame) => frame.id === id)) this.#cards.delete(id);
    }
    this.empty.hidden = frames.length > 0;
    this.#point();
  }

  #card(frame, index) {
    const card = this.#cards.get(frame.id) ?? this.#build(frame);
    this.#cards.set(frame.id, card);
    const { open } = card;
    open.setAttribute("aria-pressed", String(frame.id === this.reel.chosen));
    const text = frame.text || say("ui.dream.frame", { n: index + 1 });
    open.setAttribute("aria-label", say("ui.dream.frame_name", { n: index + 1, text: text.slice(0, 60) }));
    card.style.setProperty("--seconds", frame.seconds);
    card.querySelector(".reel-text").textContent = frame.text ?? "";
    const lost = Boolean(frame.text) && !frame.understood?.length;
    card.classList.toggle("is-lost", lost);
    card.querySelector(".reel-words").textContent = lost ? say("ui.dream.lost") : wordsOf(frame);
    this.#picture(frame, card.querySelector("img"));
    return card;
  }

  #build(frame) {
    const { id } = frame;
    const open = make(
      "button",
      { type: "button", class: "reel-open", draggable: "true" },
      make("img", { alt: "", draggable: "false" }),
      make("span", { class: "reel-text" }),
      make("span", { class: "reel-words" }),
    );
    open.addEventListener("click", () => this.#choose(id));
    open.addEventListener("keydown", (event) => this.#key(event, id));
    open.addEventListener("dragstart", (event) => {
      this.#dragged = id;
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", id);
    });
    open.addEventListener("dragend", () => (this.#dragged = null));
    const card = make("li", { class: "reel-card" }, open);
    card.addEventListener("dragover", (event) => this.#dragged && event.preventDefault());
    card.addEventListener("drop", (event) => {
      if (!this.#dragged) return;
      event.preventDefault();
      event.stopPropagation();
      this.reel.move(this.#dragged, this.#place(id));
    });
    card.open = open;
    return card;
  }

  #place(id) {
    return this.reel.frames.findIndex((frame) => frame.id === id);
  }

  #choose(id) {
    const { reel, player } = this;
    reel.change({ chosen: id }, reel.way === "through" ? "look" : "walk");
    const start = player.walk?.starts[this.#place(id)];
    if (reel.way === "through" && start !== undefined && !player.playing) player.seek(start);
  }

  #key(event, id) {
    if (event.key === "Delete") return this.reel.remove(id);
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by) return undefined;
    event.preventDefault();
    const at = this.#place(id) + by;
    if (event.altKey) this.reel.move(id, at);
    const next = event.altKey ? id : this.reel.frames[at]?.id;
    if (next) {
      this.#choose(next);
      this.#cards.get(next)?.open.focus();
    }
    return undefined;
  }

  /** Mark the keyframe that was passed last. */
  #point() {
    const { walk, time } = this.player;
    const through = this.reel.way === "through";
    let at = -1;
    if (walk && through) at = walk.starts.findLastIndex((start) => start <= time + 0.01);
    [...this.list.children].forEach((card, index) => {
      card.classList.toggle("is-now", index === at);
    });
  }

  /** Each picture is asked for once, and only what is new. */
  async #picture(frame, image) {
    const key = JSON.stringify(frame.recipe);
    if (image.dataset.of === key) return;
    image.dataset.of = key;
    if (!this.#pictures.has(key)) this.#pictures.set(key, this.live.tile(frame.recipe));
    try {
      const blob = await this.#pictures.get(key);
      if (!blob || image.dataset.of !== key) return;
      const before = image.src;
      image.src = URL.createObjectURL(blob);
      if (before) URL.revokeObjectURL(before);
    } catch {
      this.#pictures.delete(key);
      delete image.dataset.of;
    }
  }
}

/** What was understood of its sentence, the strongest first. */
function wordsOf({ understood = [] }) {
  const wanted = understood.filter(({ amount }) => amount > 0);
  const names = wanted.sort((a, b) => b.amount - a.amount).map((part) => wordName(part.word));
  return [...new Set(names)].join(" \u00b7 ");
}
