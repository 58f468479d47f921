/**
 * The way into pictures: a fold that is loaded when somebody opens it or brings a
 * picture. One that was saved here brings its work back; any other is read into the
 * model; several at once lie on the board.
 */
import { Trouble } from "./address.js";
import { fold, make } from "./elements.js";

/** The server refuses more; no need to send it (bytes). */
const LIMIT = 32 * 1024 * 1024;
/** What pictures that were saved here have inside: PNGs, and JPEG and WebP. */
const MARKS = ["reverie\0", "urn:reverie:work:1#"];

/** @param {HTMLElement} room @param {import("./desk.js").Desk} desk */
export function picturing(room, desk) {
  const place = make("div", { class: "picturing" });
  const details = fold("picture", place);
  const load = () => import("./picture/panel.js");
  let made = null;
  const panel = () => (made ??= load().then(({ Pictures }) => new Pictures(room, place, desk)));
  const attempt = async (task) => {
    try {
      return await task(await panel());
    } catch (error) {
      return desk.status.tellError(error, "read");
    }
  };
  const onWork = (task) => desk.store.work && attempt(task);

  // Whoever opens the fold or drags a file will want to be read.
  const warm = () => desk.store.card && attempt((it) => it.warm());
  addEventListener("dragenter", (event) => event.dataTransfer?.types.includes("Files") && warm());
  details.addEventListener("toggle", () => {
    if (!details.open) return;
    attempt((it) => it.wake());
    warm();
  });
  Object.assign(desk.actions, {
    /** Read pictures that hold no recipe: one onto the easel, several onto the board. */
    readPictures: (files) => {
      details.open = true;
      return onWork((it) => it.take(files));
    },
    board: () => onWork((it) => it.collage([])),
  });
  addEventListener("paste", (event) => {
    const files = picturesOf(event.clipboardData);
    if (!files.length || room.dataset.room !== "create") return;
    event.preventDefault();
    desk.takeFiles(files);
  });
  return details;
}

/** The pictures and clips that are dropped or pasted. @returns {File[]} */
export function picturesOf(transfer) {
  return [...(transfer?.files ?? [])].filter(
    (file) =>
      file.type.startsWith("image/") || /\.(png|jpe?g|webp)$/i.test(file.name) || isClip(file),
  );
}

/** Whether a file is a clip; animated GIFs are read as pictures here. */
export function isClip({ type, name }) {
  return type.startsWith("video/") || /\.(mp4|m4v|mov|webm|mkv|avi)$/i.test(name);
}

/** Whether a file was saved here, with its recipe inside. @throws {Trouble} */
export async function holdsRecipe(file) {
  if (isClip(file)) return false;
  if (file.size > LIMIT) throw new Trouble("picture_too_heavy", { limit: LIMIT / 2 ** 20 });
  const bytes = new Uint8Array(await file.arrayBuffer());
  const isPng = bytes[0] === 0x89 && bytes[1] === 0x50;
  return new TextDecoder("latin1").decode(bytes).includes(MARKS[isPng ? 0 : 1]);
}
