/** Every setting of a run under its name on the command line, as it would be. */
import { make } from "../elements.js";
import { fold } from "../elements.js";
import { Looks } from "./looks.js";
import { line } from "./parts.js";

/** What has a place of its own in the form. */
const ELSEWHERE = [
  "folder", "name", "family", "resolution", "base", "base_parts", "minutes", "excluded", "rights",
  "framing", "halved", "labels",
];

export class Advanced {
  constructor() {
    this.place = make("div", { class: "settings" });
    this.looks = new Looks();
    const what = line("ui.train.advanced.what", {}, "faint");
    this.element = fold("advanced", this.looks.element, what, this.place);
    this.element.addEventListener("toggle", () => {
      this.looks.open = this.element.open;
      this.looks.show({});
    });
  }

  /** Lay out the settings; only what is changed from here is sent. */
  offer(defaults) {
    this.defaults = defaults;
    const names = Object.keys(defaults).filter((name) => !ELSEWHERE.includes(name));
    this.place.replaceChildren(
      ...names.map((name) => {
        const value = defaults[name];
        const input = typeof value === "boolean"
          ? make("input", { type: "checkbox", checked: value })
          : make("input", { type: "text", class: "text short", value: told(value), spellcheck: "false" });
        input.dataset.field = name;
        if (name === "mirror") {
          input.addEventListener("change", () => this.looks.show({ mirror: input.checked }));
        }
        return make("label", { class: "setting" }, make("code", {}, name), input);
      }),
    );
  }

  /** The settings that differ from what they were. */
  wish() {
    const changed = {};
    for (const input of this.place.querySelectorAll("input")) {
      const { field } = input.dataset;
      const value = input.type === "checkbox" ? input.checked : parse(input.value.trim(), this.defaults[field]);
      if (JSON.stringify(value) !== JSON.stringify(this.defaults[field])) changed[field] = value;
    }
    return changed;
  }
}

function told(value) {
  return value === null ? "" : Array.isArray(value) ? value.join(",") : String(value);
}

/** What was typed, as the kind of thing that it was; the server judges the rest. */
function parse(text, before) {
  if (typeof before === "string") return text;
  if (text === "") return before === null ? null : text;
  const parts = text.split(",").map((part) => (part.trim() === "" ? NaN : Number(part)));
  if (parts.some(Number.isNaN)) return text;
  return Array.isArray(before) ? parts : parts.length === 1 ? parts[0] : text;
}
