/** What a model was measured to do: three gauges in words, the numbers one click below. */
import { studioAddress } from "./address.js";
import { make } from "./elements.js";
import { wordName } from "./labels.js";
import { languages, say } from "./languages.js";

const GAUGES = ["quality", "diversity", "honesty"];
/** Well, in part, hardly. */
const LEVELS = ["high", "middle", "low"];
const KIND_HEADS = ["label", "real", "made", "reached", "possible"];
const MEASURES = [
  ["quality", "kid", 1],
  ["quality", "swd", 1],
  ["quality", "density", 2],
  ["diversity", "coverage", 2],
];

/** The report of `card`, and its model card to take away. @returns {Node[]} */
export function reportOf(card, live) {
  const { report, name } = card;
  const title = make("h3", {}, say("ui.report"));
  const parts = report ? told(report, card, live) : [line(say("card.unmeasured"))];
  const file = `models/${encodeURIComponent(name)}/card.md?language=${languages.current}`;
  const link = { class: "offer", href: studioAddress(file), download: "README.md" };
  const offer = make("a", { ...link, "data-act": "model_card" }, say("ui.report.card"));
  return [title, ...parts, make("p", { class: "report-card" }, offer)];
}

function told(report, card, live) {
  const words = say("card.measured", report);
  const rows = report.labels?.each ?? [];
  const fold = make("details", { class: "report-numbers" });
  fold.append(make("summary", {}, say("ui.report.numbers")), line(words), table(report));
  fold.append(...copies(report.copies).map(line), ...kindsTable(rows));
  const gauges = GAUGES.map((name) => gauge(name, report.gauges[name]));
  return [...gauges, ...kinds(rows), fold, ...nearest(report, card, live)];
}

/** Which labels it makes well, in part and hardly, and which nobody can tell. */
function kinds(rows) {
  const parts = [...LEVELS, null].map((level) => {
    const named = rows.filter((row) => row.level === level).map(({ label }) => wordName(label));
    if (!named.length) return "";
    const some = make("span", { class: "report-kinds" }, named.join(say("why.comma")));
    const [before, after] = say(`report.kinds.${level ?? "unread"}`).split("{kinds}");
    return make("p", {}, before, some, after);
  });
  return parts.filter(Boolean);
}

/** The works that come nearest to pictures, made when somebody unfolds them. */
function nearest({ copies: found }, card, live) {
  if (!found?.nearest?.length) return [];
  const row = make("div", { class: "report-nearest" });
  const fold = make("details", { class: "report-numbers" });
  fold.append(make("summary", {}, say("ui.report.nearest")), row);
  fold.addEventListener("toggle", () => {
    if (!fold.open || row.childElementCount) return;
    import("./refine/worst.js").then(({ showWorst }) => showWorst(row, found.nearest, card, live));
  });
  return [fold];
}

function gauge(name, found) {
  const clings = found?.clings && found.level !== "high";
  const words = found ? `${name}.${clings ? "clings" : found.level}` : "strangers";
  const value = Math.round(100 * (found?.value ?? 0));
  const label = say("cli.evaluate.gauge", { name: say(`gauge.${name}`), value });
  const amount = found ? make("span", { class: "report-value" }, String(value)) : "";
  const head = make("span", { class: "report-name" }, say(`gauge.${name}`), " ", amount);
  const bar = { class: "gauge", role: "img", "aria-label": label, style: `--share:${value}%` };
  const track = found ? [make("span", bar)] : [];
  return make("div", { class: "report-gauge" }, head, ...track, line(say(`cli.evaluate.${words}`)));
}

function table(report) {
  const sides = [report, report.real_vs_real, report.mean_image];
  const heads = ["measure", "works", "real", "blank"];
  const top = heads.map((head) => make("th", { scope: "col" }, say(`report.${head}`)));
  const rows = measuresOf(report).map(([kind, key, digits, height]) => {
    const cells = sides.map((side) => make("td", {}, pair(side[kind][key], digits)));
    const words = height ? say("report.swd_at", { height }) : say(`report.${key}`);
    return make("tr", {}, make("th", { scope: "row" }, words), ...cells);
  });
  return tableOf(top, rows);
}

/** Each number, patches at each scale among them. */
function measuresOf(report) {
  return MEASURES.flatMap((measure) => {
    const [kind, key, digits] = measure;
    if (key !== "swd") return [measure];
    const scales = Object.keys(report[kind]).filter((name) => name.startsWith("swd_"));
    // the order of keys is lost on the way
    const heights = scales.map((name) => Number(name.slice(4))).sort((a, b) => b - a);
    return [measure, ...heights.map((height) => [kind, `swd_${height}`, digits, height])];
  });
}

/** How often each label is seen, and how much of its pictures is reached. */
function kindsTable(rows) {
  if (!rows.length || !rows.every(({ reached }) => reached?.mean !== undefined)) return [];
  const share = (value) => (value === null ? "–" : `${Math.round(100 * value)} %`);
  const top = KIND_HEADS.map((head) => make("th", { scope: "col" }, say(`report.kind.${head}`)));
  const lines = rows.map(({ label, real, made, reached, possible }) => {
    const cells = [share(real), share(made), pair(reached, 2), pair(possible, 2)];
    const name = make("th", { scope: "row" }, wordName(label));
    return make("tr", {}, name, ...cells.map((words) => make("td", {}, words)));
  });
  return [line(say("report.kind.told")), tableOf(top, lines, "report-labels")];
}

function tableOf(top, rows, kind = null) {
  const head = make("thead", {}, make("tr", {}, ...top));
  return make("table", { class: kind }, head, make("tbody", {}, ...rows));
}

function pair({ mean, deviation }, digits) {
  return `${mean.toFixed(digits)} ± ${deviation.toFixed(digits)}`;
}

function copies(found) {
  if (!found) return [];
  const share = (100 * found.share).toFixed(1);
  const words = [say("cli.evaluate.share", { share })];
  if ("close" in found) words.push(say("cli.evaluate.close", { close: (100 * found.close).toFixed(1) }));
  if (found.remembered) words.unshift(say("cli.evaluate.remembered", { pictures: found.remembered }));
  if (found.ratio === null) return words;
  return [...words, say("cli.evaluate.ratio", { ratio: found.ratio.toFixed(2) })];
}

function line(words) {
  return make("p", {}, words);
}
