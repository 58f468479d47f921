/**
 * The history: an append-only graph of works in IndexedDB. Undo walks to the parent
 * and redo goes down the path last taken; nothing that was made is ever forgotten.
 *
 * @typedef {Object} Moment
 * @property {string} id
 * @property {string[]} parents none for a beginning, one for a change
 * @property {import("./recipe.js").Recipe} recipe
 * @property {import("./store.js").Hand} hand
 * @property {string} how
 * @property {number} time milliseconds since 1970
 */
import { freshId } from "./database.js";
import { lastPlace, rememberPlace } from "./preferences.js";
import { sameWork } from "./store.js";

export class History extends EventTarget {
  /** @type {Moment | null} the moment on the easel */ head = null;
  canUndo = false;
  canRedo = false;
  #database;
  #queue = Promise.resolve();

  constructor(database) {
    super();
    this.#database = database;
  }

  /** Go to where this tab, or else this browser, was last. */
  async open() {
    const id = lastPlace("head");
    const moment = id && (await this.#database.get("works", id));
    if (moment) await this.#stand(moment);
    return this.head;
  }

  /** Append `work`, made from the present moment. Writes happen in order. */
  add(work, how) {
    return this.#inOrder(async () => {
      if (this.head && sameWork(this.head, work)) return this.head;
      const moment = {
        id: freshId(),
        parents: this.head ? [this.head.id] : [],
        recipe: work.recipe,
        hand: work.hand,
        how,
        time: Date.now(),
      };
      await this.#database.put("works", moment);
      await this.#remember(moment);
      return this.#stand(moment);
    });
  }

  /** Step back. @returns {Promise<Moment | null>} null at the beginning */
  undo() {
    return this.#inOrder(async () => {
      const parent = this.head?.parents[0];
      const moment = parent && (await this.#database.get("works", parent));
      if (!moment) return null;
      await this.#remember(this.head);
      return this.#stand(moment);
    });
  }

  /** Step forward on the path last taken. @returns {Promise<Moment | null>} */
  redo() {
    return this.#inOrder(async () => {
      const moment = await this.#next();
      return moment ? this.#stand(moment) : null;
    });
  }

  /** All moments, oldest first. @returns {Promise<Moment[]>} */
  async all() {
    return (await this.#database.all("works")).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  #inOrder(task) {
    const done = this.#queue.then(task);
    this.#queue = done.catch(() => {});
    return done;
  }

  async #remember(moment) {
    const [parent] = moment.parents;
    if (parent) await this.#database.put("paths", { parent, child: moment.id });
  }

  async #next() {
    const path = this.head && (await this.#database.get("paths", this.head.id));
    return path && (await this.#database.get("works", path.child));
  }

  async #stand(moment) {
    this.head = moment;
    rememberPlace("head", moment.id);
    this.canUndo = moment.parents.length > 0;
    this.canRedo = Boolean(await this.#next());
    this.dispatchEvent(new CustomEvent("move", { detail: moment }));
    return moment;
  }
}
