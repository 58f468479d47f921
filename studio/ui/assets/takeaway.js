/** Taking a work away: as a file, and as a link that remakes it. */
const MARK = "#work=";

/** The address of this page with the whole recipe in it. */
export function linkTo(recipe) {
  const bytes = new TextEncoder().encode(JSON.stringify(recipe));
  const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  const page = location.href.split("#")[0];
  return page + MARK + text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/**
 * The recipe in the address bar: undefined without one, null when it is damaged.
 * It is taken out of the address, so that a reload shows what came after it.
 */
export function takeLink() {
  if (!location.hash.startsWith(MARK)) return undefined;
  const text = location.hash.slice(MARK.length);
  history.replaceState(null, "", location.href.split("#")[0]);
  try {
    const letters = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
    const recipe = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return typeof recipe?.model === "string" ? recipe : null;
  } catch {
    return null;
  }
}

/** Copy `text`; also where the clipboard is closed to pages without https. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.style.cssText = "position:fixed;opacity:0";
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    return copied;
  }
}

/** The name that the server gives a file. */
export function nameOf(response, otherwise) {
  const header = response.headers.get("content-disposition") ?? "";
  const named = /filename="?([^";]+)"?/.exec(header)?.[1];
  return named ?? otherwise;
}

/** Hand `blob` to the person as a file. */
export function download(blob, name) {
  const address = URL.createObjectURL(blob);
  const anchor = document.createElement("a");
  anchor.href = address;
  anchor.download = name;
  document.body.append(anchor);
  anchor.click();
  anchor.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}
