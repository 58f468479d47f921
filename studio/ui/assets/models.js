/** The models that the server offers, and the card of the one on the easel. */
import { ask } from "./address.js";
import { make } from "./elements.js";
import { languages, say, word } from "./languages.js";
import { reportOf } from "./report.js";

/** @returns {Promise<{models: any[], default: string}>} the ready ones only */
export async function listModels() {
  const list = await (await ask("models")).json();
  return { ...list, models: list.models.filter((model) => model.ready) };
}

/** @returns {Promise<any>} the card of `name` for the page */
export async function readCard(name) {
  return (await ask(`models/${encodeURIComponent(name)}`)).json();
}

/** A choice of models, only where there is a choice. */
export function modelChoice(place, onChoose) {
  const select = make("select", { class: "choice", "data-act": "model" });
  select.addEventListener("change", () => onChoose(select.value));
  word(select, { name: "ui.model", hint: "ui.model.hint" });
  const label = word(make("span"), { text: "ui.model" });
  const row = make("label", { class: "choice-row", hidden: true }, label, select);
  place.append(row);
  let shown = [[], ""];
  const show = () => {
    const [models, chosen] = shown;
    row.hidden = models.length < 2;
    const options = models.map((model) =>
      make(
        "option",
        { value: model.name, selected: model.name === chosen },
        titleAmong(models, model),
      ),
    );
    select.replaceChildren(...options);
  };
  languages.addEventListener("language", show);
  return (models, chosen) => {
    shown = [models, chosen];
    show();
  };
}

/** A model's title, with its name where another one has the same. */
function titleAmong(models, model) {
  const title = titleOf(model);
  const twins = models.filter((other) => titleOf(other) === title);
  const { name } = model;
  return twins.length > 1 && title !== name ? say("ui.model.named", { title, name }) : title;
}

/** The title of a listed model in the language of the reader, or as it was given. */
function titleOf({ name, title, titles = {} }) {
  return words(titles[languages.current]) || words(title) || name;
}

/** What a card says under `key`, in the language of the reader where it does. */
export function cardWords(card, key) {
  const said = card.data?.translations?.[languages.current]?.[key];
  return words(said) || words(key === "title" ? card.title : card.data?.[key]);
}

/** What a model is made of, told from its card. */
export class About {
  /** @param {import("./live.js").Live} live makes the works that a report names */
  constructor(place, live) {
    this.live = live;
    this.list = make("dl", { class: "about" });
    this.report = make("section", { class: "report" });
    place.append(this.list, this.report);
    languages.addEventListener("language", () => this.show(this.card));
  }

  show(card) {
    this.card = card;
    if (!card) return;
    const facts = Object.entries(factsOf(card)).filter(([, value]) => value);
    const rows = facts.flatMap(([key, value]) => [
      make("dt", {}, say(`ui.about.${key}`)),
      make("dd", {}, String(value)),
    ]);
    this.list.replaceChildren(...rows);
    this.report.replaceChildren(...reportOf(card, this.live));
  }
}

function factsOf(card) {
  const data = card.data ?? {};
  const [height, width] = card.resolution;
  const runs = runsOf(card.training);
  const hours = total(runs, "minutes") / 60;
  const energy = total(runs, "energy_wh").toFixed(1);
  const metered = runs.filter((run) => run.energy_wh).length;
  return {
    description: cardWords(card, "description"),
    pictures: data.images ? say("ui.about.count", { count: data.images }) : "",
    source: cardWords(card, "source"),
    credit: cardWords(card, "credit"),
    rights: cardWords(card, "rights"),
    resolution: say("ui.about.pixels", { height, width }),
    training: hours ? say("ui.about.hours", { hours: hours.toFixed(1), runs: runs.length }) : "",
    energy: metered ? say("ui.about.watt_hours", { energy, metered, runs: runs.length }) : "",
    mark: words(data.fingerprint),
    fingerprint: card.fingerprint,
  };
}

/** A training, and those that it went on from. */
function runsOf(training) {
  return training ? [training, ...runsOf(training.before)] : [];
}

function total(runs, key) {
  return runs.reduce((sum, run) => sum + (Number(run[key]) || 0), 0);
}

/** Cards come from many hands; what is no sentence is not shown as one. */
function words(value) {
  return typeof value === "string" ? value : "";
}
