/** Small parts that all of the Train room is made of. */
import { make } from "../elements.js";
import { languages, word } from "../languages.js";

/** Phases of a run that somebody may want to watch. */
export const BUSY = ["queued", "starting", "autoencoder", "generator", "encoder", "discovering"];

/** A button with only words: `ui.train.NAME`. */
export function press(name, act, look = "") {
  const element = make("button", {
    type: "button",
    class: `quiet ${look}`.trim(),
    "data-act": `train-${name}`,
    onclick: act,
  });
  return word(element, { text: `ui.train.${name}` });
}

/** A paragraph that says `key`. */
export function line(key, params = {}, look = "") {
  return word(make("p", { class: look }), { text: key, params });
}

/** A field under its word; `control` is an input or a select. */
export function field(name, control, hint = null) {
  const label = word(make("span", { class: "field-word" }), { text: `ui.train.${name}` });
  control.dataset.field ??= name;
  const rows = [label, control];
  if (hint) rows.push(line(hint, {}, "field-hint"));
  return make("label", { class: "field" }, ...rows);
}

/** A select of [value, key] pairs. */
export function choice(pairs, act = () => {}) {
  const select = make("select", { class: "choice", onchange: act });
  select.append(
    ...pairs.map(([value, key, params]) =>
      word(make("option", { value }), { text: key, params: params ?? {} }),
    ),
  );
  return select;
}

/** One line for what went wrong, empty until something does. */
export class Notice {
  constructor(look = "") {
    this.element = make("p", { class: `notice ${look}`, role: "alert" });
  }

  /** Say what an error tells, or nothing; the same again is not said anew. */
  tell(error = null) {
    const same = JSON.stringify(error);
    if (same === this.said) return;
    this.said = same;
    this.element.replaceChildren();
    for (const name of ["say", "params"]) delete this.element.dataset[name];
    if (!error) return;
    const { code = "ui.status.no_answer", params = {}, sentence = "" } = error;
    const key = code.startsWith("ui.") ? code : `error.${code}`;
    if (languages.knows(key)) word(this.element, { text: key, params });
    else this.element.textContent = sentence || code;
  }
}

/** What went wrong with a run, in a form that a notice can tell; null without. */
export function problemOf(run) {
  return run.problem ?? (run.error ? { code: "", sentence: run.error } : null);
}

/** What a run does, as the key of a sentence and what is in it. */
export function phaseOf(run) {
  if (run.stalled) return { text: "ui.train.phase.stalled" };
  if (run.phase === "done" && run.ended === "patience") return { text: "ui.train.phase.enough" };
  if (run.phase === "queued" && run.behind) {
    return { text: "ui.train.phase.behind", params: { name: run.behind } };
  }
  const n = Math.round(100 * (run.progress ?? 0));
  const reading = run.phase === "starting" && n > 0;
  return { text: `ui.train.phase.${reading ? "reading" : run.phase}`, params: { n } };
}

/** Minutes as a person says them: the key and its numbers. */
export function duration(minutes) {
  if (minutes < 1) return ["ui.train.time.seconds", { n: Math.max(1, Math.round(minutes * 60)) }];
  if (minutes < 90) return ["ui.train.time.minutes", { n: Math.round(minutes) }];
  return ["ui.train.time.hours", { n: (minutes / 60).toFixed(1) }];
}
