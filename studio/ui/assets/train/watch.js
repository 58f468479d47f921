/** One run as it learns: its newest sheet, all earlier ones, its curves, its rule. */
import { make } from "../elements.js";
import { languages, say, word } from "../languages.js";
import { Curves } from "./curves.js";
import { Film } from "./film.js";
import { BUSY, Notice, duration, line, phaseOf, problemOf } from "./parts.js";
import { Rule } from "./rule.js";

export class Watch {
  constructor({ onChange, onGone, onPlay }) {
    this.film = new Film((sheet) => this.rule.point(sheet));
    this.curves = new Curves();
    this.rule = new Rule({ onChange, onGone, onPlay });
    this.run = null;
    this.element = this.#build();
    languages.addEventListener("language", () => this.run && this.show(this.run));
  }

  clear() {
    this.run = null;
    this.element.classList.add("is-empty");
    this.film.clear();
  }

  /** Show a run as its folder tells it. */
  show(run) {
    this.run = run;
    this.element.classList.remove("is-empty");
    this.title.textContent = run.name;
    word(this.phase, phaseOf(run));
    this.phase.classList.toggle("is-live", BUSY.includes(run.phase));
    this.error.tell(problemOf(run));
    this.bar.style.setProperty("--done", share(run));
    const [height, width] = run.settings.resolution ?? [1, 1]; // none of a damaged run
    this.film.element.style.setProperty("--sheet", (6 * width) / (4 * height));
    this.#facts(run);
    this.rule.show(run);
    this.film.show(run);
    this.curves.show(run.curves);
  }

  #facts(run) {
    const rows = factsOf(run);
    for (const [name, value] of Object.entries(rows)) this.facts[name].textContent = value;
    this.facts.energy.title = energyOf(run);
  }

  #build() {
    this.title = make("h2", { class: "watch-name" });
    this.phase = make("p", { class: "watch-phase", role: "status" });
    this.error = new Notice("watch-error");
    this.bar = make("div", { class: "bar" });
    this.facts = {};
    const list = make("dl", { class: "facts" });
    for (const name of ["left", "seen", "speed", "best", "device", "memory", "energy"]) {
      const term = word(make("dt"), { text: `ui.train.fact.${name}` });
      this.facts[name] = make("dd", {}, "\u2013");
      list.append(make("div", {}, term, this.facts[name]));
    }
    const head = make("header", { class: "watch-head" }, this.title, this.phase);
    const side = make("div", { class: "watch-side" });
    side.append(head, this.bar, this.error.element, list, this.curves.element, this.rule.element);
    const waiting = line("ui.train.first_sheet", {}, "waiting");
    this.film.stage.append(waiting);
    return make("div", { class: "watch is-empty" }, this.film.element, side);
  }
}

/** Of the minutes that were given; else, and at the very end, of the phase. */
function share({ settings, minutes_active: minutes, phase, progress }) {
  if (phase === "done") return 1;
  const timed = settings.minutes && phase !== "discovering";
  return Math.min(1, timed ? (minutes ?? 0) / settings.minutes : (progress ?? 0));
}

function factsOf(run) {
  const { settings } = run;
  const seen = run.images_seen ?? 0;
  const timed = settings.minutes && run.phase !== "discovering";
  const whole = timed ? settings.minutes - (run.minutes_active ?? 0) : null;
  const left = whole ?? (run.eta_s === null ? null : run.eta_s / 60);
  const going = BUSY.includes(run.phase) && left !== null;
  return {
    left: going ? say(...duration(Math.max(0, left))) : "\u2013",
    seen: seen >= 10000 ? say("ui.train.thousand", { n: Math.round(seen / 1000) }) : String(seen),
    speed: run.images_per_s ? say("ui.train.per_second", { n: figure(run.images_per_s) }) : "\u2013",
    best: run.best ? say("ui.train.at_kimg", { n: run.best.kimg }) : "\u2013",
    device: run.device?.toUpperCase() ?? "\u2013",
    memory: memoryOf(run),
    energy: run.energy_wh === null ? "\u2013" : say("ui.train.watt_hours", { n: figure(run.energy_wh) }),
  };
}

/** The trainer's memory, and the most that it took of the graphics card's. */
function memoryOf({ memory_mb: own, gpu_memory_mb: card }) {
  if (own === null) return "\u2013";
  const sizes = card === null ? [own] : [own, card];
  return say("ui.train.gigabytes", { n: sizes.map((size) => (size / 1000).toFixed(1)).join(" + ") });
}

/** How the energy is known, in a sentence. */
function energyOf({ energy_wh: wh, energy_source: source, watts_a_core: watts }) {
  return wh === null ? "" : say(`ui.train.energy.${source}`, { wh: figure(wh), watts });
}

function figure(n) {
  return n < 10 ? n.toFixed(1) : String(Math.round(n));
}
