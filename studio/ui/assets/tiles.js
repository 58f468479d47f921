/**
 * Many small pictures over the live socket. The server makes several together, and
 * each is answered. Only a few are under way at a time, so that stopping is at once.
 */

const UNDER_WAY = 8;

export class Tiles {
  #waiting = [];
  #asked = new Map();

  /**
   * @param {(recipe: any) => number} send asks for a picture and gives its number
   * @param {() => boolean} ready whether there is anybody to ask
   */
  constructor(send, ready) {
    Object.assign(this, { send, ready });
  }

  /**
   * @param {any} recipe
   * @param {AbortSignal} [signal] ends the wait
   * @returns {Promise<Blob | null>} null when it was stopped; rejects with the
   *   server's error when the recipe cannot be rendered
   */
  ask(recipe, signal = null) {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ recipe, signal, resolve, reject });
      signal?.addEventListener("abort", () => this.#stop(signal), { once: true });
      this.pump();
    });
  }

  /** Send what may be under way. */
  pump() {
    while (this.ready() && this.#waiting.length && this.#asked.size < UNDER_WAY) {
      const tile = this.#waiting.shift();
      this.#asked.set(this.send(tile.recipe), { ...tile, sent: performance.now() });
    }
  }

  /** Settle the tile `id` with its picture or error. @returns {boolean} whether it was one */
  answer(id, { blob = null, error = null }) {
    const tile = this.#asked.get(id);
    if (!tile) return false;
    this.#asked.delete(id);
    if (error) tile.reject(error);
    else tile.resolve(blob);
    this.pump();
    return true;
  }

  /** Ask again for what was sent before the moment `before`: nobody answers it now. */
  again(before = Infinity) {
    const lost = [...this.#asked].filter(([, { sent }]) => sent < before);
    for (const [id] of lost) this.#asked.delete(id);
    this.#waiting.unshift(...lost.map(([, tile]) => tile));
  }

  /** Give away all that wait, to be asked for in another way. */
  release() {
    return this.#waiting.splice(0);
  }

  /** What waits is dropped, and what is under way will be heard by nobody. */
  #stop(signal) {
    const stopped = (tile) => tile.signal === signal;
    for (const tile of this.#waiting.filter(stopped)) tile.resolve(null);
    for (const tile of this.#asked.values()) if (stopped(tile)) tile.resolve(null);
    this.#waiting = this.#waiting.filter((tile) => !stopped(tile));
  }
}
