/**
 * The desk: what a person can do to a work as a whole. Buttons and shortcuts call
 * the same actions, and everything that arrives from outside passes here first.
 */
import { acceptPictures, readPicture } from "./drop.js";
import { languages } from "./languages.js";
import { cardWords, listModels, readCard } from "./models.js";
import { perform } from "./performing.js";
import { holdsRecipe } from "./picturing.js";
import { VARIETY, newRecipe, randomSeed, sameRecipe } from "./recipe.js";
import { chosenForm, savePicture } from "./saving.js";
import { fitted, withRecipe, workOf } from "./store.js";
import { taught } from "./taught.js";
import { copy, linkTo, takeLink } from "./takeaway.js";

/** The seed of a checkpoint's preview: the dream begins in the first picture. */
const FIRST_SEED = 48;
/** Letters of a link that everything takes. */
const LONG_LINK = 8000;

export class Desk {
  models = [];
  #opening = null;

  constructor(parts) {
    Object.assign(this, parts);
    const { store, drift } = this;
    store.onTouch = () => this.hold();
    store.addEventListener("commit", ({ detail }) => {
      if (!drift.on) this.#record(detail.work, detail.how);
    });
    languages.addEventListener("language", () => this.#entitle());
    document.addEventListener("visibilitychange", () => store.flush());
    addEventListener("hashchange", () => this.#followLink());
    this.actions = this.#actions();
  }

  /** Put the first work on the easel: a link's, the last one, or a dream. */
  open() {
    // The socket asks for it too, as soon as it is there: often amid the first time.
    this.#opening ??= this.#attempt(() => this.#open()).finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  async #open() {
    const offer = await this.#models();
    if (!offer) return;
    const linked = takeLink();
    const moment = await this.history.open();
    const recipe = moment?.recipe;
    const known = recipe && this.#offers(recipe.model);
    await this.use(known ? recipe.model : offer.default);
    if (known) this.store.show(fitted(moment, this.store.card), "history");
    else this.store.show(this.#beginning(), "beginning");
    if (linked !== undefined) await this.#bringLink(linked);
    if (this.history.head) return;
    if (still() || this.live.state === "closed") this.#record(this.store.work, "beginning");
    else this.drift.start();
  }

  /** Load the card of the model `name` and draw its sliders. */
  async use(name) {
    if (this.store.card?.name !== name) this.furnish(await readCard(name));
  }

  /** Put a card's shape, sliders and facts in the room. */
  furnish(card) {
    this.store.card = card;
    taught.setCard(card);
    this.picture.setShape(card.resolution);
    this.sliders.setCard(card);
    this.kinds.setCard(card);
    this.words.setCard(card);
    this.presets.setCard(card);
    this.about.show(card);
    this.choice(this.models, card.name);
    this.#entitle();
  }

  #entitle() {
    const { card } = this.store;
    if (card) this.room.querySelector(".model-title").textContent = cardWords(card, "title");
  }

  /** Change to another model; the seed and the variety go along. */
  async choose(name) {
    this.hold();
    this.store.flush();
    await this.#attempt(async () => {
      const { source, variety = VARIETY } = this.store.recipe;
      await this.use(name);
      const carried = "w" in source ? { seed: randomSeed() } : source;
      const fields = { source: carried, variety };
      const fresh = workOf(newRecipe(this.store.card, 0));
      await this.#put(withRecipe(fresh, fields), "model");
    });
    // Where that failed, the choice shows again what is on the easel.
    this.choice(this.models, this.store.card.name);
  }

  /** Let go of the dream; where it was becomes a moment of the history. */
  hold() {
    if (!this.drift.on) return;
    this.drift.stop();
    this.#record(this.store.work, "drift");
  }

  /** Open a model that a training has just made, or made anew, where it dreams of. */
  async play(name) {
    await this.#attempt(async () => {
      await this.#models();
      const card = await readCard(name);
      const work = workOf(newRecipe(card, FIRST_SEED));
      await patiently(() => this.live.aside(work.recipe, { forgettable: false }));
      this.hold();
      this.store.flush();
      this.furnish(card);
      await this.#put(work, "model");
    });
  }

  /**
   * Bring a recipe from outside onto the easel, if it can be rendered here; if it
   * cannot, one sentence says why and nothing changes.
   */
  async bring({ recipe, hand }, how) {
    await this.#attempt(async () => {
      if (!this.#offers(recipe.model)) await this.#models();
      if (!this.#offers(recipe.model)) {
        const model = String(recipe.model);
        return this.status.tell("ui.status.not_installed", { model });
      }
      const card = await readCard(recipe.model);
      const fitting = { ...recipe, fingerprint: card.fingerprint };
      await this.live.aside(fitting, { forgettable: false });
      this.hold();
      this.store.flush();
      await this.use(recipe.model);
      const work = hand ? { recipe: fitting, hand } : workOf(fitting);
      await this.#put(work, how);
      if (!sameRecipe(fitting, recipe)) this.status.tell("ui.status.changed_model");
    });
  }

  #put(work, how) {
    this.store.show(work, how);
    return this.#record(work, how);
  }

  /** Write `work` into the history; a browser that refuses is no reason to stop. */
  #record(work, how) {
    return this.history.add(work, how).catch(() => {
      // What is there already can be carried out of a storage that is full.
      const offer = { key: "ui.tree.export", act: () => this.actions.exportTree?.() };
      this.status.tell("ui.status.not_recorded", {}, { offer });
    });
  }

  #actions() {
    const { history } = this;
    // Before a first work is there, the sentence about it must stand.
    const onWork = (act) => () => {
      if (!this.store.work) return undefined;
      this.status.dismiss();
      return act();
    };
    const back = onWork(() => this.#walk(() => history.undo()));
    return {
      words: () => this.words.focus(),
      dice: onWork(() => this.seedbar.dice()),
      previous: onWork(() => this.seedbar.step(-1)),
      next: onWork(() => this.seedbar.step(1)),
      undo: () => this.status.accept() || back(),
      redo: onWork(() => this.#walk(() => history.redo())),
      keep: onWork(() => this.#keep()),
      save: onWork(() => this.#save()),
      link: onWork(() => this.#copyLink()),
      open: () => this.pick?.(),
      drift: onWork(() => (this.drift.on ? this.hold() : this.#dream())),
      fullscreen: () => this.#fullscreen(),
      perform: onWork(() => this.#attempt(() => perform(this))),
      language: () => this.#attempt(() => languages.toggle()),
      help: () => this.shortcuts.toggle(),
    };
  }

  /** Go to the moment `id` of the history. */
  visit(id) {
    return this.#walk(() => this.history.go(id));
  }

  #dream() {
    if (this.live.state === "closed") return this.status.tell("ui.status.closed");
    this.store.flush();
    this.drift.start();
    return this.drift.on || this.status.tell("ui.status.no_drift");
  }

  async #walk(step) {
    this.hold();
    this.store.flush();
    await this.#attempt(async () => {
      const moment = await step();
      if (!moment) return;
      const { model } = moment.recipe;
      if (!this.#offers(model)) return this.status.tell("ui.status.not_installed", { model });
      await this.use(model);
      this.store.show(fitted(moment, this.store.card), "history");
    });
  }

  #keep() {
    this.hold();
    this.store.flush();
    return this.#attempt(() => this.keepers.keep());
  }

  #save() {
    this.hold();
    this.store.flush();
    return this.#attempt(async () => {
      const file = await this.#fetchFile();
      if (file) this.status.tell("ui.status.saved", { file }, { good: true });
    }, "save");
  }

  /** A print takes a minute, in which it can be given up. */
  async #fetchFile() {
    const { recipe } = this.store;
    if (chosenForm().scale === 1) return savePicture(recipe);
    const errand = new AbortController();
    const offer = { key: "ui.print.cancel", act: () => errand.abort() };
    this.status.clear("save");
    this.status.tell("ui.print.waiting", {}, { from: "print", stays: true, good: true, offer });
    try {
      return await savePicture(recipe, errand.signal);
    } catch (error) {
      if (errand.signal.aborted) return null;
      throw error;
    } finally {
      this.status.clear("print");
    }
  }

  async #copyLink() {
    this.hold();
    this.store.flush();
    const link = linkTo(this.store.recipe);
    const copied = await copy(link);
    // A picture of one's own travels in the link, and not every place takes so much.
    const long = link.length > LONG_LINK ? "ui.status.copied_long" : "ui.status.copied";
    const params = { kb: Math.round(link.length / 1024) };
    this.status.tell(copied ? long : "ui.status.not_copied", params, { good: copied });
  }

  async #fullscreen() {
    if (document.fullscreenElement) return document.exitFullscreen();
    try {
      // Some phones lack it altogether.
      await this.room.querySelector(".easel").requestFullscreen();
    } catch {
      this.status.tell("ui.status.no_fullscreen");
    }
  }

  /** Listen for pictures on `room`. */
  acceptPictures(room) {
    this.pick = acceptPictures(room, (files) => this.takeFiles(files));
  }

  /** A picture that was saved here brings its work back; others are read. */
  takeFiles(files) {
    return this.#attempt(async () => {
      if (files.length > 1 || !(await holdsRecipe(files[0]))) {
        return this.actions.readPictures(files);
      }
      const { recipe, installed } = await readPicture(files[0]);
      if (!installed) {
        return this.status.tell("ui.status.not_installed", { model: recipe.model });
      }
      return this.bring({ recipe }, "picture");
    }, "read");
  }

  #followLink() {
    const recipe = takeLink();
    if (recipe !== undefined) this.#bringLink(recipe);
  }

  #bringLink(recipe) {
    if (recipe) return this.bring({ recipe }, "link");
    this.status.tell("ui.status.bad_link");
  }

  async #models() {
    const offer = await this.#attempt(listModels);
    if (!offer) return null;
    this.models = offer.models;
    this.status.clear("models");
    if (offer.models.length) return offer;
    this.status.tell("ui.status.no_model", {}, { from: "models", stays: true });
    return null;
  }

  #offers(name) {
    return this.models.some((model) => model.name === name);
  }

  #beginning() {
    return workOf(newRecipe(this.store.card, FIRST_SEED));
  }

  async #attempt(task, from = "") {
    try {
      return await task();
    } catch (error) {
      this.status.tellError(error, from);
      return undefined;
    }
  }
}

/** The server looks at its folders every other second: try until it has. */
async function patiently(task, tries = 4) {
  for (let left = tries; ; left -= 1) {
    try {
      return await task();
    } catch (error) {
      if (!left) throw error;
      await new Promise((resolve) => setTimeout(resolve, 800));
    }
  }
}

function still() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
