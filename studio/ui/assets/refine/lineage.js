/**
 * The shape of a family tree: which line each work stands on, and what an exported
 * tree must be to be taken in. Nothing here touches the page.
 *
 * @typedef {import("../history.js").Moment} Moment
 * @typedef {Object} Row
 * @property {Moment} moment
 * @property {number} lane the line it stands on
 * @property {(string | null)[]} above ids that lines from above are on the way to
 * @property {(string | null)[]} below the same below it
 * @property {number[]} joins the lines that its own lead into
 */
import { Trouble } from "../address.js";
import { parsed } from "./files.js";

const KIND = "reverie-tree";
const FORMAT = 1;
const MOST = 20000;
const NAME_LENGTH = 80;
/** Lines beyond these are not followed: no eye could, and ten thousand cost a minute. */
const LINES = 12;

/**
 * One row a work, the newest first. A line runs down to each work that has children in
 * sight, and gathers them on the way.
 * @param {Moment[]} moments oldest first
 * @returns {Row[]}
 */
export function rowsOf(moments) {
  const known = new Set(moments.map(({ id }) => id));
  let lines = [];
  return moments.toReversed().map((moment) => {
    const above = lines;
    let lane = above.indexOf(moment.id);
    if (lane < 0) lane = free(above);
    lines = above.map((id) => (id === moment.id ? null : id));
    const joins = [];
    for (const id of moment.parents ?? []) {
      if (!known.has(id)) continue;
      let line = lines.indexOf(id);
      if (line < 0) line = joins.length ? free(lines) : lane;
      if (line >= LINES) continue;
      lines[line] = id;
      joins.push(line);
    }
    // Lines that were skipped are empty, not missing.
    lines = Array.from(lines, (id) => id ?? null);
    while (lines.length && lines.at(-1) === null) lines.pop();
    return { moment, lane, above, below: lines, joins };
  });
}

function free(lines) {
  const place = lines.findIndex((id) => id === null || id === undefined);
  return place < 0 ? lines.length : place;
}

/**
 * The works that stand: not pruned, and not descended from pruned ones alone.
 * @param {Moment[]} moments oldest first
 * @returns {Set<string>} their ids
 */
export function standing(moments) {
  const known = new Set(moments.map(({ id }) => id));
  const gone = new Set();
  for (const { id, parents, pruned } of moments) {
    const own = parents.filter((parent) => known.has(parent));
    const orphaned = own.length > 0 && own.every((parent) => gone.has(parent));
    if (pruned || orphaned) gone.add(id);
  }
  return new Set([...known].filter((id) => !gone.has(id)));
}

/**
 * The works that must change so that those of `ids` stand again: they and whatever was
 * pruned above them.
 * @param {Moment[]} moments
 * @param {string[]} ids
 * @returns {Moment[]}
 */
export function revived(moments, ids) {
  const byId = new Map(moments.map((moment) => [moment.id, moment]));
  const waiting = [...ids];
  const seen = new Set();
  while (waiting.length) {
    const id = waiting.pop();
    if (seen.has(id) || !byId.has(id)) continue;
    seen.add(id);
    waiting.push(...byId.get(id).parents);
  }
  const pruned = [...seen].map((id) => byId.get(id)).filter((moment) => moment.pruned);
  return pruned.map((moment) => ({ ...moment, pruned: false }));
}

/** The nearest work at or above `id` that is among `ids`; null where none is. */
export function nearest(moments, id, ids) {
  const byId = new Map(moments.map((moment) => [moment.id, moment]));
  const seen = new Set();
  for (let at = byId.get(id); at && !seen.has(at.id); at = byId.get(at.parents[0])) {
    if (ids.has(at.id)) return at;
    seen.add(at.id);
  }
  return null;
}

/** The text of a tree, with a sum that tells whether it was changed since. */
export function writeTree(moments) {
  return JSON.stringify({ kind: KIND, format: FORMAT, sum: sumOf(moments), moments });
}

/**
 * Read an exported tree.
 * @param {string} text
 * @param {string[]} models names of those that are installed
 * @returns {Moment[]}
 * @throws {Trouble} for what is cut off, changed, circular, too large or of models
 *   that are all missing here
 */
export function readTree(text, models) {
  const data = parsed(text);
  if (data?.kind !== KIND || !Array.isArray(data.moments)) throw new Trouble("ui.tree.broken");
  if (data.format !== FORMAT) throw new Trouble("ui.tree.newer");
  const { moments, sum } = data;
  if (moments.length > MOST) throw new Trouble("ui.tree.large", { limit: MOST });
  if (!moments.every(isMoment) || sum !== sumOf(moments)) throw new Trouble("ui.tree.tampered");
  if (isCyclic(moments)) throw new Trouble("ui.tree.cyclic");
  const strangers = moments.filter(({ recipe }) => !models.includes(recipe.model));
  if (moments.length && strangers.length === moments.length) {
    throw new Trouble("ui.tree.foreign", { model: strangers[0].recipe.model });
  }
  return moments;
}

function isMoment(moment) {
  const { id, parents, recipe, hand, how, time, name = "", pruned = false, did = [] } =
    moment ?? {};
  const texts = [id, how, recipe?.model, recipe?.fingerprint];
  return (
    texts.every((text) => typeof text === "string" && text.length <= 200) &&
    typeof name === "string" &&
    name.length <= NAME_LENGTH &&
    typeof pruned === "boolean" &&
    Array.isArray(did) &&
    did.every((one) => typeof one?.[0] === "string" && Number.isFinite(one[1])) &&
    Array.isArray(parents) &&
    parents.every((parent) => typeof parent === "string") &&
    typeof recipe.source === "object" &&
    recipe.source !== null &&
    typeof hand?.amounts === "object" &&
    Number.isFinite(hand?.strength) &&
    Array.isArray(hand.said ?? []) &&
    Number.isFinite(time)
  );
}

/** Take away works whose parents are gone already, until none is left or all wait. */
function isCyclic(moments) {
  const ids = new Set(moments.map(({ id }) => id));
  if (ids.size !== moments.length) return true;
  const children = new Map(moments.map(({ id }) => [id, []]));
  const waiting = new Map();
  for (const { id, parents } of moments) {
    const known = [...new Set(parents)].filter((parent) => ids.has(parent));
    waiting.set(id, known.length);
    for (const parent of known) children.get(parent).push(id);
  }
  const ready = [...waiting].filter(([, count]) => !count).map(([id]) => id);
  let gone = 0;
  while (ready.length) {
    gone += 1;
    for (const child of children.get(ready.pop())) {
      waiting.set(child, waiting.get(child) - 1);
      if (!waiting.get(child)) ready.push(child);
    }
  }
  return gone < moments.length;
}

/**
 * A sum over what was written (FNV-1a, two of 32 bits): it tells damage and idle
 * changes, not a forger, who could compute it too; recipes are checked by the server.
 */
function sumOf(moments) {
  const text = JSON.stringify(moments);
  let [one, other] = [0x811c9dc5, 0x01000193];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    one = Math.imul(one ^ code, 0x01000193);
    other = Math.imul(other ^ (code + at), 0x85ebca6b);
  }
  return [one, other].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
}
