/**
 * The picture: live frames and settled ones on two canvases, one above the other.
 * A live frame shows at once; a settled one fades in quietly and goes as soon as
 * the hand moves on. The preview below both is there before any of this runs.
 */

/**
 * Live frames are enlarged well to this many pixels a side, and from there by the
 * compositor: without a graphics card the good way costs 15 ms at 512 and 2 at 320.
 */
const LIVE_SIDE = 320;
/** Settled pictures are asked for up to this many pixels a side. */
const SETTLED_SIDE = 1024;

export class Picture {
  /** @param {HTMLElement} frame holds the canvases `.live` and `.settled` */
  constructor(frame) {
    this.frame = frame;
    this.live = frame.querySelector("canvas.live");
    this.settled = frame.querySelector("canvas.settled");
    this.drawn = 0;
    /** The recipe whose settled picture is shown, null while frames are live. */
    this.settledRecipe = null;
  }

  /** Height over width of the model's pictures. */
  setShape([height, width]) {
    this.ratio = height / width;
    const room = this.frame.closest("#reverie-room");
    room.style.setProperty("--shape", String(width / height));
  }

  /** Height and width to ask a settled picture for, in device pixels. */
  settledSize() {
    const { width } = this.frame.getBoundingClientRect();
    const wide = width * (window.devicePixelRatio || 1);
    const across = Math.min(wide, SETTLED_SIDE, SETTLED_SIDE / this.ratio);
    return [Math.max(16, Math.round(across * this.ratio)), Math.max(16, Math.round(across))];
  }

  /**
   * Draw a frame unless a newer one is already there.
   * @param {{id: number, kind: "live" | "settled", blob: Blob, recipe: any}} frame
   * @param {() => boolean} stale asked again after decoding
   * @returns {Promise<boolean>} whether it was drawn
   */
  async draw({ id, kind, blob, recipe }, stale) {
    const bitmap = await createImageBitmap(blob);
    const show = id > this.drawn && !stale();
    if (show) {
      this.drawn = id;
      this.settledRecipe = kind === "settled" ? recipe : null;
      if (kind === "live") this.#drawLive(bitmap);
      else this.#drawSettled(bitmap);
    }
    bitmap.close();
    return show;
  }

  /** A small copy of what is shown. @returns {Promise<Blob>} */
  async thumbnail(side) {
    const shown = this.frame.classList.contains("is-settled") ? this.settled : this.live;
    const small = document.createElement("canvas");
    small.width = side;
    small.height = Math.round(side * this.ratio);
    const context = small.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(shown, 0, 0, small.width, small.height);
    return new Promise((resolve) => small.toBlob(resolve, "image/jpeg", 0.88));
  }

  #drawLive(bitmap) {
    const scale = Math.max(1, Math.min(4, LIVE_SIDE / Math.max(bitmap.width, bitmap.height)));
    paint(this.live, bitmap, bitmap.width * scale, bitmap.height * scale);
    this.frame.classList.remove("is-settled");
    this.frame.classList.add("has-picture");
  }

  #drawSettled(bitmap) {
    paint(this.settled, bitmap, bitmap.width, bitmap.height);
    this.frame.classList.add("has-picture", "is-settled");
  }
}

function paint(canvas, bitmap, width, height) {
  const [across, down] = [Math.round(width), Math.round(height)];
  if (canvas.width !== across) canvas.width = across;
  if (canvas.height !== down) canvas.height = down;
  const context = canvas.getContext("2d", { alpha: false, desynchronized: false });
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, across, down);
}
