/**
 * Pictures of the person's own, read into the model: the dial between what the model
 * sees and the picture as it was, polishing, and what differs.
 */
import { ask } from "../address.js";
import { button, fold, make } from "../elements.js";
import { word } from "../languages.js";
import { prefer, preference } from "../preferences.js";
import { pickFiles, styled } from "../refine/files.js";
import { isClip } from "../picturing.js";
import { withRecipe } from "../store.js";
import { faithfulDial } from "./dial.js";
import { Difference } from "./difference.js";
import { linesOf } from "./lines.js";
import { Other } from "./other.js";

export const PICTURES = "image/png,image/jpeg,image/webp";
const CLIPS = "video/mp4,video/quicktime,video/webm";
/** Larger pictures are reduced before they travel (pixels a side). */
const MOST_SIDE = 1024;
const HEAVY = 400 * 1024;
const MOST_BESIDE = 2 ** 21;
/** Pictures outside of a model's world that are remembered, by their residual's start. */
const OUTSIDE = "picture:outside";
const REMEMBERED = 24;
const MARK = 48;

export class Pictures {
  /**
   * @param {HTMLElement} room @param {HTMLElement} place
   * @param {import("../desk.js").Desk} desk
   */
  constructor(room, place, desk) {
    Object.assign(this, { room, place, desk, store: desk.store, reading: null, polishing: null });
    styled("../picture/picture.css");
    this.difference = new Difference(desk);
    this.other = new Other(desk, (file) => this.#ask(file));
    this.#build();
    this.store.addEventListener("change", ({ detail }) => detail.how !== "drift" && this.#follow());
  }

  /** Somebody looks. */
  wake() {
    this.#follow();
    return this.other.wake();
  }

  /** Let the server make ready to read, once a model; nobody waits for it. */
  async warm() {
    const { name, fingerprint } = this.store.card;
    if (this.warmed === fingerprint) return;
    this.warmed = fingerprint;
    const path = `picture/warm?model=${encodeURIComponent(name)}`;
    // What is wrong is told with the first picture.
    await ask(path, { method: "POST" }).catch(() => (this.warmed = null));
  }

  /** One picture onto the easel, several onto the board; a clip becomes a film. */
  async take(files) {
    const clip = files.find(isClip);
    if (!clip) return files.length > 1 ? this.collage(files) : this.read(files[0]);
    if (!this.clips) {
      const { Clips } = await import("./clip.js");
      this.clips = new Clips(this.desk);
      this.own.after(this.clips.element);
    }
    return this.clips.take(clip, files.length - 1);
  }

  /** Read a picture onto the easel; one that comes meanwhile takes its place. */
  async read(file) {
    const { desk, store } = this;
    desk.hold();
    store.flush();
    const found = await this.#ask(file);
    if (!found) return;
    const { recipe, outside } = found;
    if (outside) markOutside(recipe);
    /** The last picture, which polishing looks at, and the work that is of it. */
    this.original = { file: found.body, data: recipe.residual.data };
    const { size } = store.recipe;
    store.edit(() => fresh(recipe, size), "read");
    store.flush();
    this.#tell();
  }

  /** Open the board, with these pictures on it. */
  async collage(files) {
    if (!this.board) {
      const { Board } = await import("./board.js");
      this.board = new Board(this.room, this.desk);
    }
    await this.board.open(files);
  }

  /** The recipe of a picture and whether it is outside; null where it was overtaken. */
  async #ask(file) {
    this.reading?.abort();
    const { signal } = (this.reading = new AbortController());
    this.#say("ui.picture.reading");
    const model = encodeURIComponent(this.store.card.name);
    try {
      const body = await reduced(file);
      for await (const line of linesOf(`picture?model=${model}`, { method: "POST", body, signal })) {
        if (line.recipe) return { ...line, body };
        this.#say("ui.picture.learning", { share: Math.round(100 * line.share) });
      }
    } catch (error) {
      if (signal.aborted) return null;
      this.#tell();
      throw error;
    }
    return null;
  }

  async #polish() {
    if (this.polishing) return this.polishing.abort();
    const { desk, store } = this;
    desk.hold();
    store.flush();
    const { signal } = (this.polishing = new AbortController());
    const stranger = isOutside(store.recipe);
    this.#follow();
    try {
      await this.#come(store.recipe, signal);
    } catch (error) {
      if (!signal.aborted) desk.status.tellError(error, "read");
    }
    this.polishing = null;
    store.flush();
    if (stranger && store.recipe.residual) markOutside(store.recipe);
    this.#follow();
    return undefined;
  }

  /** Follow the picture as it comes nearer, for as long as it is the one on the easel. */
  async #come(recipe, signal) {
    let here = recipe.residual.data;
    const own = this.original?.data === here ? this.original : null;
    const picture = own ? await textOf(own.file) : undefined;
    const options = { method: "POST", body: JSON.stringify({ recipe, picture }), signal };
    for await (const line of linesOf("polish", options)) {
      this.bar.value = line.share;
      if (!line.recipe) continue;
      if (this.store.recipe.residual?.data !== here) return this.polishing.abort();
      here = line.recipe.residual.data;
      if (own) own.data = here;
      this.store.edit((work) => nearer(work, line.recipe), "polish", line.share === 1);
    }
    return undefined;
  }

  #build() {
    const open = button("picture_open", () => this.#open(), { icon: "image" });
    const camera = button("picture_camera", () => this.#open("environment"), {
      icon: "camera",
      class: "picture-camera",
    });
    const board = button("board", () => this.desk.actions.board(), { icon: "board" });
    this.said = make("p", { class: "picture-said", role: "status" });
    this.dial = faithfulDial("faithful", {
      onTouch: () => this.store.touch(),
      onMove: (amount, final) => this.#turn(amount, final),
    });
    this.bar = make("progress", { max: 1, value: 0, class: "picture-bar" });
    this.polishButton = button("polish", () => this.#polish(), { icon: "polish" });
    this.own = make(
      "div",
      { class: "picture-own" },
      this.dial.element,
      make("div", { class: "tools" }, this.polishButton, this.difference.control),
      this.bar,
    );
    this.place.append(
      make("div", { class: "tools" }, open, camera, board),
      this.said,
      this.own,
      fold("other", this.other.element),
    );
  }

  async #open(capture = null) {
    const kinds = capture ? PICTURES : `${PICTURES},${CLIPS}`;
    const files = await pickFiles(kinds, { capture, multiple: !capture });
    if (files.length) await this.desk.takeFiles(files);
  }

  #turn(amount, final) {
    this.store.edit(
      (work) => withRecipe(work, { residual: { ...work.recipe.residual, amount } }),
      "faithful",
      final,
    );
  }

  #follow() {
    const { recipe } = this.store;
    const own = Boolean(recipe?.residual);
    this.own.hidden = !own;
    if (own) this.dial.set(recipe.residual.amount);
    const busy = this.polishing !== null;
    this.bar.classList.toggle("is-busy", busy);
    if (!busy) this.bar.value = 0;
    const name = busy ? "ui.polish_stop" : "ui.polish";
    word(this.polishButton.querySelector(".label"), { text: name });
    word(this.polishButton, { name, hint: `${name}.hint` });
    this.#tell();
  }

  /** What is true of the work on the easel. */
  #tell() {
    const { recipe } = this.store;
    if (!recipe?.residual) return this.#say("ui.picture.none");
    return this.#say(isOutside(recipe) ? "ui.picture.outside" : "ui.picture.read");
  }

  #say(key, params = {}) {
    word(this.said, { text: key, params });
    this.said.classList.toggle("is-honest", key === "ui.picture.outside");
  }
}

/** A work for a recipe that the server has read, delivered as large as the one before. */
export function fresh(recipe, size) {
  return { recipe: size ? { ...recipe, size } : recipe, hand: { strength: 1, amounts: {} } };
}

/** `work` with its picture polished; the dial stays where the hand has it. */
function nearer(work, { source, variety, residual }) {
  const { amount } = work.recipe.residual;
  return withRecipe(work, { source, variety, residual: { ...residual, amount } });
}

function markOutside({ residual }) {
  const others = preference(OUTSIDE, []);
  prefer(OUTSIDE, [...others, residual.data.slice(0, MARK)].slice(-REMEMBERED));
}

function isOutside({ residual }) {
  return preference(OUTSIDE, []).includes(residual.data.slice(0, MARK));
}

/** A file as base64; nothing where it is too large to travel beside a work. */
async function textOf(file) {
  if (file.size > MOST_BESIDE) return undefined;
  const bytes = new Uint8Array(await file.arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

/** A large picture, smaller; what the browser cannot read is left to the server. */
async function reduced(file) {
  if (file.size < HEAVY) return file;
  try {
    const bitmap = await createImageBitmap(file);
    const scale = Math.min(1, MOST_SIDE / Math.max(bitmap.width, bitmap.height));
    const canvas = make("canvas", { width: bitmap.width * scale, height: bitmap.height * scale });
    const pen = canvas.getContext("2d");
    pen.imageSmoothingQuality = "high";
    // As on a page: what is transparent is white.
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.95));
    return blob ?? file;
  } catch {
    return file;
  }
}
