/** Keys for hands that know them, and the list of them under `?`. */
import { button, make } from "./elements.js";
import { word } from "./languages.js";

/** Keys in the order of the list; letters work whatever the case. */
const KEYS = [
  ["words", "W"],
  ["dice", "R"],
  ["previous", "P"],
  ["next", "N"],
  ["undo", "Ctrl+Z"],
  ["redo", "Ctrl+Shift+Z"],
  ["refine", "V"],
  ["tree", "T"],
  ["cull", "G"],
  ["teach", "E"],
  ["why", "Y"],
  ["keep", "K"],
  ["save", "S"],
  ["link", "C"],
  ["open", "O"],
  ["drift", "D"],
  ["fullscreen", "F"],
  ["language", "L"],
  ["help", "?"],
];

/** What a key that is held down does again and again. */
const REPEATED = ["previous", "next", "undo", "redo"];

/** What works in every room. */
const EVERYWHERE = ["language", "help"];

/** What a pointer can do and no button says. */
const GESTURES = ["drag", "slider", "picture"];

/** The key of an action, for hints and `aria-keyshortcuts`. */
export function keyOf(action) {
  return KEYS.find(([name]) => name === action)?.[1] ?? null;
}

export class Shortcuts {
  /**
   * @param {HTMLElement} root
   * @param {Record<string, () => void>} actions
   */
  constructor(root, actions) {
    this.root = root;
    this.actions = actions;
    this.dialog = this.#build();
    root.append(this.dialog);
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Show or put away the list. */
  toggle() {
    if (this.dialog.open) this.dialog.close();
    else this.dialog.showModal();
  }

  #key(event) {
    if (event.defaultPrevented || event.altKey) return;
    const action = actionOf(event);
    if (!action || (isTyping(event.target) && !isUndo(action, event.target))) return;
    if (this.dialog.open && action !== "help") return;
    // A work that is out of sight must not change under a stray key.
    if (this.root.dataset.room !== "create" && !EVERYWHERE.includes(action)) return;
    event.preventDefault();
    if (event.repeat && !REPEATED.includes(action)) return;
    this.actions[action]?.();
  }

  #build() {
    const rows = KEYS.flatMap(([action, key]) => [
      make("dt", {}, ...key.split("+").map((part) => make("kbd", {}, part))),
      word(make("dd"), { text: `ui.${action}.hint` }),
    ]);
    for (const gesture of GESTURES) {
      rows.push(word(make("dt"), { text: `ui.gesture.${gesture}` }));
      rows.push(word(make("dd"), { text: `ui.gesture.${gesture}.does` }));
    }
    const close = button("close", () => this.dialog.close(), {
      icon: "close",
      bare: true,
      class: "dialog-close",
    });
    const heading = word(make("h2"), { text: "ui.help" });
    const dialog = make("dialog", { class: "help" }, heading, close, make("dl", {}, ...rows));
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
    return dialog;
  }
}

function actionOf(event) {
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    if (key === "z") return event.shiftKey ? "redo" : "undo";
    return key === "y" ? "redo" : null;
  }
  return KEYS.find(([, name]) => name.toLowerCase() === key)?.[0] ?? null;
}

function isTyping(target) {
  return target.matches?.("input:not([type=range]), textarea, select, [contenteditable]");
}

/** In a field, undo belongs to the letters only while they are being changed. */
function isUndo(action, target) {
  const unchanged = target.matches("select") || target.value === target.defaultValue;
  return (action === "undo" || action === "redo") && unchanged;
}
