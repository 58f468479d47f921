/**
 * The two rooms of the page, Create and Train, each with an address of its own. What
 * belongs to Train is only fetched when somebody goes there; nothing of Create is
 * taken down, it is out of sight and rests.
 */
import { make } from "./elements.js";
import { word } from "./languages.js";

const ADDRESS = /^#train(?:\/(.*))?$/;
const STYLES = ["train", "form", "watch", "seen"];

export class Rooms {
  #train = null;
  #dreaming = false;

  /**
   * @param {HTMLElement} room
   * @param {import("./desk.js").Desk} desk
   */
  constructor(room, desk) {
    Object.assign(this, { room, desk });
    this.links = { create: this.#link("create", "#"), train: this.#link("train", "#train") };
    const nav = room.querySelector(".rooms");
    word(nav, { name: "ui.rooms" }).append(this.links.create, this.links.train);
    addEventListener("hashchange", () => this.follow());
    desk.drift.addEventListener("drift", () => this.#rest());
    this.follow();
  }

  get inTrain() {
    return this.room.dataset.room === "train";
  }

  /** Show the room of the page's address. */
  follow() {
    const [address, run] = ADDRESS.exec(location.hash) ?? [];
    this.room.dataset.room = address ? "train" : "create";
    for (const [name, link] of Object.entries(this.links)) {
      if (name === this.room.dataset.room) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    this.#rest();
    if (address) this.#open(run ? decodeURIComponent(run) : null);
    else this.#leave();
  }

  async #open(run) {
    try {
      this.#train ??= furnish(this.room, this.desk);
      const train = await this.#train;
      if (this.inTrain) train.enter(run);
    } catch (error) {
      this.#train = null; // the next visit tries again
      this.desk.status.tellError(error);
      location.hash = "";
    }
  }

  async #leave() {
    (await this.#train)?.leave();
  }

  /** A dream that nobody sees would only take time from the training. */
  #rest() {
    const { drift } = this.desk;
    if (this.inTrain && drift.on) {
      this.#dreaming = true;
      drift.stop();
    } else if (!this.inTrain && this.#dreaming) {
      this.#dreaming = false;
      drift.start();
    }
  }

  #link(name, href) {
    const link = make("a", { href, "data-room-link": name });
    return word(link, { text: `ui.rooms.${name}` });
  }
}

async function furnish(room, desk) {
  const dressed = STYLES.map(dress);
  const [{ TrainRoom }] = await Promise.all([import("./train/room.js"), ...dressed]);
  return new TrainRoom(room, desk);
}

/** Fetch a style; a room without it is better than none. */
function dress(name) {
  const href = new URL(`./train/${name}.css`, import.meta.url).href;
  const style = make("link", { rel: "stylesheet", href });
  return new Promise((resolve) => {
    style.addEventListener("load", resolve);
    style.addEventListener("error", resolve);
    document.head.append(style);
  });
}
