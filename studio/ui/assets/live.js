/**
 * The live socket: recipes out, pictures in, the latest request wins.
 *
 * At most two live requests are unanswered at a time: one being rendered and the
 * newest one waiting, so the server never idles and never works on stale ones. A
 * frame answers its request and all before it, which the server has replaced.
 */
import { studioAddress } from "./address.js";
import { Tiles } from "./tiles.js";

const UNANSWERED = 2;
/** A model that is still being opened keeps everyone waiting (ms). */
const PATIENCE = 30000;
const BACKOFF = [250, 500, 1000, 2000, 4000, 8000];
const FAILURES = 3;
/** As the server numbers them. */
const KINDS = ["live", "settled", "tile"];

export class Live extends EventTarget {
  /** "connecting", "open", "away" (was open) or "closed" (could never open). */
  state = "connecting";
  /** @type {((recipe: string) => Promise<string>) | null} Gradio's own way. */
  fallback = null;
  /** What moves every live recipe on its way, while somebody performs. */
  modulate = null;
  /** Id of the newest live request. */ newest = 0;
  /** How long the last live picture took to come (ms). */ lag = 0;
  #socket = null;
  #ids = 0;
  #failures = 0;
  #opened = false;
  #want = null;
  #settle = null;
  #asked = new Map();
  #aside = null;
  #waiting = [];
  #tiles = new Tiles(
    (recipe) => this.#write("tile", recipe),
    () => this.state === "open",
  );

  open() {
    const address = new URL(studioAddress("live"));
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#onOpen();
    socket.onclose = () => this.#onClose(socket);
    socket.onmessage = (message) => this.#onMessage(message.data);
    this.#socket = socket;
  }

  /** Ask for a live frame; an older one that still waits is forgotten. */
  request(asked, final = true) {
    const recipe = this.modulate ? this.modulate(asked) : asked;
    this.#want = { recipe, final };
    this.#settle = null;
    this.#pump();
  }

  /** Ask for the settled picture of `size` (height, width). */
  settle(recipe, size) {
    this.#settle = { recipe, size };
    this.#pump();
  }

  /**
   * A picture beside the main one, when there is time.
   * @returns {Promise<Blob | null>} null when it was forgotten; rejects with the
   *   server's error when the recipe cannot be rendered
   */
  aside(recipe, { forgettable = true } = {}) {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ recipe, resolve, reject, forgettable });
      this.#pump();
    });
  }

  /**
   * One of many small pictures, made several together.
   * @param {any} recipe
   * @param {AbortSignal} [signal]
   * @returns {Promise<Blob | null>} null when it was stopped; rejects as `aside` does
   */
  tile(recipe, signal) {
    if (this.state !== "closed") return this.#tiles.ask(recipe, signal);
    return signal?.aborted ? Promise.resolve(null) : this.aside(recipe, { forgettable: false });
  }

  /** Forget the small pictures that still wait. */
  forgetAsides() {
    const kept = this.#waiting.filter((aside) => !aside.forgettable);
    const forgotten = this.#waiting.filter((aside) => aside.forgettable);
    this.#waiting = kept;
    for (const { resolve } of forgotten) resolve(null);
  }

  /** Whether the frame `id` still shows what was asked for last. */
  isCurrent(id) {
    return id >= this.newest && !this.#want;
  }

  get idle() {
    return !this.#want && this.#asked.size === 0;
  }

  #pump() {
    if (this.state === "closed") return this.#pumpFallback();
    if (this.state !== "open") return;
    this.#dropStale();
    this.#tiles.pump();
    if (this.#want && this.#asked.size < UNANSWERED) {
      const { recipe } = this.#want;
      this.#want = null;
      this.newest = this.#send("live", recipe);
    }
    // A hand that outruns the server is not at rest.
    if (this.#settle && this.idle) {
      const { recipe, size } = this.#settle;
      this.#settle = null;
      this.#send("settled", recipe, size);
    }
    if (this.idle && this.#waiting.length) {
      const aside = this.#waiting.shift();
      this.#aside = { id: this.#send("live", aside.recipe), aside };
    }
  }

  #send(kind, recipe, size) {
    const id = this.#write(kind, recipe, size);
    this.#asked.set(id, { kind, recipe, sent: performance.now() });
    return id;
  }

  #write(kind, recipe, size) {
    const id = ++this.#ids;
    this.#socket.send(JSON.stringify({ id, recipe, kind, ...(size && { size }) }));
    return id;
  }

  #dropStale() {
    const oldest = performance.now() - PATIENCE;
    this.#tiles.again(oldest);
    for (const [id, { sent }] of this.#asked) {
      if (sent < oldest) this.#asked.delete(id);
    }
  }

  #answered(id) {
    const asked = this.#asked.get(id);
    // The server drops a settled wish when a live one follows, so a live frame answers
    // everything before it; a settled frame may overtake a live one that still comes.
    for (const [other, { kind }] of this.#asked) {
      const replaced = asked?.kind === "live" || kind === asked?.kind;
      if (other === id || (other < id && replaced)) this.#asked.delete(other);
    }
    return asked;
  }

  #onMessage(data) {
    if (typeof data === "string") return this.#onText(data);
    // Only a picture proves that the way is free; a full studio opens and closes.
    this.#failures = 0;
    const view = new DataView(data);
    const id = view.getUint32(0, true);
    const kind = KINDS[view.getUint8(4)];
    const blob = new Blob([new Uint8Array(data, 5)], { type: "image/jpeg" });
    if (kind === "tile") {
      this.#tiles.answer(id, { blob });
      return;
    }
    const asked = this.#answered(id);
    if (asked?.kind === "live") this.lag = performance.now() - asked.sent;
    if (this.#aside && kind === "live" && id >= this.#aside.id) {
      const { id: small, aside } = this.#aside;
      this.#aside = null;
      if (id === small) aside.resolve(blob);
      // A main request overtook it on the server: ask again when there is time.
      else this.#waiting.unshift(aside);
      if (id === small) return this.#pump();
    }
    this.#emit("frame", { id, kind, blob, recipe: asked?.recipe });
    this.#pump();
  }

  #onText(text) {
    const { id, error } = JSON.parse(text);
    if (this.#tiles.answer(id, { error })) return;
    this.#answered(id ?? 0);
    if (this.#aside?.id === id) {
      this.#aside.aside.reject(error);
      this.#aside = null;
    } else this.#emit("trouble", error);
    this.#pump();
  }

  #onOpen() {
    this.#opened = true;
    this.#become("open");
    this.#pump();
  }

  #onClose(socket) {
    if (socket !== this.#socket) return;
    this.#asked.clear();
    this.#tiles.again();
    if (this.#aside) this.#waiting.unshift(this.#aside.aside);
    this.#aside = null;
    this.#failures += 1;
    const never = !this.#opened && this.#failures >= FAILURES;
    this.#become(never ? "closed" : this.#opened ? "away" : "connecting");
    const wait = BACKOFF[Math.min(this.#failures - 1, BACKOFF.length - 1)];
    setTimeout(() => this.open(), never ? 30000 : wait * (0.8 + 0.4 * Math.random()));
    this.#emit("failure", { count: this.#failures });
    if (never) this.#askOneByOne();
  }

  /** There is no socket to be had: tiles that wait come like all else. */
  #askOneByOne() {
    const asides = this.#tiles.release().map((tile) => ({ ...tile, forgettable: false }));
    this.#waiting.push(...asides);
    this.#pump();
  }

  #become(state) {
    if (state === this.state) return;
    this.state = state;
    this.#emit("state", { state });
  }

  /** Where no socket can live: one picture through Gradio when a hand lets go. */
  async #pumpFallback() {
    if (!this.fallback || this.#asked.size) return;
    const wish = this.#want?.final ? this.#want : this.#waiting.shift();
    if (!wish) return;
    if (wish === this.#want) this.#want = null;
    const id = ++this.#ids;
    if (!wish.resolve) this.newest = id;
    this.#asked.set(id, { kind: "live", sent: performance.now() });
    try {
      const address = await this.fallback(JSON.stringify(wish.recipe));
      if (!address.startsWith("data:")) throw JSON.parse(address).error;
      const blob = await (await fetch(address)).blob();
      if (wish.resolve) wish.resolve(blob);
      else this.#emit("frame", { id, kind: "live", blob });
    } catch (problem) {
      const error = problem?.code ? problem : { code: "ui.status.no_answer" };
      if (wish.reject) wish.reject(error);
      else this.#emit("trouble", error);
    } finally {
      this.#asked.delete(id);
    }
    this.#pump();
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
