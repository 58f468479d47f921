/** What is done with picks: a ZIP, a contact sheet, a look at how far it has come. */
import { Trouble, post } from "../address.js";
import { languages } from "../languages.js";
import { chosenCredit, chosenForm } from "../saving.js";
import { download, nameOf } from "../takeaway.js";

/**
 * Fetch `way` ("zip" or "sheet") of these finds and hand it to the person.
 * @param {import("./pile.js").Find[]} finds
 * @param {AbortSignal} signal
 * @param {(megabytes: number) => void} told
 * @returns {Promise<string>} the name of the file
 */
export async function fetchPicks(way, finds, signal, told) {
  const works = finds.map(({ number, recipe }) => ({ number, recipe }));
  const form = { ...chosenForm(), scale: 1 }; // prints are made one at a time
  const wish = { works, form, credit: chosenCredit(), language: languages.current };
  const response = await post(`picks/${way}`, wish, signal);
  const name = nameOf(response, `picks.${way === "zip" ? "zip" : "png"}`);
  download(await whole(response, told), name);
  return name;
}

async function whole(response, told) {
  const parts = [];
  let size = 0;
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      size += value.length;
      told(size / 1e6);
    }
  } catch (error) {
    // Half a ZIP must not look like one.
    throw error.name === "AbortError" ? error : new Trouble("ui.cull.cut_off");
  }
  return new Blob(parts, { type: response.headers.get("content-type") ?? "" });
}
