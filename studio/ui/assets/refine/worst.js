/** A model's works that come nearest to pictures it learnt from, each beside its own. */
import { post } from "../address.js";
import { make } from "../elements.js";
import { languages, say } from "../languages.js";
import { distanceOf } from "./near.js";

/**
 * Fill `place` with them, one after the other: nobody shall wait for all at once. Each
 * with the distance that was measured; beside it the picture, where the model has it.
 * @param {{seed: number, distance: number, by?: string}[]} works of the card's report
 * @param {import("../live.js").Live} live
 */
export async function showWorst(place, works, { name, fingerprint }, live) {
  const note = make("p", {}, say("ui.report.nearest.waiting"));
  place.append(note);
  let missing = null;
  for (const work of works) {
    const { seed } = work;
    const recipe = { format: 1, model: name, fingerprint, source: { seed }, variety: 1 };
    try {
      const { near, problem } = await (await post("near", { recipe })).json();
      missing ??= problem;
      note.before(pair(work, near?.nearest[0], await live.tile(recipe)));
    } catch (error) {
      note.textContent = sentence(error);
      return;
    }
  }
  if (missing) note.textContent = sentence(missing);
  else note.remove();
}

function pair({ seed, ...apart }, nearest, blob) {
  const { file, mirrored, copy, picture } = nearest ?? {};
  const own = make("img", { src: URL.createObjectURL(blob), alt: "" });
  own.onload = () => URL.revokeObjectURL(own.src);
  const style = mirrored ? "transform:scaleX(-1)" : null;
  const images = [own, picture && make("img", { src: picture, alt: file, style })];
  const words = [say("ui.report.nearest.work", { seed }), file, distanceOf(apart)];
  if (mirrored) words.push(say("ui.near.mirrored"));
  if (copy) words.push(say("ui.near.copy"));
  const caption = make("figcaption", {}, words.filter(Boolean).join(" · "));
  return make("figure", { class: copy ? "is-copy" : null }, ...images.filter(Boolean), caption);
}

function sentence({ code = "ui.status.no_answer", params = {} }) {
  const key = code.startsWith("ui.") ? code : `error.${code}`;
  return languages.knows(key) ? say(key, params) : say("ui.status.no_answer");
}
