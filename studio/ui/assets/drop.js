/** Bringing a saved picture back: drop it anywhere on the page, or pick the file. */
import { Trouble, ask } from "./address.js";
import { make } from "./elements.js";
import { word } from "./languages.js";

/** The server refuses more; no need to send it (bytes). */
const LIMIT = 32 * 1024 * 1024;

/**
 * Listen for files on the whole page.
 * @param {HTMLElement} root
 * @param {(file: File) => void} onFile
 * @returns {() => void} opens the file picker
 */
export function acceptPictures(root, onFile) {
  const veil = make("div", { class: "veil", hidden: true });
  veil.append(word(make("p"), { text: "ui.drop" }));
  const picker = make("input", { type: "file", accept: "image/png", hidden: true });
  picker.addEventListener("change", () => {
    if (picker.files[0]) onFile(picker.files[0]);
    picker.value = "";
  });
  root.append(veil, picker);

  const holdsFiles = (event) =>
    root.dataset.room !== "train" && event.dataTransfer?.types?.includes("Files");
  let depth = 0;
  const enter = (by) => {
    depth = Math.max(0, depth + by);
    veil.hidden = depth === 0;
  };
  addEventListener("dragenter", (event) => holdsFiles(event) && enter(1));
  addEventListener("dragleave", (event) => holdsFiles(event) && enter(-1));
  addEventListener("dragover", (event) => holdsFiles(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    enter(-depth);
    if (event.dataTransfer.files[0]) onFile(event.dataTransfer.files[0]);
  });
  return () => picker.click();
}

/**
 * Read the recipe inside a saved picture.
 * @returns {Promise<{recipe: object, installed: boolean, changed: boolean}>}
 */
export async function readPicture(file) {
  if (file.size > LIMIT) {
    throw new Trouble("picture_too_heavy", { limit: LIMIT / 1024 / 1024 });
  }
  const response = await ask("read", { method: "POST", body: file });
  return response.json();
}
