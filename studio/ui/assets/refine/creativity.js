/** How novel and how plausible works are: two numbers, asked for a few at a time. */
import { Trouble, post } from "../address.js";
import { say } from "../languages.js";

/** Works a request: a moving hand of somebody else must not wait long. */
const TOGETHER = 8;
/** Works that a search looks at. */
const AMONG = 192;

/**
 * @typedef {{novelty: number, plausibility: number, copy: boolean}} Standing
 * each of the two from 0 to 1
 */

/** Give each of `finds` its standing, if it has none. @throws {Trouble} why not */
export async function measure(finds, signal, told) {
  const left = finds.filter(({ standing }) => !standing);
  for (let at = 0; at < left.length && !signal.aborted; at += TOGETHER) {
    const some = left.slice(at, at + TOGETHER);
    const standings = await ask(some.map(({ recipe }) => recipe), signal);
    some.forEach((find, index) => Object.assign(find, { standing: standings[index] }));
    told(some);
  }
}

/**
 * Look at many works for the most novel and plausible ones.
 * @param {(count: number) => any[]} draw gives so many recipes
 * @param {(seen: number, among: number) => void} told
 * @returns {Promise<{recipe: any, standing: Standing}[]>} all of them, best first
 * @throws {Trouble} why none can be judged
 */
export async function search(draw, signal, told) {
  const found = [];
  while (found.length < AMONG && !signal.aborted) {
    told(found.length, AMONG);
    const recipes = draw(TOGETHER);
    const standings = await ask(recipes, signal);
    recipes.forEach((recipe, index) => found.push({ recipe, standing: standings[index] }));
  }
  return found.sort((one, other) => worth(other.standing) - worth(one.standing));
}

/** Both numbers in words. @param {Standing} standing */
export function told({ novelty, plausibility, copy }) {
  const shares = { novelty: percent(novelty), plausibility: percent(plausibility) };
  return say(copy ? "ui.creativity.copy" : "ui.creativity.both", shares);
}

/** @param {number} share */
export function percent(share) {
  return Math.round(100 * share);
}

/** A work is worth the lesser of its two numbers, and a copy nothing. */
function worth({ novelty, plausibility, copy }) {
  return copy ? -1 : Math.min(novelty, plausibility);
}

async function ask(recipes, signal) {
  const { works, problem } = await (await post("creativity", { recipes }, signal)).json();
  if (problem) throw new Trouble(problem.code, problem.params, problem.sentence);
  return works;
}
