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
/** A second effect is named when it is at least this share of the first. */
const SECOND = 0.5;
/** Words for one end longer than this (in Latin letters) crowd the other end. */
const ROOM = 17;

/**
 * The words at both ends of every direction, numbered where two would read alike.
 * @param {Direction[]} directions
 * @returns {{minus: string, plus: string, figures: string}[]}
 */
export function directionLabels(directions) {
  const seen = new Map();
  return directions.map((direction, index) => {
    const effects = strongest(direction.effects ?? {});
    const ends = effects.length ? fittingEnds(effects) : unnamed(index + 1);
    const count = (seen.get(ends.plus) ?? 0) + 1;
    seen.set(ends.plus, count);
    if (count > 1) {
      ends.plus = say("ui.direction.again", { words: ends.plus, count });
      ends.minus = say("ui.direction.again", { words: ends.minus, count });
    }
    return { ...ends, figures: figures(direction) };
  });
}

function known(effects) {
  return Object.entries(effects)
    .filter(([name]) => languages.knows(`effect.${name}.plus`))
    .sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
}

function strongest(effects) {
  const [first, second] = known(effects);
  if (!first || Math.abs(first[1]) < WEAK) return [];
  const both = second && Math.abs(second[1]) >= SECOND * Math.abs(first[1]);
  return both && Math.abs(second[1]) >= WEAK ? [first, second] : [first];
}

function fittingEnds(effects) {
  const ends = endsOf(effects);
  const longest = Math.max(width(ends.minus), width(ends.plus));
  return longest > ROOM ? endsOf(effects.slice(0, 1)) : ends;
}

function width(words) {
  return [...words].reduce((sum, letter) => sum + (letter > "\u2e80" ? 2 : 1), 0);
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
