/** Works and films come in: from the strip of keepers, or as files. */
import { Trouble, post } from "../address.js";
import { readPicture } from "../drop.js";

const FILMS = { mp4: ".mp4", webm: ".webm" };
const PICTURES = { png: ".png", jpg: ".jpg", jpeg: ".jpg", webp: ".webp" };
const SIDE = 480;

/** The piece that a file is. @throws {Trouble} */
export async function pieceOf(file) {
  const end = /\.(\w+)$/.exec(file.name)?.[1].toLowerCase() ?? "";
  if (end in FILMS) return filmOf(file, FILMS[end]);
  if (!(end in PICTURES)) throw new Trouble("ui.exhibit.unknown_file", { file: file.name });
  try {
    const { recipe } = await readPicture(file);
    const [picture, size] = await reduced(file);
    return { kind: "picture", recipe, picture, file, size, suffix: PICTURES[end] };
  } catch (error) {
    if (error.code !== "picture_is_film") throw error;
    const [picture, size] = await reduced(file);
    const titles = titled(file);
    return { kind: "moving", recipe: null, picture, file, size, suffix: ".webp", titles };
  }
}

/** What the studio tells of a work, by language; null where it cannot. */
export async function explained(recipe) {
  try {
    return await (await post("why", { recipe })).json();
  } catch (error) {
    // Without an answer it may come later; a model that is gone tells nothing.
    if (error.code === "ui.status.no_answer") throw error;
    return null;
  }
}

function titled(file) {
  const name = file.name.replace(/\.\w+$/, "").replaceAll("_", " ").trim().slice(0, 80);
  return { en: name, zh: name };
}

async function filmOf(file, suffix) {
  const video = document.createElement("video");
  const address = URL.createObjectURL(file);
  Object.assign(video, { muted: true, preload: "auto", playsInline: true });
  try {
    await heard(video, "loadeddata", () => (video.src = address));
    const picture = await drawn(video, video.videoWidth, video.videoHeight);
    const size = [video.videoHeight, video.videoWidth];
    return { kind: "film", recipe: null, picture, file, size, suffix, titles: titled(file) };
  } catch {
    throw new Trouble("ui.exhibit.broken_film", { file: file.name });
  } finally {
    video.removeAttribute("src");
    URL.revokeObjectURL(address);
  }
}

function heard(target, type, begin) {
  return new Promise((resolve, reject) => {
    target.addEventListener(type, resolve, { once: true });
    target.addEventListener("error", reject, { once: true });
    begin();
  });
}

/** A small copy of a picture, and its size: height and width. */
async function reduced(file) {
  const bitmap = await createImageBitmap(file);
  const size = [bitmap.height, bitmap.width];
  return [await drawn(bitmap, bitmap.width, bitmap.height), size];
}

async function drawn(source, width, height) {
  const scale = Math.min(1, SIDE / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  canvas.getContext("2d").drawImage(source, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/webp", 0.9));
}
