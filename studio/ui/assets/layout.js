/** Furnishes the room: which control stands where, and what starts folded. */
import { button, fold, make } from "./elements.js";
import { word } from "./languages.js";
import { picturing } from "./picturing.js";
import { prefer, preference } from "./preferences.js";
import { refining } from "./refining.js";
import { keyOf } from "./shortcuts.js";

/** Sides of the file to take away, as multiples of the model's own. */
const SCALES = [1, 2, 4, 8];
const LARGEST = 4096;

/**
 * Put the buttons and folds in their places.
 * @param {HTMLElement} room
 * @param {import("./desk.js").Desk} desk
 * @returns {Record<string, HTMLElement>} the places for the rest
 */
export function furnish(room, desk) {
  const act = (name, look = {}) =>
    button(name, () => desk.actions[name](), { icon: name, key: keyOf(name), ...look });
  const bare = { bare: true };
  const places = {
    caption: room.querySelector(".caption"),
    keepers: room.querySelector(".keepers"),
    frame: room.querySelector(".frame"),
    first: room.querySelector(".first"),
    rest: make("div", { class: "rest" }),
    words: make("div", { class: "words" }),
    seed: make("div", { class: "seed" }),
    kinds: make("div", { class: "kinds" }),
    pad: make("div", { class: "pad-place" }),
    whole: make("div", { class: "whole" }),
    studio: make("div", { class: "studio-tools" }),
    about: make("div"),
  };
  const undo = act("undo", bare);
  const redo = act("redo", bare);
  room
    .querySelector(".actions")
    .append(undo, redo, act("dice"), act("keep"), act("save"));
  followHistory(desk.history, undo, redo);

  const tools = make("div", { class: "tools" });
  const names = ["why", "drift", "fullscreen", "perform", "link", "open", "language", "help"];
  tools.append(...names.map((name) => act(name)));
  places.studio.append(tools, sizeChoice(desk));
  followDrift(desk.drift, tools.firstChild);
  room.querySelector(".more").append(
    remembered(
      fold(
        "more",
        remembered(fold("seed", places.seed, places.kinds, places.pad), true),
        remembered(fold("whole", places.whole), true),
        remembered(fold("rest", places.rest), false),
        remembered(fold("studio", places.studio), true),
        remembered(fold("about", places.about), false),
      ),
      false,
    ),
  );
  room.querySelector(".name").after(places.words);
  places.first.before(remembered(refining(room, desk), false));
  places.first.before(remembered(picturing(room, desk), false));
  word(room.querySelector(".actions"), { name: "ui.actions" });
  word(places.keepers, { name: "ui.keepers" });
  nameFrame(places.frame, desk);
  desk.acceptPictures(room);
  return places;
}

function followHistory(history, undo, redo) {
  const follow = () => {
    undo.disabled = !history.canUndo;
    redo.disabled = !history.canRedo;
    // In its place but out of sight, while there is nowhere to go.
    for (const way of [undo, redo]) way.classList.toggle("is-idle", way.disabled);
  };
  history.addEventListener("move", follow);
  follow();
}

function followDrift(drift, toggle) {
  const follow = () => toggle.setAttribute("aria-pressed", String(drift.on));
  drift.addEventListener("drift", follow);
  follow();
}

/** A fold that stays as the person left it. */
function remembered(details, open) {
  const key = `fold:${details.dataset.fold}`;
  details.open = preference(key, open);
  details.addEventListener("toggle", () => prefer(key, details.open));
  return details;
}

function nameFrame(frame, desk) {
  frame.setAttribute("role", "img");
  word(frame, { name: "ui.picture", hint: "ui.picture.hint" });
  frame.addEventListener("dblclick", () => desk.actions.fullscreen());
}

/** How large the saved file is; part of the recipe, so undo covers it too. */
function sizeChoice({ store }) {
  const select = make("select", { class: "choice", "data-how": "size" });
  word(select, { name: "ui.size", hint: "ui.size.hint" });
  const label = word(make("span"), { text: "ui.size" });
  const follow = () => {
    const { card, recipe } = store;
    if (!card || !recipe) return;
    const shown = (recipe.size ?? card.resolution).join(" \u00d7 ");
    const sizes = SCALES.map((scale) => card.resolution.map((side) => side * scale))
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
  return make("label", { class: "choice-row" }, label, select);
}
