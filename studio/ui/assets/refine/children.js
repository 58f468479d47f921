/** Asking the server for children, with the strength, locks and taste of the person. */
import { post } from "../address.js";
import { preference } from "../preferences.js";
import { keptNames } from "./keeps.js";

export const STRENGTH = 0.7;

/**
 * What is asked for: `count` children of `parents`, the first of which is kept in
 * what is locked.
 * @param {import("../desk.js").Desk} desk
 * @param {any[]} parents recipes
 * @param {import("./votes.js").Votes} votes
 * @param {{form?: number[], paint?: number[]}} [descent] from which parents what comes
 */
export function questionOf(desk, parents, count, votes, descent = {}) {
  const locked = [...desk.sliders.byName].filter(([, slider]) => slider.locked);
  const halves = preference("refine:locks", { composition: false, detail: false });
  return {
    parents,
    strength: preference("refine:strength", STRENGTH),
    count,
    locks: {
      ...halves,
      directions: locked.map(([name]) => name),
      properties: keptNames(desk.store.card),
    },
    descent,
    votes: votes.all,
  };
}

/**
 * @param {import("./region.js").Region | null} [region] what children keep of the first
 * @returns {Promise<any>} children with their roles. @throws {Trouble}
 */
export async function breed(question, region = null, signal = null) {
  const response = await post("children", question, signal);
  const answer = await response.json();
  if (!region) return answer;
  const [parent] = question.parents;
  const keep = (child) => ({ ...child, recipe: region.keep(child.recipe, parent) });
  return { ...answer, children: answer.children.map(keep) };
}

/** `child` as it goes onto the easel of `work`: delivered as large, the same sliders. */
export function grown(child, { recipe: { size }, hand }) {
  return { recipe: size ? { ...child, size } : child, hand };
}
