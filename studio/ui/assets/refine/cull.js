/**
 * Picking fast: sixty-four works on one wall, a large look at the one under the hand,
 * two keys; or all of them on a map of the novel and the plausible. What is picked
 * leaves as files, as a contact sheet, or as parents.
 */
import { button, make } from "../elements.js";
import { languages, say, word } from "../languages.js";
import { mainSeed } from "../recipe.js";
import { prefer, preference } from "../preferences.js";
import { told } from "./creativity.js";
import { fetchPicks } from "./errands.js";
import { styled } from "./files.js";
import { WorksMap } from "./map.js";
import { MANY, Pile } from "./pile.js";
import { onSwipe } from "./swipe.js";
import { Wall } from "./wall.js";

const FILTERS = ["all", "picked", "rejected", "undecided"];
const WAYS = ["far", "near", "rare"];
const VIEWS = ["wall", "map"];
/** As many parents as the server takes. */
const PARENTS = 16;

export class Cull {
  /** @param {HTMLElement} room @param {import("../desk.js").Desk} desk */
  constructor(room, desk) {
    Object.assign(this, { desk, filter: "all", view: "wall", errand: null, trouble: null });
    /** What presses a button of a choice, by the choice's name. */ this.marks = {};
    styled("cull.css");
    styled("map.css");
    this.pile = new Pile(desk);
    this.wall = new Wall({
      shows: ({ verdict }) => this.filter === "all" || (verdict ?? "undecided") === this.filter,
      judge: (find, verdict) => this.#judge(find, verdict),
      look: (find) => this.#look(find),
      bring: (find) => this.#bring(find),
      open: (find) => this.#enlarge(find),
    });
    this.map = new WorksMap({
      look: (find) => this.#look(find),
      bring: (find) => this.#bring(find),
    });
    this.dialog = this.#build();
    room.append(this.dialog);
    this.pile.addEventListener("fresh", () => this.#fresh());
    this.pile.addEventListener("picture", ({ detail }) => this.#drawn(detail));
    this.pile.addEventListener("measured", ({ detail }) => this.#measured(detail));
    this.pile.addEventListener("searching", ({ detail }) => this.#say("ui.cull.searching", detail));
    this.pile.addEventListener("change", () => this.#follow());
    languages.addEventListener("language", () => this.#describe());
  }

  /** Show or put away the wall; the first time, or with another model, it is new. */
  toggle() {
    if (this.dialog.open) return this.dialog.close();
    this.desk.hold();
    this.desk.store.flush();
    this.dialog.showModal();
    this.#describe();
    if (!this.pile.fits) return this.#generate();
    this.#measure();
    return this.#attempt(() => this.pile.resume());
  }

  #build() {
    this.count = make("span", { class: "cull-count", role: "status" });
    this.again = button("cull_again", () => this.#again(), { icon: "others" });
    this.large = make("img", { alt: "", draggable: "false" });
    this.caption = make("p", { class: "cull-caption" });
    this.standing = make("p", { class: "cull-standing" });
    this.loupe = this.#loupe();
    this.note = make("p", { class: "cull-note", role: "status" });
    this.acts = ["zip", "sheet", "breed"].map((name) =>
      button(`cull_${name}`, () => this.#act(name), { icon: name === "breed" ? "tree" : "save" }),
    );
    const dialog = make(
      "dialog",
      { class: "cull" },
      make(
        "div",
        { class: "cull-head" },
        word(make("h2"), { text: "ui.cull.title" }),
        this.count,
        this.#choice("view", VIEWS, this.view, (view) => this.#arrange(view)),
        this.#choice("way", WAYS, preference("cull:way", "far"), (way) => this.#go(way)),
        this.again,
        button("close", () => dialog.close(), { icon: "close", bare: true }),
      ),
      make(
        "div",
        { class: "cull-body" },
        this.wall.element,
        this.map.element,
        this.loupe,
      ),
      make(
        "div",
        { class: "cull-foot" },
        this.#choice("show", FILTERS, "all", (filter) => this.#only(filter)),
        this.note,
        ...this.acts,
      ),
    );
    word(dialog, { name: "ui.cull.title" });
    // Before anybody else: a dialog whose focus is lost must not let keys through.
    document.addEventListener("keydown", (event) => this.#key(event), { capture: true });
    dialog.addEventListener("close", () => this.#leave());
    return dialog;
  }

  /** Beside the wall, or over it where there is no room: then it also decides. */
  #loupe() {
    const decide = (verdict) => () => this.#decide(verdict);
    const acts = make(
      "div",
      { class: "loupe-acts" },
      button("reject", decide("rejected"), { icon: "close" }),
      button("cull_wall", () => this.#shrink(), { icon: "wide" }),
      button("cull_pick", decide("picked"), { icon: "star" }),
    );
    const loupe = make("figure", { class: "cull-loupe" }, this.large, this.caption, this.standing, acts);
    const swiped = onSwipe(this.large, (side) => this.#decide(side > 0 ? "picked" : "rejected"));
    this.large.addEventListener("click", () => swiped() || this.#shrink());
    return loupe;
  }

  /** Show `find` over the wall. @returns {boolean} false where it is beside it anyway */
  #enlarge(find) {
    if (getComputedStyle(this.loupe).display !== "none") return false;
    this.dialog.classList.add("is-looking");
    this.#look(find);
    return true;
  }

  #shrink() {
    this.dialog.classList.remove("is-looking");
  }

  /** Decide about the one that is large, and go on to the next. */
  async #decide(verdict) {
    const find = this.under;
    const next = this.wall.beside(find, 1);
    if (find.verdict !== verdict) await this.#judge(find, verdict);
    if (next) this.#look(next);
    else this.#shrink();
  }

  /** A few quiet buttons of which one is pressed. */
  #choice(name, values, chosen, act) {
    const group = word(make("div", { class: "cull-choice", role: "group" }), {
      name: `ui.cull.${name}`,
    });
    const mark = (value) => {
      for (const control of group.children) {
        control.setAttribute("aria-pressed", String(control.dataset.value === value));
      }
    };
    for (const value of values) {
      const control = button(`cull.${name}.${value}`, () => (mark(value), act(value)));
      control.dataset.value = value;
      group.append(control);
    }
    this.marks[name] = mark;
    mark(chosen);
    return group;
  }

  #go(way) {
    prefer("cull:way", way);
    return this.#generate();
  }

  #again() {
    if (!this.pile.busy) return this.#generate();
    this.pile.stop();
    return this.#say("ui.cull.stopped");
  }

  async #generate() {
    this.trouble = null;
    this.#explain();
    const way = preference("cull:way", "far");
    this.trouble = await this.#attempt(() => this.pile.generate(way));
    if (!this.trouble || way === "far") return;
    // A way that leads nowhere is not the one that is pressed, nor the next time.
    prefer("cull:way", "far");
    this.marks.way("far");
    if (!this.pile.fits) await this.#attempt(() => this.pile.generate("far"));
  }

  /** @returns {Promise<any>} what went wrong, once it is told; null where nothing did */
  async #attempt(task) {
    try {
      await task();
      return null;
    } catch (error) {
      this.#tellError(error);
      return error;
    }
  }

  #explain() {
    if (this.trouble) return this.#tellError(this.trouble);
    const touch = matchMedia("(hover: none)").matches;
    const keys = touch ? "ui.cull.touch" : "ui.cull.keys";
    this.#say(this.view === "map" ? "ui.cull.map" : keys);
  }

  #fresh() {
    this.#explain();
    this.wall.hang(this.pile.finds);
    this.map.hang(this.pile.finds);
    this.#follow();
    this.wall.focus(this.pile.with("picked").length);
    this.#measure();
  }

  /** The wall to pick from, or the map, for which works are measured. */
  #arrange(view) {
    this.view = view;
    this.wall.element.hidden = view === "map";
    this.map.element.hidden = view !== "map";
    this.trouble = null;
    this.#explain();
    this.#measure();
  }

  #measure() {
    return this.view === "map" && this.#attempt(() => this.pile.measure());
  }

  #measured(finds) {
    this.map.describe();
    if (finds.includes(this.under)) this.#look(this.under);
    const { length } = this.pile.finds.filter(({ standing }) => standing);
    if (length === this.pile.finds.length) this.#explain();
    else this.#say("ui.cull.searching", { seen: length, among: MANY });
  }

  #drawn(find) {
    this.wall.draw(find);
    this.map.show(find);
    if (find === this.under) this.#look(find);
    this.#follow();
  }

  #only(filter) {
    this.filter = filter;
    this.wall.arrange();
  }

  /** What is under the hand, large, from the same picture. */
  #look(find) {
    this.under = find;
    this.loupe.dataset.verdict = find.verdict ?? "";
    this.large.classList.toggle("is-drawn", Boolean(find.address));
    if (find.address) this.large.src = find.address;
    const seed = mainSeed(find.recipe.source);
    const state = say(`ui.cull.is.${find.verdict ?? "undecided"}`);
    const key = seed === null ? "ui.cull.caption_child" : "ui.cull.caption";
    this.caption.textContent = say(key, { number: find.number, seed, state });
    this.standing.textContent = find.standing ? told(find.standing) : "";
  }

  async #judge(find, verdict) {
    const next = find.verdict === verdict ? null : verdict;
    const written = this.pile.judge(find, next);
    this.wall.arrange();
    this.map.show(find);
    if (find === this.under) this.#look(find);
    await written.catch(() => this.#offerExport());
  }

  #follow() {
    const { pile } = this;
    const [picked, rejected] = [pile.with("picked").length, pile.with("rejected").length];
    this.wall.rest(pile.waiting);
    const drawn = pile.waiting ? 0 : pile.drawn;
    const params = { drawn, many: MANY, picked, rejected };
    this.count.textContent = say(pile.busy ? "ui.cull.coming" : "ui.cull.count", params);
    const label = pile.busy ? "cull_stop" : "cull_again";
    word(this.again, { name: `ui.${label}`, hint: `ui.${label}.hint` });
    word(this.again.querySelector(".label"), { text: `ui.${label}` });
    for (const control of this.acts) control.disabled = !picked || pile.waiting || Boolean(this.errand);
  }

  #describe() {
    this.#follow();
    this.wall.describe();
    this.map.describe();
    if (this.under) this.#look(this.under);
  }

  #act(name) {
    const finds = this.pile.with("picked");
    return name === "breed" ? this.#breed(finds) : this.#fetch(name, finds);
  }

  async #fetch(way, finds) {
    this.errand = new AbortController();
    const { signal } = this.errand;
    this.#follow();
    this.#say("ui.cull.packing", { count: finds.length, size: 0 });
    const told = (size) =>
      this.#say("ui.cull.packing", { count: finds.length, size: size.toFixed(1) });
    try {
      const file = await fetchPicks(way, finds, signal, told);
      this.#say("ui.cull.saved", { file });
    } catch (error) {
      if (!signal.aborted) this.#tellError(error);
    }
    this.errand = null;
    this.#follow();
  }

  /** The first on the easel, bred with the others. */
  async #breed(finds) {
    const [first, ...others] = finds.slice(0, PARENTS);
    const { desk } = this;
    await this.#bring(first);
    const mates = others.map(({ recipe, moment }) => ({ recipe, id: moment?.id }));
    await desk.actions.breed(mates);
    if (finds.length > PARENTS) desk.status.tell("ui.cull.parents", { count: PARENTS });
  }

  /** Put a find on the easel. */
  async #bring(find) {
    const { desk } = this;
    this.dialog.close();
    // One that the history has no room for, or that was never picked, is brought anew.
    if (find.moment) await desk.visit(find.moment.id);
    if (desk.history.head?.id !== find.moment?.id) await desk.bring(find, "cull");
  }

  #leave() {
    this.#shrink();
    this.errand?.abort();
    this.pile.stop();
  }

  #say(key, params = {}) {
    this.note.replaceChildren(say(key, params));
  }

  #tellError({ code = "ui.status.no_answer", params = {}, sentence = "" }) {
    const key = code.startsWith("ui.") ? code : `error.${code}`;
    this.note.replaceChildren(languages.knows(key) ? say(key, params) : sentence);
  }

  #offerExport() {
    const act = () => this.desk.actions.exportTree();
    const fields = { type: "button", class: "offer", onclick: act };
    const offer = make("button", fields, say("ui.tree.export"));
    this.note.replaceChildren(say("ui.status.not_recorded"), " ", offer);
  }

  /** Two keys decide and go on; no key reaches the work that is out of sight. */
  #key(event) {
    if (!this.dialog.open || event.key === "Escape") return;
    event.stopPropagation();
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (this.wall.key(event.key)) event.preventDefault();
  }
}
