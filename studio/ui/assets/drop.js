/** Bringing pictures: drop them anywhere on the page, or pick the files. */
import { ask } from "./address.js";
import { make } from "./elements.js";
import { word } from "./languages.js";
import { picturesOf } from "./picturing.js";
import { pickFiles } from "./refine/files.js";

const PICTURES = "image/png,image/jpeg,image/webp";

/**
 * Listen for files on the whole page.
 * @param {HTMLElement} root
 * @param {(files: File[]) => void} onFiles
 * @returns {() => void} opens the file picker
 */
export function acceptPictures(root, onFiles) {
  const veil = make("div", { class: "veil", hidden: true });
  veil.append(word(make("p"), { text: "ui.drop" }));
  root.append(veil);

  const holdsFiles = (event) =>
    root.dataset.room === "create" && event.dataTransfer?.types?.includes("Files");
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
    const files = picturesOf(event.dataTransfer);
    // What is no picture is told by whoever reads it.
    const brought = files.length ? files : [...event.dataTransfer.files].slice(0, 1);
    if (brought.length) onFiles(brought);
  });
  return async () => {
    const files = await pickFiles(PICTURES, { multiple: true });
    if (files.length) onFiles(files);
  };
}

/**
 * Read the recipe inside a saved picture.
 * @returns {Promise<{recipe: object, installed: boolean, changed: boolean}>}
 */
export async function readPicture(file) {
  const response = await ask("read", { method: "POST", body: file });
  return response.json();
}
