/** Which way the film goes: through all works, around one, or along a word. */
import { make } from "../elements.js";
import { wordName } from "../labels.js";
import { word } from "../languages.js";
import { choice } from "../train/parts.js";

const WAYS = ["through", "around", "along"];

export class Ways {
  /** @param {import("./reel.js").Reel} reel */
  constructor(reel) {
    this.reel = reel;
    this.way = choice(
      WAYS.map((way) => [way, `ui.dream.way.${way}`]),
      () => this.#choose(),
    );
    word(this.way, { name: "ui.dream.way" });
    this.word = make("select", { class: "choice" });
    this.word.addEventListener("change", () => reel.change({ amounts: { [this.word.value]: 1 } }));
    word(this.word, { name: "ui.dream.along" });
    this.round = make("input", { class: "text", type: "number", min: 1, max: 600, step: 1 });
    word(this.round, { name: "ui.dream.round" });
    this.round.addEventListener("change", () => {
      const round = Number(this.round.value);
      if (round >= 1 && round <= 600) reel.change({ round });
      else this.draw();
    });
    this.loop = make("input", { type: "checkbox" });
    this.loop.addEventListener("change", () => reel.change({ loop: this.loop.checked }));
    const loop = word(make("span"), { text: "ui.dream.loop" });
    this.looping = make("label", { class: "dream-check" }, this.loop, loop);
    const seconds = word(make("span", { class: "faint" }), { text: "ui.dream.round" });
    this.lasting = make("label", { class: "dream-round" }, this.round, seconds);
    this.element = make("div", { class: "ways" }, this.way, this.word, this.lasting, this.looping);
    reel.addEventListener("change", () => this.draw());
  }

  setCard(card) {
    const named = card.words?.length ? card.words : card.directions;
    this.names = named.map(({ name }) => name);
    this.word.replaceChildren(
      ...this.names.map((name) => make("option", { value: name }, wordName(name))),
    );
    this.draw();
  }

  draw() {
    const { way, loop, round, amounts } = this.reel;
    this.way.value = way;
    this.word.hidden = way !== "along";
    this.lasting.hidden = way === "through";
    this.looping.hidden = way !== "through";
    this.loop.checked = loop;
    if (document.activeElement !== this.round) this.round.value = round;
    this.word.value = Object.keys(amounts)[0] ?? this.names?.[0] ?? "";
  }

  #choose() {
    const fields = { way: this.way.value };
    const known = this.names?.includes(Object.keys(this.reel.amounts)[0]);
    if (fields.way === "along" && !known) fields.amounts = { [this.names[0]]: 1 };
    this.reel.change(fields);
  }
}
