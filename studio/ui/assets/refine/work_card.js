/** The card of the work on the easel: recipe, nearest pictures, both numbers, parents. */
import { post } from "../address.js";
import { languages } from "../languages.js";
import { mainSeed } from "../recipe.js";
import { download } from "../takeaway.js";

/** As many as the server takes. */
const PARENTS = 16;

/** Fetch the card and hand it over. @returns {Promise<string>} the name of the file */
export async function saveWorkCard({ history, store }) {
  const { recipe } = store;
  const parents = (await parentsOf(history, recipe)).slice(0, PARENTS);
  const wish = { recipe, parents, language: languages.current };
  const name = `${recipe.model}-${mainSeed(recipe.source) ?? "work"}.md`;
  download(await (await post("card", wish)).blob(), name);
  return name;
}

/** The works before; the one on the easel may not be recorded yet. */
async function parentsOf(history, recipe) {
  const { head } = history;
  const here = JSON.stringify(head?.recipe) === JSON.stringify(recipe);
  if (!here) return head ? [head.recipe] : [];
  const moments = await history.all();
  const known = new Map(moments.map((moment) => [moment.id, moment.recipe]));
  return head.parents.map((id) => known.get(id)).filter(Boolean);
}
