/** A sound for the film: what is heard in it drives directions, here and in the file. */
import { button, make } from "../elements.js";
import { wordName } from "../labels.js";
import { say, signed, word } from "../languages.js";
import { AMOUNT_MAX } from "../recipe.js";
import { Notice } from "../train/parts.js";
import { bringSound } from "./server.js";

const HEARS = ["loudness", "brightness", "beats"];

export class Music extends EventTarget {
  /** What the server heard, null without a sound. */ heard = null;
  /** @type {{hears: string, word: string, amount: number}[]} */ drives = [];

  /** @param {import("./player.js").Player} player */
  constructor(player) {
    super();
    this.player = player;
    this.picker = make("input", { type: "file", accept: "audio/*,video/*", hidden: true });
    this.picker.addEventListener("change", () => {
      if (this.picker.files[0]) this.take(this.picker.files[0]);
      this.picker.value = "";
    });
    this.pick = button("dream_sound", () => this.picker.click(), { icon: "sound" });
    this.name = make("span", { class: "music-name" });
    this.drop = button("dream_silence", () => this.clear(), { icon: "close", bare: true });
    this.rows = make("div", { class: "music-rows" });
    this.notice = new Notice();
    const head = make("div", { class: "music-head" }, this.pick, this.name, this.drop);
    this.element = make("div", { class: "music" }, this.picker, head, this.rows, this.notice.element);
    this.draw();
  }

  setCard(card, offer) {
    this.names = [...(card.words ?? []), ...card.directions].map(({ name }) => name);
    this.drives = offer.drives.map((drive) => ({ ...drive }));
    this.element.hidden = !offer.sound;
    this.draw();
  }

  /** Take a sound file: play it here, and have it heard there. */
  async take(file) {
    this.clear();
    this.notice.tell();
    this.pick.setAttribute("aria-busy", "true");
    try {
      this.heard = await bringSound(file);
      this.address = URL.createObjectURL(file);
      this.player.sound = new Audio(this.address);
      this.player.drive = (recipe, time) => this.#drive(recipe, time);
      if (this.heard.silent) this.notice.tell({ code: "ui.dream.silent" });
    } catch (error) {
      this.notice.tell(error);
    } finally {
      this.pick.removeAttribute("aria-busy");
    }
    this.#changed();
  }

  clear() {
    this.player.sound?.pause();
    this.player.sound = null;
    this.player.drive = (recipe) => recipe;
    if (this.address) URL.revokeObjectURL(this.address);
    this.heard = this.address = null;
    this.#changed();
  }

  /** What the film's order says of it. */
  get order() {
    if (!this.heard) return {};
    return { sound: this.heard.sound, drives: this.drives.filter(({ amount }) => amount) };
  }

  #changed() {
    this.draw();
    this.dispatchEvent(new Event("change"));
  }

  /** A recipe moved by what sounds at a moment. */
  #drive(recipe, time) {
    const { heard, rate } = this.heard;
    const directions = {};
    for (const { hears, word: name, amount } of this.drives) {
      const values = heard[hears];
      const value = values[Math.min(values.length - 1, Math.round(time * rate))] ?? 0;
      const whole = (directions[name] ?? 0) + amount * (time * rate < values.length ? value : 0);
      if (whole) directions[name] = Math.max(-AMOUNT_MAX, Math.min(AMOUNT_MAX, whole));
    }
    return Object.keys(directions).length ? { ...recipe, directions } : recipe;
  }

  draw() {
    const { heard } = this;
    this.drop.hidden = this.rows.hidden = !heard;
    this.name.textContent = heard ? heard.name : "";
    this.name.hidden = !heard;
    if (!heard || !this.names) return;
    this.rows.replaceChildren(...HEARS.map((hears) => this.#row(hears)));
  }

  #row(hears) {
    let drive = this.drives.find((one) => one.hears === hears);
    if (!drive) this.drives.push((drive = { hears, word: this.names[0], amount: 0 }));
    const select = make("select", { class: "choice" });
    select.append(...this.names.map((name) => make("option", { value: name }, wordName(name))));
    select.value = drive.word;
    select.addEventListener("change", () => (drive.word = select.value));
    select.setAttribute("aria-label", say("ui.dream.drives", { hears: say(`ui.dream.hears.${hears}`) }));
    const amount = make("input", { type: "range", min: -3, max: 3, step: 0.1, value: drive.amount });
    word(amount, { name: "ui.dream.amount" });
    const told = make("output", {}, signed(drive.amount, 1));
    amount.addEventListener("input", () => {
      drive.amount = Number(amount.value);
      told.textContent = signed(drive.amount, 1);
    });
    const name = word(make("span", { class: "field-word" }), { text: `ui.dream.hears.${hears}` });
    return make("div", { class: "music-row" }, name, select, amount, told);
  }
}
