/** How a work is saved: its size, enlarged or not, in which format, and by whom. */
import { post } from "./address.js";
import { button, fold, make } from "./elements.js";
import { word } from "./languages.js";
import { prefer, preference } from "./preferences.js";
import { mainSeed } from "./recipe.js";
import { download, nameOf } from "./takeaway.js";

/** Sides of the file to take away, as multiples of the model's own. */
const SIZES = [1, 2, 4, 8];
const LARGEST = 4096;
const PRINTS = ["1", "2", "4"];
const KINDS = ["PNG", "JPEG", "WEBP"];
const CREDITS = ["creator", "rights"];
const LINE = 300;

/** What the person chose, as the server takes it. */
export function chosenForm() {
  const [kind, scale] = [preference("save:kind", "PNG"), preference("save:print", "1")];
  return {
    kind: KINDS.includes(kind) ? kind : "PNG",
    scale: PRINTS.includes(scale) ? Number(scale) : 1,
  };
}

/** The name and the licence that files carry, as the person left them. */
export function chosenCredit() {
  const told = CREDITS.map((name) => [name, String(preference(`credit:${name}`, "")).slice(0, LINE)]);
  return Object.fromEntries(told.filter(([, text]) => text));
}

/** Download `recipe` as a file of the chosen form. @returns {Promise<string>} its name */
export async function savePicture(recipe, signal = null) {
  const wish = { recipe, form: chosenForm(), credit: chosenCredit() };
  const response = await post("save", wish, signal);
  const name = nameOf(response, `${recipe.model}-${mainSeed(recipe.source) ?? "work"}.png`);
  download(await response.blob(), name);
  return name;
}

/** The fold with all of it. */
export function savingFold(desk) {
  return fold(
    "saving",
    sizeChoice(desk),
    choice("print", PRINTS, "1"),
    choice("kind", KINDS, "PNG"),
    ...CREDITS.map(credit),
    button("work_card", () => desk.actions.workCard(), { icon: "save" }),
  );
}

function row(name, control) {
  const label = word(make("span"), { text: `ui.${name}` });
  word(control, { name: `ui.${name}`, hint: `ui.${name}.hint` });
  return make("label", { class: "choice-row" }, label, control);
}

function choice(name, values, otherwise) {
  const key = `save:${name}`;
  const select = make("select", { class: "choice", "data-save": name });
  select.append(
    ...values.map((value) => word(make("option", { value }), { text: `ui.${name}.${value}` })),
  );
  select.value = preference(key, otherwise);
  if (!select.value) select.value = otherwise;
  select.addEventListener("change", () => prefer(key, select.value));
  return row(name, select);
}

function credit(name) {
  const field = make("input", {
    type: "text",
    class: "choice credit",
    maxlength: String(LINE),
    "data-save": name,
    value: preference(`credit:${name}`, ""),
    onchange: () => prefer(`credit:${name}`, field.value.trim()),
  });
  return row(name, field);
}

/** How large the saved file is; part of the recipe, so undo covers it too. */
function sizeChoice({ store }) {
  const select = make("select", { class: "choice", "data-how": "size" });
  const follow = () => {
    const { card, recipe } = store;
    if (!card || !recipe) return;
    const shown = (recipe.size ?? card.resolution).join(" \u00d7 ");
    const sizes = SIZES.map((scale) => card.resolution.map((side) => side * scale))
      .filter((size) => Math.max(...size) <= LARGEST)
      .map((size) => size.join(" \u00d7 "));
    const texts = sizes.includes(shown) ? sizes : [shown, ...sizes];
    if (select.dataset.texts !== texts.join()) {
      select.dataset.texts = texts.join();
      select.replaceChildren(...texts.map((text) => make("option", { value: text }, text)));
    }
    select.value = shown;
  };
  select.addEventListener("change", () => {
    const size = select.value.split(" \u00d7 ").map(Number);
    store.edit((work) => ({ ...work, recipe: { ...work.recipe, size } }), "size");
  });
  store.addEventListener("change", ({ detail }) => detail.how !== "drift" && follow());
  return row("size", select);
}
