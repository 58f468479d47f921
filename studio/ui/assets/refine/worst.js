/** A model's works that come nearest to pictures it learnt from, each beside its own. */
import { post } from "../address.js";
import { make } from "../elements.js";
import { languages, say } from "../languages.js";

/**
 * Fill `place` with them, one after the other: nobody shall wait for all at once.
 * @param {{seed: number}[]} works of the card's report
 * @param {import("../live.js").Live} live
 */
export async function showWorst(place, works, { name, fingerprint }, live) {
  const note = make("p", {}, say("ui.report.nearest.waiting"));
  place.append(note);
  for (const { seed } of works) {
    const recipe = { format: 1, model: name, fingerprint, source: { seed }, variety: 1 };
    try {
      note.before(await pair(recipe, seed, live));
    } catch (error) {
      note.textContent = sentence(error);
      return;
    }
  }
  note.remove();
}

async function pair(recipe, seed, live) {
  const { near, problem } = await (await post("near", { recipe })).json();
  if (problem) throw problem;
  const blob = await live.tile(recipe);
  const [{ file, distance, mirrored, copy, picture }] = near.nearest;
  const own = make("img", { src: URL.createObjectURL(blob), alt: "" });
  own.onload = () => URL.revokeObjectURL(own.src);
  const style = mirrored ? "transform:scaleX(-1)" : null;
  const images = [own, picture && make("img", { src: picture, alt: file, style })];
  const words = [say("ui.report.nearest.work", { seed }), file];
  words.push(say("ui.near.distance", { distance: distance.toFixed(2) }));
  if (mirrored) words.push(say("ui.near.mirrored"));
  if (copy) words.push(say("ui.near.copy"));
  const caption = make("figcaption", {}, words.join(" · "));
  return make("figure", { class: copy ? "is-copy" : null }, ...images.filter(Boolean), caption);
}

function sentence({ code = "ui.status.no_answer", params = {} }) {
  const key = code.startsWith("ui.") ? code : `error.${code}`;
  return languages.knows(key) ? say(key, params) : say("ui.status.no_answer");
}
