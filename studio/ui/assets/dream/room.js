/**
 * The room of dreams: a text or works become a reel, the reel a film that plays at once
 * and leaves as a file.
 */
import { readPicture } from "../drop.js";
import { fold, make } from "../elements.js";
import { languages, refill } from "../languages.js";
import { Notice } from "../train/parts.js";
import { Chosen } from "./chosen.js";
import { Making } from "./making.js";
import { Music } from "./music.js";
import { Player } from "./player.js";
import { MOST, Reel } from "./reel.js";
import { findWalk, readOffer } from "./server.js";
import { Shelf } from "./shelf.js";
import { Telling } from "./telling.js";
import { Timeline } from "./timeline.js";
import { Walk } from "./walk.js";
import { Ways } from "./ways.js";

/** The walk is asked for when the reel has been still for this long (ms). */
const STILL = 120;

export class DreamRoom {
  #asked = null;
  #timer = 0;
  #begins = false;
  #here = false;
  #card = null;

  constructor(room, desk) {
    Object.assign(this, { room, desk });
    const { store, live, keepers } = desk;
    this.reel = new Reel();
    this.player = new Player(live);
    this.telling = new Telling(this.reel, () => store.recipe, () => (this.#begins = true));
    this.timeline = new Timeline(this.reel, live, this.player, {
      onAdd: () => store.work && this.#add([store.work]),
      onKeepers: () => this.shelf.open(),
    });
    this.shelf = new Shelf(keepers.database, (kept) => this.#add(kept));
    this.chosen = new Chosen(this.reel, desk);
    this.ways = new Ways(this.reel);
    this.music = new Music(this.player);
    this.making = new Making(this.reel, this.music);
    this.notice = new Notice("dream-notice");
    room.append((this.element = this.#build()));
    this.reel.addEventListener("change", ({ detail }) => detail.what !== "look" && this.#soon());
    languages.addEventListener("language", () => this.#refill());
    addEventListener("keydown", (event) => this.#key(event));
    this.#accept();
    window.reverie.dream = { reel: this.reel, player: this.player };
  }

  /** Somebody comes in. */
  async enter() {
    this.#here = true;
    const { card } = this.desk.store;
    if (!card) return this.#later();
    this.player.place(card);
    this.player.enter();
    if (card !== this.#card) {
      this.#card = card;
      this.ways.setCard(card);
      const offer = await readOffer(card.name).catch((error) => this.notice.tell(error));
      if (offer) {
        this.music.setCard(card, offer);
        this.making.setCard(card, offer);
      }
    }
    if (this.reel.frames.length) this.player.walk ?? this.#soon();
    else this.player.show({ ...this.desk.store.recipe });
    return undefined;
  }

  /** Nobody is here: the easel gets its picture back. */
  leave() {
    this.#here = false;
    this.player.leave();
    const { store } = this.desk;
    if (store.work) store.show(store.work, "return");
  }

  /** The model's card is still on its way. */
  #later() {
    const { store } = this.desk;
    const come = () => {
      if (!store.card) return;
      store.removeEventListener("change", come);
      if (this.#here) this.enter();
    };
    store.addEventListener("change", come);
  }

  #add(works) {
    const taken = this.reel.add(works);
    if (taken < works.length) {
      const params = { count: this.reel.frames.length + works.length - taken, limit: MOST };
      this.notice.tell({ code: "film_long", params });
    }
  }

  #soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#find(), STILL);
  }

  /** Ask for the walk through what is there now; a newer one overtakes it. */
  async #find() {
    this.#asked?.abort();
    const asked = (this.#asked = new AbortController());
    const { plan, used } = this.reel;
    if (!plan.works.length) {
      this.player.pause();
      this.player.load(null);
      return this.player.show({ ...this.desk.store.recipe });
    }
    try {
      const told = await findWalk(plan, asked.signal);
      if (asked.signal.aborted) return undefined;
      this.notice.tell();
      this.#adopt(told, used);
      const begins = this.#begins;
      this.#begins = false;
      this.player.load(new Walk(told, plan.works[0].recipe), !begins);
      if (begins) this.player.play();
    } catch (error) {
      if (!asked.signal.aborted) this.notice.tell(error);
    }
    return undefined;
  }

  /** A calm dream is told how long its ways have become. */
  #adopt({ stops }, used) {
    if (!this.reel.calm || stops.length !== used.length) return;
    used.forEach((frame, index) => (frame.seconds = stops[index].seconds));
    this.timeline.draw();
    this.chosen.draw();
  }

  #key(event) {
    if (!this.#here || event.key !== " " || event.target.matches?.("input, textarea, select, button, summary")) return;
    event.preventDefault();
    this.player.turn();
  }

  /** A sound or a saved work may be dropped anywhere in the room. */
  #accept() {
    const holds = (event) => this.#here && event.dataTransfer?.types?.includes("Files");
    addEventListener("dragover", (event) => holds(event) && event.preventDefault());
    addEventListener("drop", async (event) => {
      if (!holds(event)) return;
      event.preventDefault();
      for (const file of event.dataTransfer.files) {
        if (file.type.startsWith("image/")) await this.#open(file);
        else if (file.type.startsWith("text/")) this.#read(await file.text());
        else await this.music.take(file);
      }
    });
  }

  async #open(file) {
    try {
      const { recipe } = await readPicture(file);
      this.#add([{ recipe }]);
    } catch (error) {
      this.notice.tell(error);
    }
  }

  #read(text) {
    this.telling.field.value = text;
    this.telling.tell();
  }

  #refill() {
    refill(this.element);
    this.telling.label();
    this.timeline.draw();
    this.chosen.draw();
    this.music.draw();
    if (this.#card) this.ways.setCard(this.#card);
  }

  #build() {
    const stage = make(
      "div",
      { class: "dream-stage" },
      this.notice.element,
      make("div", { class: "dream-screen" }, this.player.frame),
      this.player.transport,
      this.timeline.element,
    );
    const sound = fold("sound", this.music.element);
    const film = fold("film", this.making.element);
    film.open = true;
    const side = make(
      "aside",
      { class: "dream-side" },
      make("h1", {}, "Reverie"),
      this.telling.element,
      this.ways.element,
      this.chosen.element,
      sound,
      film,
    );
    return make("section", { class: "dreams" }, stage, side, this.shelf.element);
  }
}
