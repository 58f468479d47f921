/**
 * The rooms of the page, each with an address of its own. What belongs to any but
 * Create is only fetched when somebody goes there; nothing of Create is taken down, it
 * is out of sight and rests.
 */
import { make } from "./elements.js";
import { word } from "./languages.js";

const ADDRESS = /^#(dream|exhibit|train)(?:\/(.*))?$/;
const ROOMS = {
  dream: {
    styles: ["dream", "reel", "film"],
    open: async (...parts) => new (await import("./dream/room.js")).DreamRoom(...parts),
  },
  exhibit: {
    // fields and notices look as they do in Train
    styles: ["../train/train", "exhibit", "plate"],
    open: async (...parts) => new (await import("./exhibit/room.js")).ExhibitRoom(...parts),
  },
  train: {
    styles: ["train", "form", "watch", "seen"],
    open: async (...parts) => new (await import("./train/room.js")).TrainRoom(...parts),
  },
};

export class Rooms {
  #furnished = {};
  #dreaming = false;

  /**
   * @param {HTMLElement} room
   * @param {import("./desk.js").Desk} desk
   */
  constructor(room, desk) {
    Object.assign(this, { room, desk });
    const names = ["create", ...Object.keys(ROOMS)];
    this.links = Object.fromEntries(names.map((name) => [name, this.#link(name)]));
    const nav = room.querySelector(".rooms");
    word(nav, { name: "ui.rooms" }).append(...Object.values(this.links));
    addEventListener("hashchange", () => this.follow());
    desk.drift.addEventListener("drift", () => this.#rest());
    this.follow();
  }

  get here() {
    return this.room.dataset.room;
  }

  /** Show the room of the page's address. */
  follow() {
    const [, name = "create", rest] = ADDRESS.exec(location.hash) ?? [];
    const before = this.here;
    this.room.dataset.room = name;
    for (const [other, link] of Object.entries(this.links)) {
      if (other === name) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    this.#rest();
    if (before !== name) this.#leave(before);
    if (name !== "create") this.#open(name, rest ? decodeURIComponent(rest) : null);
  }

  async #open(name, rest) {
    try {
      this.#furnished[name] ??= furnish(name, this.room, this.desk);
      const room = await this.#furnished[name];
      if (this.here === name) room.enter(rest);
    } catch (error) {
      delete this.#furnished[name]; // the next visit tries again
      this.desk.status.tellError(error);
      location.hash = "";
    }
  }

  async #leave(name) {
    (await this.#furnished[name])?.leave();
  }

  /** A drift that nobody sees would only take time from what goes on elsewhere. */
  #rest() {
    const { drift } = this.desk;
    const away = this.here !== "create";
    if (away && drift.on) {
      this.#dreaming = true;
      drift.stop();
    } else if (!away && this.#dreaming) {
      this.#dreaming = false;
      drift.start();
    }
  }

  #link(name) {
    const href = name === "create" ? "#" : `#${name}`;
    const link = make("a", { href, "data-room-link": name });
    return word(link, { text: `ui.rooms.${name}` });
  }
}

async function furnish(name, room, desk) {
  const { styles, open } = ROOMS[name];
  const dressed = styles.map((style) => dress(`${name}/${style}`));
  const [found] = await Promise.all([open(room, desk), ...dressed]);
  return found;
}

/** Fetch a style; a room without it is better than none. */
function dress(name) {
  const href = new URL(`./${name}.css`, import.meta.url).href;
  const style = make("link", { rel: "stylesheet", href });
  return new Promise((resolve) => {
    style.addEventListener("load", resolve);
    style.addEventListener("error", resolve);
    document.head.append(style);
  });
}
