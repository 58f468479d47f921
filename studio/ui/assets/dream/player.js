/**
 * Plays a walk over the live socket: the clock runs as in the film, and as many frames
 * are asked for as come. A caption lies over the picture as it will in the file.
 */
import { Picture } from "../picture.js";
import { button, make } from "../elements.js";
import { icon } from "../icons.js";
import { word } from "../languages.js";

/** The most that the clock goes on between two looks at it (seconds). */
const LEAP = 0.5;
/** When the hand has let go of the time for this long, the picture settles (ms). */
const REST = 220;

export class Player extends EventTarget {
  /** @type {import("./walk.js").Walk | null} */ walk = null;
  playing = false;
  time = 0;
  /** Moves a recipe by what sounds at a moment. */ drive = (recipe) => recipe;
  /** A sound whose clock leads, while there is one. @type {HTMLAudioElement | null} */
  sound = null;
  #last = 0;
  #timer = 0;
  #open = false;
  /** What this room asked for: the easel's frames come over the same socket. */
  #own = new WeakSet();

  /** @param {import("../live.js").Live} live */
  constructor(live) {
    super();
    this.live = live;
    this.frame = make(
      "div",
      { class: "frame dream-frame", role: "img" },
      make("canvas", { class: "live", width: 16, height: 16 }),
      make("canvas", { class: "settled", width: 16, height: 16 }),
      (this.caption = make("p", { class: "dream-caption", "aria-live": "off" })),
    );
    word(this.frame, { name: "ui.dream.picture" });
    this.toggle = button("dream_play", () => this.turn(), { icon: "play", bare: true, key: "Space" });
    this.bar = make("input", { type: "range", min: 0, max: 1, step: "any", value: 0, class: "dream-bar" });
    word(this.bar, { name: "ui.dream.time" });
    this.bar.addEventListener("input", () => this.seek(Number(this.bar.value)));
    this.told = make("span", { class: "dream-time" });
    this.transport = make("div", { class: "dream-transport" }, this.toggle, this.bar, this.told);
    live.addEventListener("frame", ({ detail }) => this.#draw(detail));
    document.addEventListener("visibilitychange", () => (this.#last = performance.now()));
  }

  /** The frame is in the page now, and has a shape. */
  place(card) {
    this.picture ??= new Picture(this.frame);
    this.picture.setShape(card.resolution);
  }

  enter() {
    this.#open = true;
    this.#look();
    this.#step();
  }

  leave() {
    this.pause();
    this.#open = false;
    cancelAnimationFrame(this.#timer);
  }

  /** Play another walk, from where this one was if `stay`. */
  load(walk, stay) {
    this.walk = walk;
    this.bar.max = walk ? walk.seconds : 1;
    if (!stay || !walk || this.time > walk.seconds) this.time = 0;
    this.#look();
  }

  turn() {
    if (this.playing) this.pause();
    else this.play();
  }

  play() {
    if (!this.walk || this.playing) return;
    if (!this.walk.loop && this.time >= this.walk.seconds - 0.05) this.time = 0;
    this.playing = true;
    this.#last = performance.now();
    this.#follow();
    this.#step();
  }

  pause() {
    if (!this.playing) return;
    this.playing = false;
    this.#follow();
    this.#look();
  }

  /** Go to a moment. */
  seek(time) {
    this.time = time;
    this.#follow();
    this.#look();
  }

  /** Let the sound and the button say what is so. */
  #follow() {
    this.toggle.setAttribute("aria-pressed", String(this.playing));
    this.toggle.replaceChildren(icon(this.playing ? "pause" : "play"));
    const { sound } = this;
    if (sound) {
      if (Math.abs(sound.currentTime - this.time) > 0.15) sound.currentTime = this.time;
      if (this.playing && this.time < sound.duration) sound.play().catch(() => {});
      else sound.pause();
    }
    this.dispatchEvent(new Event("play"));
  }

  #step() {
    cancelAnimationFrame(this.#timer);
    if (!this.#open || !this.playing) return;
    this.#timer = requestAnimationFrame(() => this.#step());
    const now = performance.now();
    this.time += Math.min(LEAP, (now - this.#last) / 1000);
    this.#last = now;
    const { sound, walk } = this;
    if (sound && !sound.paused) this.time = sound.currentTime;
    if (this.time >= walk.seconds) {
      if (!walk.loop) {
        this.time = walk.seconds;
        return this.pause();
      }
      this.time %= walk.seconds;
      this.#follow();
    }
    this.#tell();
    if (this.live.state === "open" && this.live.idle) this.live.request(this.#now());
    return undefined;
  }

  /** Show a work while there is nothing to play. */
  show(recipe) {
    this.#own.add(recipe);
    this.live.request(recipe);
  }

  #now() {
    const recipe = this.drive(this.walk.recipeAt(this.time), this.time);
    this.#own.add(recipe);
    return recipe;
  }

  /** Show the moment where the time stands, sharply when it stays there. */
  #look() {
    this.#tell();
    if (!this.walk || !this.#open) return;
    this.live.request(this.#now());
    clearTimeout(this.rest);
    this.rest = setTimeout(() => {
      if (this.playing || !this.walk || !this.#open) return;
      this.live.settle(this.#now(), this.picture.settledSize());
    }, REST);
  }

  #tell() {
    const { walk, time } = this;
    this.bar.value = time;
    this.bar.disabled = this.toggle.disabled = !walk;
    this.told.textContent = walk ? `${clock(time)} / ${clock(walk.seconds)}` : "";
    const said = walk?.captionAt(time);
    if (said && this.caption.textContent !== said.text) this.caption.textContent = said.text;
    this.caption.style.opacity = said ? said.strength.toFixed(3) : "0";
    this.dispatchEvent(new Event("time"));
  }

  async #draw(frame) {
    if (!this.#open || !this.picture || !this.#own.has(frame.recipe)) return;
    const stale = () => frame.kind === "settled" && (this.playing || !this.live.isCurrent(frame.id));
    if (await this.picture.draw(frame, stale).catch(() => false)) this.dispatchEvent(new Event("drawn"));
  }
}

function clock(seconds) {
  const whole = Math.floor(seconds + 0.05);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
