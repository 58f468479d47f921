/**
 * Words for directions. The server measures what a step along each one does to
 * brightness, warmth and so on; the strongest effects name its two ends.
 *
 * @typedef {{name: string, sigma: number, change: number,
 *   effects: Record<string, number>}} Direction
 */
import { languages, say, signed } from "./languages.js";

/** Effects weaker than this (sample standard deviations per +1) go unnamed. */
const WEAK = 0.12;
/** A second effect is named when it is at least this share of the first... */
const SECOND = 0.5;
/** ...or this share, where it tells two directions apart. */
const TELLING = 0.2;

/**
 * The words at both ends of every direction, numbered where two would read alike.
 * @param {Direction[]} directions
 * @returns {{minus: string, plus: string, figures: string}[]}
 */
export function directionLabels(directions) {
  const taken = new Map();
  return directions.map((direction, index) => {
    const choices = waysToSay(direction.effects ?? {});
    const chosen = choices.find((effects) => !taken.has(keyOf(effects))) ?? choices[0];
    const ends = chosen ? endsOf(chosen) : unnamed(index + 1);
    const key = chosen ? keyOf(chosen) : String(index);
    const count = (taken.get(key) ?? 0) + 1;
    taken.set(key, count);
    return { ...(count > 1 ? numbered(ends, count) : ends), figures: figures(direction) };
  });
}

/**
 * The words at both ends of a direction that has a name, and how it was measured.
 * @param {{name: string, kind: string, certainty: string, leftover: number}} named
 */
export function namedLabels(named) {
  const key = `effect.${named.name}`;
  const known = languages.knows(`${key}.plus`);
  const word = wordName(named.name);
  const figures = say(`ui.named.${named.certainty}`, { leftover: signed(named.leftover) });
  return known
    ? { minus: say(`${key}.minus`), plus: say(`${key}.plus`), figures }
    : { minus: endOf(word, false), plus: endOf(word, true), figures };
}

/** More of a word, or less: of fog there is less, of clouds there are fewer. */
export function endOf(word, more) {
  const less = /[^su]s$/i.test(word) ? "ui.named.fewer" : "ui.named.less";
  return say(more ? "ui.named.more" : less, { word });
}

/** The words at both ends of a word that the person taught, and how sure it is. */
export function ownLabels({ name, certainty, agreement, sure, effects = {} }) {
  const list = known(effects)
    .slice(0, 3)
    .map(([effect, amount]) =>
      say("ui.direction.figure", { effect: say(`effect.${effect}`), amount: signed(amount, 1) }),
    )
    .join(say("ui.direction.comma"));
  const params = { agree: Math.round(100 * agreement), sure: Math.round(100 * sure), list };
  const figures = say(list ? `ui.taught.${certainty}_does` : `ui.taught.${certainty}`, params);
  return { minus: endOf(name, false), plus: endOf(name, true), figures };
}

/** A word as it reads in the language of the page, or as the model's labels spell it. */
export function wordName(name) {
  const key = [`effect.${name}`, `word.${name}`].find((one) => languages.knows(one));
  return key ? say(key) : name.replaceAll("_", " ");
}

/**
 * Lists of one or two effects that name a direction truly, the best one first. What
 * was measured decides alone: a slider is the same one in every language.
 */
function waysToSay(effects) {
  const [first, ...others] = known(effects);
  if (!first || Math.abs(first[1]) < WEAK) return [];
  const strength = Math.abs(first[1]);
  const seconds = others.filter(([, value]) => Math.abs(value) >= TELLING * strength);
  const pairs = seconds.map((second) => [first, second]);
  const strong = pairs.length && Math.abs(pairs[0][1][1]) >= SECOND * strength;
  return strong ? [...pairs, [first]] : [[first], ...pairs];
}

function known(effects) {
  return Object.entries(effects)
    .filter(([name]) => languages.knows(`effect.${name}.plus`))
    .sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
}

/** Directions that differ only in sign read alike, so the sign is left out. */
function keyOf(effects) {
  return effects
    .map(([name]) => name)
    .sort()
    .join();
}

function numbered({ minus, plus }, count) {
  const again = (words) => say("ui.direction.again", { words, count });
  return { minus: again(minus), plus: again(plus) };
}

function endsOf(effects) {
  const end = (sign) =>
    effects
      .map(([name, value]) => say(`effect.${name}.${value * sign > 0 ? "plus" : "minus"}`))
      .join(say("ui.direction.and"));
  return { minus: end(-1), plus: end(1) };
}

function unnamed(number) {
  return {
    minus: say("ui.direction.unnamed_minus", { number }),
    plus: say("ui.direction.unnamed_plus", { number }),
  };
}

function figures(direction) {
  const parts = known(direction.effects ?? {})
    .filter(([, value]) => Math.abs(value) >= 0.05)
    .slice(0, 4)
    .map(([name, value]) =>
      say("ui.direction.figure", {
        effect: say(`effect.${name}`),
        amount: signed(value),
      }),
    );
  const list = parts.join(say("ui.direction.comma"));
  return say(list ? "ui.direction.figures" : "ui.direction.no_figures", {
    name: direction.name,
    list,
  });
}
