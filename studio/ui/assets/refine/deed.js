/** What a change was, in a few words: a seed, "warmer +1.2", a word, a child's looks. */
import { directionLabels, namedLabels } from "../labels.js";
import { languages, say, signed } from "../languages.js";
import { VARIETY } from "../recipe.js";
import { wordOf } from "./learnt.js";

/** More than this is no glance any more. */
const TOLD = 2;

const STEPS = { step: "seed", drag: "pad", breed: "refine" };

/** How `moment` came: "A child, believed". */
export function howOf({ how }) {
  const [first, role] = how.split(":");
  const key = `ui.how.${STEPS[first] ?? first}`;
  const way = say(languages.knows(key) ? key : "ui.how.other");
  const part = first === "refine" && `ui.role.${role}`;
  return part && languages.knows(part) ? say("ui.how.as", { way, part: say(part) }) : way;
}

/**
 * What distinguishes `moment` from the work it came from, "" where there is none.
 * @param {import("../history.js").Moment} moment
 * @param {import("../history.js").Moment | undefined} parent
 * @param {any} card of the model on the easel, whose sliders have names
 */
export function deedOf(moment, parent, card) {
  const { recipe, hand } = moment;
  const told = (moment.did ?? []).map(([property, amount]) => wordOf({ property, amount }));
  if (!told.length) told.push(...saidOf(hand, parent?.hand));
  if (!told.length && parent) told.push(...movedOf(recipe, parent.recipe, card));
  if (!told.length) told.push(...fieldsOf(recipe, parent?.recipe));
  return told.slice(0, TOLD).join(say("ui.direction.comma"));
}

/** Words that were said and had not been before. */
function saidOf(hand, before) {
  const known = new Set((before?.said ?? []).map(({ word }) => word));
  return (hand.said ?? []).filter(({ word }) => !known.has(word)).map(({ text, word }) => text ?? word);
}

/** Sliders that were moved, the furthest first. */
function movedOf(recipe, before, card) {
  if (card?.name !== recipe.model) return [];
  const [now, then] = [recipe.directions ?? {}, before.directions ?? {}];
  const names = [...new Set([...Object.keys(now), ...Object.keys(then)])];
  const steps = names.map((name) => [name, (now[name] ?? 0) - (then[name] ?? 0)]);
  const moved = steps.filter(([, step]) => Math.abs(step) >= 0.05);
  const labels = labelsOf(card);
  return moved
    .sort(([, a], [, b]) => Math.abs(b) - Math.abs(a))
    .map(([name, step]) => {
      const ends = labels.get(name);
      const words = ends ? ends[step > 0 ? "plus" : "minus"] : name;
      return `${words} ${signed(Math.abs(step), 1)}`;
    });
}

function labelsOf({ directions, words = [] }) {
  const ends = directionLabels(directions);
  const found = new Map(directions.map(({ name }, at) => [name, ends[at]]));
  for (const one of words) found.set(one.name, namedLabels(one));
  return found;
}

/** What else is another one: its seed, its variety, its size. */
function fieldsOf(recipe, before = {}) {
  const told = [];
  const { seed } = recipe.source;
  if (seed !== undefined && seed !== before.source?.seed) told.push(say("ui.seed.is", { seed }));
  const { variety = VARIETY, size } = recipe;
  if (variety !== (before.variety ?? VARIETY)) {
    told.push(say("ui.tree.variety", { share: Math.round(100 * variety) }));
  }
  const resized = before.source && size && String(size) !== String(before.size);
  if (resized) told.push(size.toReversed().join(" × "));
  return told;
}
