/** A new run in three steps: the pictures, a few choices, the right to use them. */
import { make } from "../elements.js";
import { word } from "../languages.js";
import { Choices } from "./choices.js";
import { Doctor } from "./doctor.js";
import { Intake } from "./intake.js";
import { Notice, choice, field, press } from "./parts.js";
import { read, tell } from "./server.js";

const RIGHTS = ["own", "public", "allowed", "other"];

export class Form {
  #known = null;

  constructor(onStarted, names) {
    Object.assign(this, { onStarted, names });
    this.notice = new Notice();
    this.intake = new Intake((where, title) => this.#examine(where, title));
    this.doctor = new Doctor(() => this.#changed());
    this.choices = new Choices(() => this.#try(), (size) => this.doctor.measure(size));
    this.element = this.#build();
  }

  /** Ask once for what a run can start from; each visit where it failed. */
  async open() {
    if (this.#known) return;
    try {
      this.#known = await read("bases");
      this.choices.offer(this.#known);
    } catch (error) {
      if (error.code !== "training_off") this.notice.tell(error);
    }
  }

  async #examine(where, title) {
    this.intake.say("ui.train.examining");
    try {
      const found = await read(`pictures?${new URLSearchParams(where)}`);
      this.where = where;
      this.doctor.show(found, where);
      this.choices.suggest(found, where, free(title, this.names()));
      this.rest.hidden = false;
      this.intake.say(null);
    } catch (error) {
      this.intake.tell(error);
    }
  }

  #changed() {
    this.choices.expect(this.doctor.count);
  }

  #wish() {
    const { where, doctor, choices } = this;
    return { ...where, excluded: doctor.excluded, rights: this.#rights(), ...choices.wish() };
  }

  #rights() {
    const { value } = this.right;
    if (value === "other") return this.own.value.trim();
    return value ? this.right.selectedOptions[0].textContent : "";
  }

  async #try() {
    this.notice.tell();
    this.choices.trying(true);
    try {
      this.choices.forecast(await tell("trial", this.#wish()));
    } catch (error) {
      this.notice.tell(error);
    }
    this.choices.trying(false);
  }

  async #start() {
    this.notice.tell();
    this.go.disabled = true;
    try {
      const { name } = await tell("runs", this.#wish());
      this.onStarted(name);
    } catch (error) {
      this.notice.tell(error);
    }
    this.go.disabled = false;
  }

  #build() {
    const pairs = RIGHTS.map((name) => [name, `ui.train.rights.${name}`]);
    this.right = choice([["", "ui.train.rights.choose"], ...pairs], () => {
      this.own.hidden = this.right.value !== "other";
      if (!this.own.hidden) this.own.focus();
    });
    this.own = make("input", { type: "text", class: "text", maxlength: "500", hidden: true });
    this.own.dataset.field = "own_rights";
    word(this.own, { name: "ui.train.rights.other" });
    this.go = press("start", () => this.#start(), "is-main");
    const last = make("div", { class: "start-row" });
    last.append(field("rights", this.right), this.own, this.go);
    this.rest = make("div", { class: "form-rest", hidden: true });
    this.rest.append(
      this.doctor.element,
      heading("ui.train.step.choices"),
      this.choices.element,
      heading("ui.train.step.rights"),
      last,
      this.notice.element,
    );
    const form = make("div", { class: "form" });
    form.append(heading("ui.train.step.pictures"), this.intake.element, this.rest);
    return form;
  }
}

function heading(key) {
  return word(make("h2", { class: "train-title" }), { text: key });
}

/** A name that no run has yet. */
function free(title, names) {
  const plain = title.replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[-._]+|[-.]+$/g, "");
  const name = plain.slice(0, 48) || "paintings";
  let found = name;
  for (let number = 2; names.includes(found); number += 1) found = `${name}-${number}`;
  return found;
}
