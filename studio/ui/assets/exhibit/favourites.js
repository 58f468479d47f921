/** What visitors liked comes back into the studio, as likes. */
import { Trouble, post } from "../address.js";
import { readCard } from "../models.js";
import { parsed } from "../refine/files.js";
import { Votes } from "../refine/votes.js";

const KIND = "reverie-favourites";
/** More are not remembered as likes anyway. */
const MOST = 60;

/**
 * Take a file of favourites.
 * @returns {Promise<{taken: number, left: number}>} how many became likes, and how many
 *   are films or of models that are not here as they were
 * @throws {Trouble}
 */
export async function takeFavourites(file) {
  const data = parsed(await file.text());
  if (data?.kind !== KIND || !Array.isArray(data.works)) throw new Trouble("ui.exhibit.no_favourites");
  if (data.format !== 1) throw new Trouble("ui.exhibit.newer_favourites");
  let taken = 0;
  for (const work of data.works.slice(0, MOST)) {
    if (work?.recipe && (await like(work.recipe))) taken += 1;
  }
  return { taken, left: data.works.length - taken };
}

/** The server knows where a work lies among the others of its model. */
async function like(recipe) {
  try {
    const card = await readCard(String(recipe.model));
    if (card.fingerprint !== recipe.fingerprint) return false;
    const answer = await post("children", { parents: [recipe], count: 1 });
    const { place } = await answer.json();
    const votes = new Votes(() => card);
    votes.withdraw(place); // the same file may come twice
    votes.add({ kind: "liked", place });
    return true;
  } catch (error) {
    if (error.code === "ui.status.no_answer") throw error;
    return false;
  }
}
