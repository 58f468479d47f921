/**
 * Performing: the whole screen for the picture, which drifts; keys, the pad, a microphone
 * and MIDI drive it; when nobody touches it, the keepers are shown.
 */
import { button, make } from "../elements.js";
import { wordName } from "../labels.js";
import { languages, refill, say, word } from "../languages.js";
import { AMOUNT_MAX } from "../recipe.js";
import { withHand } from "../store.js";
import { readOffer } from "../dream/server.js";
import { Microphone } from "./microphone.js";
import { Midi } from "./midi.js";
import { Slideshow } from "./slideshow.js";

/** After so long without a hand the drift goes on, and the keepers are shown (ms). */
const DRIFTS = 4000;
const SHOWS = 45000;
/** How long the foot stays when the pointer rests (ms). */
const FOOT = 3000;
/** What a key adds to a slider, and how far a knob goes (standard deviations). */
const PUSH = 0.4;
const REACH = 3;
const SLIDERS = 6;
const ACTS = ["dice", "next", "keep"];

export class Stage {
  on = false;
  #touched = 0;
  #microphone = null;
  #drives = [];
  #tick = 0;

  constructor(desk) {
    this.desk = desk;
    const { live, keepers, room } = desk;
    this.easel = room.querySelector(".easel");
    this.slides = new Slideshow(live, keepers.database);
    this.midi = new Midi((target, value) => this.#move(target, value));
    this.midi.addEventListener("change", () => this.#list());
    this.#build();
    document.addEventListener("fullscreenchange", () => {
      if (this.on && document.fullscreenElement !== this.easel) this.end();
    });
    for (const kind of ["pointermove", "pointerdown", "keydown", "wheel"]) {
      addEventListener(kind, (event) => this.on && this.#touch(event), { capture: true, passive: true });
    }
    addEventListener("keydown", (event) => this.on && this.#key(event), { capture: true });
    languages.addEventListener("language", () => {
      refill(this.foot);
      this.#list();
    });
    window.reverie.stage = this;
  }

  /** Take the whole screen and begin to drift. */
  async begin() {
    if (this.on) return this.end();
    const { desk } = this;
    try {
      await this.easel.requestFullscreen();
    } catch {
      return desk.status.tell("ui.status.no_fullscreen");
    }
    this.on = true;
    this.easel.classList.add("is-performing");
    this.#touched = performance.now();
    this.#list();
    if (!desk.drift.on) desk.drift.start();
    this.#step();
    const offer = await readOffer(desk.store.card.name).catch(() => null);
    this.#drives = offer?.drives ?? [];
    return undefined;
  }

  end() {
    if (!this.on) return;
    this.on = false;
    cancelAnimationFrame(this.#tick);
    this.slides.stop();
    this.#silence();
    this.easel.classList.remove("is-performing", "is-watched");
    this.panel.hidden = true;
    if (document.fullscreenElement === this.easel) document.exitFullscreen();
  }

  #touch(event) {
    // A pointer that trembles by itself is no hand.
    if (event.type === "pointermove" && Math.abs(event.movementX) + Math.abs(event.movementY) < 2) return;
    this.#wake();
    if (event.type === "keydown") return;
    this.easel.classList.add("is-watched");
    clearTimeout(this.hiding);
    this.hiding = setTimeout(() => this.easel.classList.remove("is-watched"), FOOT);
  }

  #wake() {
    this.#touched = performance.now();
    if (!this.slides.on) return;
    this.slides.stop();
    this.desk.drift.start();
  }

  /** Once a frame of the screen: the microphone, and what nobody's hand leaves to us. */
  #step() {
    this.#tick = requestAnimationFrame(() => this.#step());
    const { drift, live, store } = this.desk;
    const still = performance.now() - this.#touched;
    if (!drift.on && !this.slides.on && still > DRIFTS) drift.start();
    if (!this.slides.on && still > SHOWS) this.#show();
    if (!this.#microphone) return;
    this.#microphone.listen();
    // The drift asks for frames by itself.
    if (!drift.on && !this.slides.on && live.idle) live.request(store.recipe);
  }

  async #show() {
    this.#touched = performance.now();
    if (!(await this.slides.start())) return;
    this.desk.drift.stop();
  }

  #key(event) {
    const { pad, store } = this.desk;
    // What the pad is told below comes by here too.
    if (!event.isTrusted || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key.startsWith("Arrow")) {
      event.preventDefault();
      pad.element.dispatchEvent(new KeyboardEvent("keydown", { key: event.key }));
      return;
    }
    const digit = /^Digit([1-6])$/.exec(event.code)?.[1];
    const name = digit && this.names[Number(digit) - 1];
    if (!name) return;
    event.preventDefault();
    const here = store.work.hand.amounts[name] ?? 0;
    this.#set(name, here + (event.shiftKey ? -PUSH : PUSH));
  }

  /** The sliders that keys and knobs reach, as Create shows them. */
  get names() {
    return [...this.desk.sliders.byName.keys()].slice(0, SLIDERS);
  }

  /** Set a slider while the drift goes on. */
  #set(name, amount) {
    const { store, drift } = this.desk;
    const value = Math.max(-AMOUNT_MAX, Math.min(AMOUNT_MAX, Number(amount.toFixed(3))));
    const change = (work) => withHand(work, { amounts: { ...work.hand.amounts, [name]: value } });
    if (drift.on) store.show(change(store.work), "drift");
    else store.edit(change, `slider:${name}`, true);
  }

  #move(target, value) {
    if (!this.on) return;
    this.#wake();
    const [kind, name] = target.split(":");
    if (kind === "slider") this.#set(name, REACH * (2 * value - 1));
    else if (value > 0) this.desk.actions[name]?.();
  }

  async #listen() {
    if (this.#microphone) return this.#silence();
    try {
      this.#microphone = await Microphone.open();
    } catch {
      return this.desk.status.tell("ui.perform.no_microphone");
    }
    this.mic.setAttribute("aria-pressed", "true");
    this.desk.live.modulate = (recipe) => this.#moved(recipe);
    return undefined;
  }

  #silence() {
    this.#microphone?.close();
    this.#microphone = null;
    this.desk.live.modulate = null;
    this.mic.setAttribute("aria-pressed", "false");
  }

  /** A recipe moved by what is heard right now. */
  #moved(recipe) {
    const directions = { ...recipe.directions };
    for (const { hears, word: name, amount } of this.#drives) {
      const whole = (directions[name] ?? 0) + amount * this.#microphone.heard[hears];
      directions[name] = Math.max(-AMOUNT_MAX, Math.min(AMOUNT_MAX, Number(whole.toFixed(3))));
    }
    return { ...recipe, directions };
  }

  async #instruments() {
    this.panel.hidden = !this.panel.hidden;
    this.instruments.setAttribute("aria-pressed", String(!this.panel.hidden));
    if (this.panel.hidden) return;
    try {
      await this.midi.open();
    } catch {
      this.desk.status.tell("ui.perform.no_midi");
    }
    this.#list();
  }

  /** What can be learnt, and what it is bound to. */
  #list() {
    if (!this.panel || !this.desk.store.card) return;
    const rows = [
      ...this.names.map((name) => [`slider:${name}`, wordName(name)]),
      ...ACTS.map((name) => [`act:${name}`, say(`ui.${name}`)]),
    ];
    const key = this.midi.learning ? "ui.perform.turn" : "ui.perform.midi_hint";
    word(this.hint, { text: this.midi.count ? key : "ui.perform.no_instrument" });
    this.rows.replaceChildren(...rows.map(([target, name]) => this.#row(target, name)));
  }

  #row(target, name) {
    const learn = make("button", { type: "button", class: "quiet", "data-target": target }, name);
    learn.setAttribute("aria-pressed", String(this.midi.learning === target));
    learn.addEventListener("click", () => this.midi.learn(target));
    const bound = this.midi.nameOf(target);
    const forget = make("button", { type: "button", class: "quiet midi-source" }, bound);
    word(forget, { name: "ui.perform.forget", params: { name } });
    forget.hidden = !bound;
    forget.addEventListener("click", () => this.midi.forget(target));
    return make("li", {}, learn, forget);
  }

  #build() {
    const look = (icon) => ({ icon });
    this.mic = button("perform_mic", () => this.#listen(), look("mic"));
    this.instruments = button("perform_midi", () => this.#instruments(), look("knob"));
    for (const toggle of [this.mic, this.instruments]) toggle.setAttribute("aria-pressed", "false");
    const leave = button("perform_end", () => this.end(), look("close"));
    const keys = word(make("p", { class: "perform-keys" }), { text: "ui.perform.keys" });
    this.foot = make("div", { class: "perform-foot" }, keys, this.mic, this.instruments, leave);
    this.hint = make("p");
    this.rows = make("ul", { class: "midi-rows" });
    this.panel = make("div", { class: "perform-panel", hidden: true }, this.hint, this.rows);
    this.easel.append(this.slides.element, this.panel, this.foot);
  }
}
