/** From pieces and words to the one page, and to a ZIP of the whole exhibition. */
import { post } from "../address.js";
import { readCard } from "../models.js";
import { chosenCredit } from "../saving.js";
import { download } from "../takeaway.js";
import { Archive } from "./archive.js";

const FOLDER = "exhibition/";

/** The page and the names of all files, as the server sets them. */
export async function compose(words, pieces, scale, signal = null) {
  const told = await Promise.all(pieces.map((piece) => describe(piece, scale)));
  return (await post("exhibit", { ...words, pieces: told }, signal)).json();
}

/** The page with what is shown here in place of the files. @returns {Promise<string>} */
export async function previewOf(words, pieces, addressOf) {
  const { files, works, stills } = await compose(words, pieces, 1);
  return works.reduce((page, name, index) => {
    const { kind, picture, file } = pieces[index];
    const still = stills[index] ? page.replaceAll(`"${stills[index]}`, `"${addressOf(picture)}`) : page;
    const shown = addressOf(kind === "picture" ? picture : file);
    return still.replaceAll(`"${name}`, `"${shown}`);
  }, files["index.html"]);
}

/** Make every file, put them in a ZIP and hand it over; stops where `signal` does. */
export async function pack(words, pieces, scale, signal, onStep) {
  const { files, works, stills } = await compose(words, pieces, scale, signal);
  const archive = new Archive();
  for (const [index, piece] of pieces.entries()) {
    onStep(index + 1, pieces.length);
    const blob = piece.file ?? (await made(piece.recipe, scale, signal));
    signal.throwIfAborted();
    await archive.add(FOLDER + works[index], blob);
    if (stills[index]) await archive.add(FOLDER + stills[index], piece.picture);
  }
  for (const [name, text] of Object.entries(files)) {
    await archive.add(FOLDER + name, new Blob([text]));
  }
  signal.throwIfAborted();
  download(archive.close(), "exhibition.zip");
}

async function made(recipe, scale, signal) {
  const wish = { recipe, form: { kind: "PNG", scale }, credit: chosenCredit() };
  return (await post("save", wish, signal)).blob();
}

/** A piece as the server takes it. */
async function describe(piece, scale) {
  const { kind, recipe } = piece;
  const texts = {};
  for (const language of ["en", "zh"]) {
    const lines = typedOrTold(piece, language);
    if (lines.length) texts[language] = lines;
  }
  const size = piece.file ? piece.size : await sizeOf(recipe, scale);
  const suffix = piece.file ? piece.suffix : ".png";
  const titles = Object.fromEntries(["en", "zh"].map((code) => [code, titleOf(piece, code)]));
  return { kind, suffix, titles, texts, size, recipe };
}

/** A title typed in one language alone stands in the other too. */
export function titleOf({ titles, told }, language) {
  const other = language === "en" ? "zh" : "en";
  return titles[language] || titles[other] || told?.[language]?.[0] || "";
}

/** The paragraphs beside a piece: typed, or as the studio tells them. */
export function typedOrTold({ texts, told }, language) {
  const typed = texts[language];
  if (typed === undefined) return told?.[language]?.slice(1) ?? [];
  return typed.split(/\n+/).map((line) => line.trim()).filter(Boolean);
}

async function sizeOf(recipe, scale) {
  const sides = recipe.size ?? (await readCard(recipe.model)).resolution;
  return sides.map((side) => side * scale);
}
