/**
 * The history: an append-only graph of works in IndexedDB. Undo walks to the parent
 * and redo goes back along this tab's own path, whatever other tabs made of the same
 * work; nothing that was made is ever forgotten.
 *
 * @typedef {Object} Moment
 * @property {string} id
 * @property {string[]} parents none for a beginning, one for a change, two for a
 *   child of two works; undo walks to the first
 * @property {import("./recipe.js").Recipe} recipe
 * @property {import("./store.js").Hand} hand
 * @property {string} how
 * @property {[string, number][]} [did] what the server said that changed, in deviations
 * @property {number} time milliseconds since 1970
 * @property {string} [name]
 * @property {boolean} [starred]
 * @property {boolean} [pruned] hidden from the family tree, with what came from it alone
 */
import { freshId } from "./database.js";
import { lastPlace, rememberPlace } from "./preferences.js";
import { sameWork } from "./store.js";

export class History extends EventTarget {
  /** @type {Moment | null} the moment on the easel */ head = null;
  #database;
  /** Ids of what was undone here, the next one first. */ #ahead = [];
  #queue = Promise.resolve();

  constructor(database) {
    super();
    this.#database = database;
  }

  get canUndo() {
    return Boolean(this.head?.parents.length);
  }

  get canRedo() {
    return this.#ahead.length > 0;
  }

  /** Go to where this tab, or else this browser, was last. */
  async open() {
    const [id, parent, ...ahead] = (lastPlace("head") ?? "").split(" ");
    // A page that closed amid its last write may have left only what was before it.
    const moment = (await this.#find(id)) ?? (await this.#find(parent));
    return moment ? this.#stand(moment, ahead) : null;
  }

  /** Append `work`, made from the present moment. Writes happen in order. */
  add(work, how) {
    return this.#inOrder(async () => {
      if (this.head && sameWork(this.head, work)) return this.head;
      const moment = {
        id: freshId(),
        parents: this.head ? [this.head.id, ...(work.also ?? [])] : [],
        recipe: work.recipe,
        hand: work.hand,
        ...(work.did && { did: work.did }),
        how,
        time: Date.now(),
      };
      // Before the write: a page that is closing still writes, but hears no answer.
      remember(moment, []);
      await this.#database.put("works", moment);
      return this.#stand(moment, []);
    });
  }

  /** Step back. @returns {Promise<Moment | null>} null at the beginning */
  undo() {
    return this.#inOrder(async () => {
      const moment = await this.#find(this.head?.parents[0]);
      return moment ? this.#stand(moment, [this.head.id, ...this.#ahead]) : null;
    });
  }

  /** Step forward to what was undone last. @returns {Promise<Moment | null>} */
  redo() {
    return this.#inOrder(async () => {
      const [id, ...ahead] = this.#ahead;
      const moment = await this.#find(id);
      return moment ? this.#stand(moment, ahead) : null;
    });
  }

  /** Stand on the moment `id`; a change made there begins a new branch. */
  go(id) {
    return this.#inOrder(async () => {
      const moment = await this.#find(id);
      return moment ? this.#stand(moment, []) : null;
    });
  }

  /** Write moments from elsewhere, or again; all of them or none. */
  takeIn(moments) {
    return this.#inOrder(() => this.#database.putAll("works", moments));
  }

  /** Hide a moment from the tree, or show it again; its name and star stay. */
  prune(moment, pruned) {
    return this.#inOrder(async () => {
      const stored = (await this.#find(moment.id)) ?? moment;
      await this.#database.putAll("works", [{ ...stored, pruned }]);
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

  async #find(id) {
    return (id && (await this.#database.get("works", id))) || null;
  }

  #stand(moment, ahead) {
    this.head = moment;
    this.#ahead = ahead;
    remember(moment, ahead);
    this.dispatchEvent(new CustomEvent("move", { detail: moment }));
    return moment;
  }
}

/** For this tab, and for the next one: where it is, came from and can go again. */
function remember({ id, parents }, ahead) {
  rememberPlace("head", [id, parents[0] ?? "", ...ahead].join(" "));
}
