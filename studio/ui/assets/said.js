/**
 * What was said of a work: parts that lie on top of the amounts of a hand, and go
 * through the history with it.
 *
 * @typedef {Object} Said
 * @property {string} word
 * @property {string} text as it was said
 * @property {number} confidence 0 to 1
 * @property {number} amount what it added
 * @property {number} [total] the amount that the word then had
 * @property {boolean} [kind] it chose a kind, or a start, and added nothing
 * @property {object} [start] the source that it chose, no direction leading there
 */
import { withHand } from "./store.js";

/** Standard deviations, of anything said. */
const MOST = 4;

/** The parts that still hold: a slider or a seed changed since speaks for itself. */
export function standing({ recipe, hand: { said = [], amounts } }) {
  return said.filter(({ kind, start, word, total }) => {
    if (start) return JSON.stringify(start) === JSON.stringify(recipe.source);
    return kind || near(amounts[word] ?? 0, total);
  });
}

/** `work` with the master at 1 and the same picture. */
function folded(work) {
  const { strength, amounts } = work.hand;
  const said = standing(work);
  if (strength === 1) return withHand(work, { said });
  const scaled = Object.entries(amounts).map(([name, amount]) => [name, round(amount * strength)]);
  return withHand(work, {
    strength: 1,
    amounts: Object.fromEntries(scaled),
    said: said.map((part) => ({
      ...part,
      amount: round(part.amount * strength),
      total: round((part.total ?? 0) * strength),
    })),
  });
}

/** `work` without what the words `gone` have added; all else is where it was. */
export function unsaid(work, gone) {
  const { recipe, hand } = folded(work);
  const amounts = { ...hand.amounts };
  const { kinds, ...rest } = recipe;
  const kept = { ...kinds };
  for (const part of hand.said.filter(({ word }) => gone.includes(word))) {
    if (part.kind) delete kept[part.word];
    else amounts[part.word] = round(amounts[part.word] - part.amount);
    if (!amounts[part.word]) delete amounts[part.word];
  }
  const said = hand.said.filter(({ word }) => !gone.includes(word));
  const plain = Object.keys(kept).length ? { ...rest, kinds: kept } : rest;
  return withHand({ recipe: plain, hand }, { amounts, said });
}

/**
 * `work` with more said of it. Of the parts, those that `names` has are directions;
 * the others are kinds, which come ready as shares.
 */
export function alsoSaid(work, parts, names, kinds) {
  const { recipe, hand } = folded(work);
  const amounts = { ...hand.amounts };
  const byWord = new Map(hand.said.map((part) => [part.word, part]));
  for (const { word, text, amount, confidence, start } of parts) {
    const before = byWord.get(word);
    const texts = new Set([before?.text, text].filter(Boolean));
    const part = {
      word,
      text: [...texts].join(", "),
      confidence: Math.max(before?.confidence ?? 0, confidence),
    };
    if (!names.has(word)) {
      byWord.set(word, { ...part, amount, kind: true, start });
      continue;
    }
    const here = amounts[word] ?? 0;
    const there = round(Math.max(-MOST, Math.min(MOST, here + amount)));
    amounts[word] = there;
    byWord.set(word, { ...part, amount: round((before?.amount ?? 0) + there - here), total: there });
  }
  const fields = kinds ? { ...recipe, kinds } : recipe;
  return withHand({ recipe: fields, hand }, { amounts, said: [...byWord.values()] });
}

function near(a, b) {
  return Math.abs(a - b) < 0.005;
}

function round(number) {
  return Number(number.toFixed(3));
}
