/**
 * Every setting of a run as it would be: those that people ask for in words and with
 * their reasons, all others under their names on the command line.
 */
import { fold, make } from "../elements.js";
import { word } from "../languages.js";
import { Looks } from "./looks.js";
import { line } from "./parts.js";

/** What has a place of its own in the form. */
const ELSEWHERE = [
  "folder", "name", "family", "resolution", "base", "base_parts", "minutes", "excluded", "rights",
  "framing", "halved", "labels",
];

/** What is told in words: `ui.train.setting.NAME`, and why under `ui.train.reason.NAME`. */
const TOLD = [
  "rate", "batch", "penalty_weight", "weight_decay", "dropout", "mirror", "ema_kimg",
  "validation_share", "patience", "frozen", "seed", "device",
];

export class Advanced {
  constructor() {
    this.told = make("div", { class: "settings told" });
    this.others = make("div", { class: "settings" });
    this.looks = new Looks();
    const what = line("ui.train.advanced.what", {}, "faint");
    const others = fold("every_setting", this.others);
    this.element = fold("advanced", this.looks.element, what, this.told, others);
    this.element.addEventListener("toggle", () => {
      this.looks.open = this.element.open;
      this.looks.show({});
    });
  }

  /** Lay out the settings; only what is changed from here is sent. */
  offer(defaults) {
    this.defaults = defaults;
    const names = Object.keys(defaults).filter((name) => !ELSEWHERE.includes(name));
    const others = names.filter((name) => !TOLD.includes(name));
    this.told.replaceChildren(...TOLD.map((name) => this.#inWords(name)));
    this.others.replaceChildren(
      ...others.map((name) => this.#setting(make("code", {}, name), name)),
    );
  }

  #inWords(name) {
    const label = word(make("span", {}), { text: `ui.train.setting.${name}` });
    const setting = this.#setting(label, name);
    setting.append(line(`ui.train.reason.${name}`, {}, "field-hint"));
    setting.title = name;
    return setting;
  }

  #setting(label, name) {
    const value = this.defaults[name];
    const input = typeof value === "boolean"
      ? make("input", { type: "checkbox", checked: value })
      : make("input", { type: "text", class: "text short", value: told(value), spellcheck: "false" });
    input.dataset.field = name;
    if (name === "mirror") {
      input.addEventListener("change", () => this.looks.show({ mirror: input.checked }));
    }
    return make("label", { class: "setting" }, label, input);
  }

  /** The settings that differ from what they were. */
  wish() {
    const changed = {};
    for (const input of this.element.querySelectorAll("[data-field]")) {
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
