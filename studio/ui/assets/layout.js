/** Furnishes the room: which control stands where, and what starts folded. */
import { button, fold, make } from "./elements.js";
import { word } from "./languages.js";
import { picturing } from "./picturing.js";
import { prefer, preference } from "./preferences.js";
import { refining } from "./refining.js";
import { savingFold } from "./saving.js";
import { keyOf } from "./shortcuts.js";

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
  places.studio.append(tools, remembered(savingFold(desk), false));
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
