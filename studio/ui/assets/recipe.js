/**
 * Recipes in the browser: functions from recipes to recipes, nothing else.
 * Fields without a control here (mix, patches, residual) are carried untouched.
 *
 * @typedef {{seed: number} | {blend: [number, number][]} | {w: number[][]}} Source
 * @typedef {Object} Recipe
 * @property {number} format
 * @property {string} model
 * @property {string} fingerprint
 * @property {Source} source
 * @property {number} [variety] 0 to 1.5
 * @property {Record<string, number>} [kinds] shares, 0 to 1, of what the model knows
 * @property {Record<string, number>} [directions] standard deviations, -10 to 10
 * @property {Record<string, string>} [taught] the steps of taught words among them
 * @property {[number, number]} [size] height and width in pixels
 */

export const SEED_MAX = 4294967295;
export const AMOUNT_MAX = 10;
export const VARIETY_MAX = 1.5;
/** The variety of a recipe that does not say it. */
export const VARIETY = 0.8;
/** Seeds one row further on the pad's lattice. */
export const ROW = 1000;
const SEEDS = SEED_MAX + 1;
const BLEND_MAX = 16;

/** The seed that a person typed, or null when it is not one. */
export function parseSeed(text) {
  const digits = String(text).trim();
  if (!/^[0-9]{1,10}$/.test(digits)) return null;
  const seed = Number(digits);
  return seed <= SEED_MAX ? seed : null;
}

/** A seed picked by chance, evenly from all of them. */
export function randomSeed() {
  return crypto.getRandomValues(new Uint32Array(1))[0];
}

/** The seed `by` steps away; the lattice closes on itself at both ends. */
export function neighbour(seed, by) {
  return (((seed + by) % SEEDS) + SEEDS) % SEEDS;
}

/** A first recipe for a model's card; the file to take away is 4 times larger. */
export function newRecipe(card, seed) {
  const scale = Math.min(4, Math.floor(1024 / Math.max(...card.resolution)) || 1);
  return plain({
    format: 1,
    model: card.name,
    fingerprint: card.fingerprint,
    source: { seed },
    variety: card.default_variety,
    size: card.resolution.map((side) => side * scale),
  });
}

/** `recipe` without what goes without saying, as saved files have it. */
export function plain(recipe) {
  const { variety = VARIETY, ...rest } = recipe;
  return variety === VARIETY ? rest : { ...rest, variety };
}

/** The pairs of seed and weight of a source, null for an explicit w. */
export function pairsOf(source) {
  if ("seed" in source) return [[source.seed, 1]];
  return "blend" in source ? source.blend : null;
}

/** The seed that weighs most, null for an explicit w. */
export function mainSeed(source) {
  const pairs = pairsOf(source);
  return pairs && pairs.reduce((best, pair) => (pair[1] > best[1] ? pair : best))[0];
}

/**
 * A blend of pairs in which equal seeds are joined and weights that no eye can
 * see are dropped; a lone seed stays a seed.
 * @param {[number, number][]} pairs
 * @returns {Source}
 */
export function blendOf(pairs) {
  const joined = new Map();
  for (const [seed, weight] of pairs) {
    joined.set(seed, (joined.get(seed) ?? 0) + weight);
  }
  const kept = [...joined]
    .filter(([, weight]) => weight > 0.0005)
    .sort((a, b) => b[1] - a[1])
    .slice(0, BLEND_MAX)
    .map(([seed, weight]) => [seed, Math.min(1, Number(weight.toFixed(4)))]);
  return kept.length === 1 ? { seed: kept[0][0] } : { blend: kept };
}

/** Where the pad stands: `x` and `y` cells from `seed`, mixing four corners. */
export function latticeSource(seed, x, y) {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [u, v] = [x - left, y - top];
  const corner = (i, j) => neighbour(seed, left + i + (top + j) * ROW);
  return blendOf([
    [corner(0, 0), (1 - u) * (1 - v)],
    [corner(1, 0), u * (1 - v)],
    [corner(0, 1), (1 - u) * v],
    [corner(1, 1), u * v],
  ]);
}

/**
 * The pad's place for a source: where its seeds on the lattice around the main one
 * have their middle. What else is in it has no place there.
 */
export function latticePlace(source) {
  const seed = mainSeed(source);
  if (seed === null) return null;
  const place = { seed, x: 0, y: 0 };
  const near = pairsOf(source)
    .map(([other, weight]) => [cellOffset(neighbour(other, -seed)), weight])
    .filter(([offset]) => offset);
  const sum = total(near);
  for (const [offset, weight] of near) {
    place.x += (offset[0] * weight) / sum;
    place.y += (offset[1] * weight) / sum;
  }
  return place;
}

/** On the way from one source of seeds to another: `share` (0 to 1) of the second. */
export function between(from, to, share) {
  if (share <= 0) return from;
  if (share >= 1) return to;
  // Only the ratio of the weights counts, so both are brought to one length first.
  const part = (source, size) => {
    const pairs = pairsOf(source);
    const scale = size / Math.hypot(...pairs.map(([, weight]) => weight));
    return pairs.map(([seed, weight]) => [seed, weight * scale]);
  };
  return blendOf([...part(from, 1 - share), ...part(to, share)]);
}

/** Whether two sources of seeds are the same to the eye. */
export function sameSeeds(a, b) {
  const [left, right] = [sharesOf(a), sharesOf(b)];
  const seeds = [...left.keys(), ...right.keys()];
  const apart = (seed) => Math.abs((left.get(seed) ?? 0) - (right.get(seed) ?? 0));
  return seeds.every((seed) => apart(seed) < 0.002);
}

function sharesOf(source) {
  const pairs = pairsOf(source);
  const sum = total(pairs);
  const shares = new Map();
  for (const [seed, weight] of pairs) {
    shares.set(seed, (shares.get(seed) ?? 0) + weight / sum);
  }
  return shares;
}

function total(pairs) {
  return pairs.reduce((sum, [, weight]) => sum + weight, 0);
}

function cellOffset(distance) {
  for (const y of [-1, 0, 1]) {
    for (const x of [-1, 0, 1]) {
      if (neighbour(0, x + y * ROW) === distance) return [x, y];
    }
  }
  return null;
}

/**
 * `recipe` with the amounts times the strength, zeros left out; `steps` are those of
 * words that were taught.
 */
export function withAmounts(recipe, amounts, strength, steps = {}) {
  const directions = {};
  for (const [name, amount] of Object.entries(amounts)) {
    const value = Math.max(-AMOUNT_MAX, Math.min(AMOUNT_MAX, amount * strength));
    if (value) directions[name] = Number(value.toFixed(4));
  }
  const { directions: _, taught: __, ...rest } = recipe;
  if (!Object.keys(directions).length) return rest;
  const taught = Object.entries(steps).filter(([name]) => name in directions);
  return taught.length
    ? { ...rest, directions, taught: Object.fromEntries(taught) }
    : { ...rest, directions };
}

/** Whether two recipes ask for the same work. */
export function sameRecipe(a, b) {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(value) {
  if (Array.isArray(value) || value === null || typeof value !== "object") return value;
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, sorted(value[key])]));
}
