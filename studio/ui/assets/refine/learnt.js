/** What the studio has learnt of somebody's taste, as one sentence. */
import { endOf, wordName } from "../labels.js";
import { languages, say } from "../languages.js";

/** More properties than this are no sentence any more. */
const NAMED = 3;
const SURE = 0.75;
const FAIR = 0.45;

/** @param {{votes: number, sure: number, learnt: {property: string, amount: number}[]}} taste
 * @param {number} works how many parents the children have */
export function sentenceOf(taste, works) {
  if (works > 1) return say("ui.refine.of_several", { count: works });
  if (!taste?.votes) return say("ui.refine.begin");
  const words = taste.learnt.slice(0, NAMED).map(wordOf);
  if (!words.length) return say("ui.refine.unsure", { count: taste.votes });
  const list = words.join(say("ui.direction.and"));
  const sure = say(howSure(taste.sure));
  return say("ui.refine.learnt", { list, sure });
}

/** "warmer", "open sky", or for a label of the model "more sea", "less village". */
export function wordOf({ property, amount }) {
  const key = `effect.${property}.${amount > 0 ? "plus" : "minus"}`;
  if (languages.knows(key)) return say(key);
  return endOf(wordName(property), amount > 0);
}

function howSure(share) {
  if (share >= SURE) return "ui.refine.sure";
  return share >= FAIR ? "ui.refine.fairly_sure" : "ui.refine.a_guess";
}
