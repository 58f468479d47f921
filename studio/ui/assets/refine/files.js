/** Files in and out of the page, and the style of what is loaded late. */
import { make } from "../elements.js";
import { download } from "../takeaway.js";

const loaded = new Set();

/** Load the stylesheet `name` of this folder, once. */
export function styled(name) {
  if (loaded.has(name)) return;
  loaded.add(name);
  document.head.append(
    make("link", { rel: "stylesheet", href: new URL(name, import.meta.url).href }),
  );
}

/** Give the person a text as a file. */
export function offerFile(text, name) {
  download(new Blob([text], { type: "application/json" }), name);
}

/**
 * @param {string} accept
 * @param {{capture?: string | null, multiple?: boolean}} [how]
 * @returns {Promise<File[]>} the files that the person picks
 */
export function pickFiles(accept, { capture = null, multiple = false } = {}) {
  return new Promise((resolve) => {
    const input = make("input", { type: "file", accept, capture, multiple });
    input.addEventListener("change", () => resolve([...input.files]));
    input.addEventListener("cancel", () => resolve([]));
    input.click();
  });
}

/** Read JSON that anybody may have written; null where it is none. */
export function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
