/** The few choices of a run; all the others are derived, and open under Advanced. */
import { make } from "../elements.js";
import { languages, word } from "../languages.js";
import { Advanced } from "./advanced.js";
import { choice, duration, field, line, press } from "./parts.js";
import { Seen, sidesOf } from "./seen.js";
import { readKin } from "./server.js";

const DIALS = ["quick", "good", "best"];
/** The fourth: so many minutes as the person says. */
const OWN = "own";
/** Share of pictures among a model's works, above which they are of its kind. */
const OF_ITS_KIND = 0.15;

export class Choices {
  #dial = "good";
  #dials = {};
  #proposed = [224, 224];

  /** @param {(sides: number[]) => void} onSize told when another size is chosen */
  constructor(onTry, onSize) {
    this.onSize = onSize;
    this.advanced = new Advanced();
    this.seen = new Seen(() => this.#see());
    this.bases = [];
    this.element = this.#build(onTry);
    languages.addEventListener("language", () => this.#offerBases());
  }

  /** Take in what the server knows: models to start from, and every setting. */
  offer({ bases, defaults }) {
    this.bases = bases;
    this.advanced.offer(defaults);
    this.#offerBases();
  }

  /** Propose what fits the pictures that were found. */
  suggest(found, where, name) {
    this.#proposed = found.resolution;
    this.#dials = found.dials;
    this.fineTune = found.fine_tune;
    this.name.value = name;
    this.size.value = String(found.resolution[0]);
    this.seen.bring(where, found.handful);
    this.#offerLabels(found.labels);
    this.advanced.looks.show({ where, files: found.handful, mirror: true });
    this.kin = null;
    this.chosen = false;
    this.#offerBases(true);
    this.pace = null;
    this.#tell();
    this.#compare(where);
  }

  /** Find whose kind the pictures are, and propose that start unless one is chosen. */
  async #compare(where) {
    this.where = where;
    const kin = await readKin(where).catch(() => null);
    if (this.where !== where) return;
    this.kin = kin;
    this.#offerBases(!this.chosen);
  }

  /** Another number of pictures: another start may be better. */
  expect(count) {
    this.fineTune = count < 2000;
  }

  /** What a trial measured on this machine. */
  forecast({ pace, dials }) {
    this.pace = pace;
    this.#dials = dials;
    this.#tell();
  }

  trying(on) {
    this.try.disabled = on;
    word(this.try, { text: on ? "ui.train.trying" : "ui.train.try" });
  }

  /** The settings that were chosen. */
  wish() {
    const [base, parts] = this.base.value.split("|");
    const sides = this.size.value.trim().split(/[x\u00d7]/i).map(Number);
    const advanced = this.advanced.wish();
    const minutes = advanced.kimg ? {} : { minutes: this.#minutes() };
    return {
      name: this.name.value.trim(),
      family: this.family(),
      framing: this.seen.framing,
      resolution: sides.length === 1 ? [sides[0], sides[0]] : sides,
      ...(this.labels.hidden ? {} : { labels: this.labelled.value }),
      ...(base === "scratch" ? {} : { base, base_parts: parts }),
      ...minutes,
      ...advanced,
    };
  }

  #minutes() {
    if (this.#dial === OWN) return this.own.valueAsNumber || 0;
    return this.#dials[this.#dial]?.minutes ?? 60;
  }

  family() {
    return this.families.find((input) => input.checked).value;
  }

  /** Labels can be learnt where two or more of them have enough pictures. */
  #offerLabels({ learnable = 0, column }) {
    this.learnable = learnable;
    const on = column ? "ui.train.labels.on_column" : "ui.train.labels.on";
    const pairs = [["", "ui.train.labels.off"], ["auto", on, { column }]];
    this.labelled.replaceChildren(...choice(pairs).childNodes);
  }

  #offerBases(anew = false) {
    const chosen = anew ? null : this.base.value;
    const pairs = [];
    for (const base of this.bases) {
      const title = titleOf(base);
      const fits = base.whole && base.family === this.family();
      if (fits) pairs.push([`${base.name}|all`, "ui.train.base.model", { title }]);
      pairs.push([`${base.name}|autoencoder`, "ui.train.base.autoencoder", { title }]);
    }
    pairs.push(["scratch|all", "ui.train.base.scratch"]);
    const fresh = choice(pairs);
    this.base.replaceChildren(...fresh.childNodes);
    const values = pairs.map(([value]) => value);
    this.base.value = values.includes(chosen) ? chosen : this.#bestOf(values);
    this.#fit();
    this.#tellBase(values);
  }

  /**
   * The model whose kind the pictures are, or nothing; the first until that is known.
   * Of its parts all, where the family is the same: they are offered before brushwork.
   */
  #bestOf(values) {
    if (this.fineTune === false) return "scratch|all";
    if (!this.kin) return values[0];
    const kin = (value) => this.kin[value.split("|")[0]] ?? 0;
    const [best] = values.toSorted((a, b) => kin(b) - kin(a));
    return kin(best) >= OF_ITS_KIND ? best : "scratch|all";
  }

  /** Why that start is proposed. */
  #tellBase(values) {
    const best = this.#bestOf(values);
    const [name, parts] = best.split("|");
    const base = this.bases.find((known) => known.name === name);
    const of = parts === "all" ? "kin" : "brush";
    const why = this.fineTune === false ? "many" : !this.kin ? "hint" : base ? of : "stranger";
    word(this.why, { text: `ui.train.base.${why}`, params: { title: base ? titleOf(base) : "" } });
  }

  #choose() {
    this.chosen = true;
    this.#fit();
  }

  /** A start from a whole model has the size of that model. */
  #fit() {
    this.labels.hidden = !(this.learnable > 1) || this.family() === "vae";
    const [name, parts] = this.base.value.split("|");
    const base = parts === "all" && this.bases.find((known) => known.name === name);
    this.size.disabled = Boolean(base);
    word(this.sizeHint, { text: `ui.train.size.${base ? "given" : "hint"}` });
    const size = base ? base.resolution : this.#proposed;
    if (base || this.wasFixed) this.size.value = size[0] === size[1] ? size[0] : size.join("x");
    this.wasFixed = Boolean(base);
    this.#see();
  }

  /** Show the pictures as they will be seen with what is chosen now. */
  #see() {
    const [name] = this.base.value.split("|");
    const base = this.bases.find((known) => known.name === name);
    const size = this.size.value.trim();
    this.onSize(sidesOf(size));
    this.seen.show({ size, base: base?.name, title: base && titleOf(base) });
    this.advanced.looks.show({ size, framing: this.seen.framing, family: this.family() });
  }

  #tell() {
    for (const { value, note } of this.dialNotes) {
      const dial = this.#dials[value];
      if (dial) word(note, { text: duration(dial.minutes)[0], params: duration(dial.minutes)[1] });
    }
    const dial = this.#dials[this.#dial];
    if (this.#dial === OWN) word(this.reason, { text: "ui.train.why.own" });
    if (!dial) return this.#tellEnergy(null);
    if (this.pace) {
      const speed = this.pace.generator;
      word(this.reason, { text: `ui.train.why.${dial.limited_by}`, params: { speed, kimg: dial.kimg } });
    } else word(this.reason, { text: `ui.train.why.${this.#dial}` });
    return this.#tellEnergy(dial.energy_wh);
  }

  /** Say what it will draw, where the trial could tell, and how that is known. */
  #tellEnergy(wh) {
    this.energy.hidden = wh == null;
    if (this.energy.hidden) return;
    const params = { wh, watts: this.pace.watts_a_core };
    word(this.energy, { text: `ui.train.energy.${this.pace.energy_source}`, params });
  }

  #build(onTry) {
    this.name = make("input", { type: "text", class: "text", maxlength: "64" });
    this.size = make("input", { type: "text", class: "text short", inputmode: "numeric" });
    this.size.addEventListener("input", () => this.#see());
    this.size.dataset.field = "resolution";
    this.sizeHint = line("ui.train.size.hint", {}, "field-hint");
    this.base = make("select", { class: "choice", onchange: () => this.#choose() });
    this.why = line("ui.train.base.hint", {}, "field-hint");
    this.labelled = choice([]);
    this.labels = field("labels", this.labelled, "ui.train.labels.hint");
    this.labels.hidden = true;
    this.reason = line("ui.train.why.good", {}, "dial-reason");
    this.energy = line("ui.train.energy.cpu_time", { wh: 0, watts: 0 }, "dial-reason");
    this.energy.hidden = true;
    this.try = press("try", onTry);
    const grid = make("div", { class: "choices-grid" });
    const [sizeField, baseField] = [field("size", this.size), field("base", this.base)];
    sizeField.append(this.sizeHint);
    baseField.append(this.why);
    grid.append(
      field("name", this.name),
      sizeField,
      baseField,
      this.labels,
    );
    const forecast = make("div", { class: "forecast" }, make("div", {}, this.reason, this.energy), this.try);
    const rows = [this.#familyCards(), grid, this.seen.element, this.#dialRow(), forecast];
    return make("div", { class: "choices" }, ...rows, this.advanced.element);
  }

  #familyCards() {
    this.families = [];
    const cards = ["gan", "vae"].map((family) => {
      const input = make("input", {
        type: "radio",
        name: "train-family",
        value: family,
        checked: family === "gan",
        onchange: () => this.#offerBases(),
      });
      this.families.push(input);
      const src = new URL(`./family-${family}.webp`, import.meta.url).href;
      const picture = make("img", { class: "card-picture", src, width: 640, height: 160 });
      word(picture, { name: `ui.train.family.${family}.picture` });
      const title = word(make("span", { class: "card-title" }), { text: `ui.train.family.${family}` });
      const what = line(`ui.train.family.${family}.what`);
      return make("label", { class: "card" }, input, picture, title, what);
    });
    const group = make("div", { class: "cards", role: "radiogroup" }, ...cards);
    return word(group, { name: "ui.train.family" });
  }

  #dialRow() {
    this.dialNotes = DIALS.map((value) => ({ value, note: make("span", { class: "dial-note" }) }));
    const parts = this.dialNotes.map(({ value, note }) => this.#dialCard(value, note));
    this.own = make("input", { type: "number", min: 1, max: 100000, value: 45, class: "text own" });
    word(this.own, { name: "ui.train.dial.own.minutes" });
    const own = this.#dialCard(OWN, make("span", { class: "dial-note" }, this.own,
      word(make("span"), { text: "ui.train.dial.own.unit" })));
    for (const type of ["pointerdown", "input"]) {
      this.own.addEventListener(type, () => own.querySelector("[type=radio]").click());
    }
    const group = make("div", { class: "cards dials", role: "radiogroup" }, ...parts, own);
    return word(group, { name: "ui.train.dial" });
  }

  #dialCard(value, note) {
    const input = make("input", {
      type: "radio",
      name: "train-dial",
      value,
      checked: value === this.#dial,
      onchange: () => {
        this.#dial = value;
        this.#tell();
      },
    });
    const title = word(make("span", { class: "card-title" }), { text: `ui.train.dial.${value}` });
    return make("label", { class: "card dial" }, input, title, note);
  }
}

function titleOf(base) {
  return base.titles?.[languages.current] ?? base.title ?? base.name;
}
