/** Small makers of elements: one accent, one shape of button, no framework. */
import { icon } from "./icons.js";
import { word } from "./languages.js";

/**
 * Make an element.
 * @param {string} tag
 * @param {Record<string, any>} [fields] attributes; `class`, `on…` handlers
 * @param {...(Node | string)} children
 */
export function make(tag, fields = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(fields)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null) element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

/**
 * A quiet button: `ui.NAME` is its word and name, `ui.NAME.hint` its explanation.
 * @param {string} name
 * @param {{icon?: string, bare?: boolean, class?: string, key?: string}} look
 */
export function button(name, act, look = {}) {
  const element = make("button", {
    type: "button",
    class: `quiet ${look.bare ? "bare" : ""} ${look.class ?? ""}`.trim(),
    "data-act": name,
    "aria-keyshortcuts": look.key?.replace("Ctrl", "Control") ?? null,
    "data-key": look.key ?? null,
    onclick: act,
  });
  if (look.icon) element.append(icon(look.icon));
  if (!look.bare) {
    const label = make("span", { class: "label" });
    element.append(word(label, { text: `ui.${name}` }));
  }
  return word(element, { name: `ui.${name}`, hint: `ui.${name}.hint` });
}

/** A section that folds; `ui.fold.NAME` is its heading. */
export function fold(name, ...children) {
  const heading = make("summary", { "data-act": `fold-${name}` });
  const words = word(make("span"), { text: `ui.fold.${name}` });
  heading.append(words, icon("chevron"));
  word(heading, { hint: `ui.fold.${name}.hint` });
  return make("details", { class: "fold", "data-fold": name }, heading, ...children);
}
