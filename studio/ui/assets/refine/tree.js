/**
 * The family tree: the whole history as it grew, newest above. Only the rows in
 * sight exist, so ten thousand works scroll like ten.
 */
import { button, make } from "../elements.js";
import { languages, say, word } from "../languages.js";
import { fitted } from "../store.js";
import { Comparison } from "./comparison.js";
import { deedOf } from "./deed.js";
import { Foot } from "./foot.js";
import { offerFile, pickFiles, styled } from "./files.js";
import { nearest, readTree, revived, rowsOf, standing, writeTree } from "./lineage.js";
import { Row, ROW_HEIGHT } from "./row.js";

/** Rows beyond the edge that are there before they come into sight. */
const SPARE = 4;
const PICTURES = 400;
/** As many parents as the server takes. */
const TICKS = 16;

export class Tree {
  /** @param {HTMLElement} room @param {import("../desk.js").Desk} desk */
  constructor(room, desk) {
    Object.assign(this, { desk, rows: [], shown: new Map(), ticked: [], pictures: new Map() });
    styled("tree.css");
    this.starred = false;
    this.pruned = false;
    this.dialog = this.#build();
    room.append(this.dialog);
    desk.history.addEventListener("move", () => this.dialog.open && this.refresh());
    languages.addEventListener("language", () => this.dialog.open && this.#redraw());
  }

  /** Show or put away the tree. */
  async toggle() {
    if (this.dialog.open) return this.dialog.close();
    this.desk.hold();
    this.desk.store.flush();
    this.dialog.classList.remove("is-comparing"); // works of the last visit
    this.dialog.showModal();
    await this.refresh();
    const at = this.rows.findIndex(({ moment }) => moment.id === this.desk.history.head?.id);
    this.scroller.scrollTop = Math.max(0, (at - 2) * ROW_HEIGHT);
    this.#paint();
  }

  /** Read the history again. */
  async refresh() {
    this.all = await this.desk.history.all();
    this.byId = new Map(this.all.map((moment) => [moment.id, moment]));
    const stands = standing(this.all);
    const chosen = this.all.filter(
      ({ id, starred }) => stands.has(id) !== this.pruned && (starred || !this.starred),
    );
    const fresh = new Map(chosen.map((moment) => [moment.id, moment]));
    this.ticked = this.ticked.map(({ id }) => fresh.get(id)).filter(Boolean);
    this.chosen = chosen;
    this.rows = rowsOf(chosen);
    // A work of no family stands beside the lines that pass it.
    const lanes = ({ lane, below }) => Math.max(lane + 1, below.length);
    this.lanes = this.rows.reduce((most, row) => Math.max(most, lanes(row)), 1);
    this.count.textContent = say("ui.tree.count", { count: chosen.length });
    this.#redraw();
  }

  /** Download everything as one file, what was pruned too. */
  async export() {
    const moments = await this.desk.history.all();
    offerFile(writeTree(moments), "reverie-tree.json");
  }

  /** Download what is shown, and say what stays behind. */
  #exportShown() {
    offerFile(writeTree(this.chosen), "reverie-tree.json");
    const params = { count: this.chosen.length, all: this.all.length };
    this.foot.tell("ui.tree.exported", params);
  }

  /** Take in the works of an exported tree; what is there already stays. */
  async import(text) {
    const models = this.desk.models.map(({ name }) => name);
    const [moments, own] = [readTree(text, models), await this.desk.history.all()];
    const known = new Set(own.map(({ id }) => id));
    const fresh = moments.filter(({ id }) => !known.has(id));
    try {
      await this.desk.history.takeIn(fresh);
    } catch {
      return this.#tellFull();
    }
    const dark = fresh.filter(({ recipe }) => !models.includes(recipe.model)).length;
    const key = dark ? "ui.tree.imported_some" : "ui.tree.imported";
    this.foot.tell(key, { count: fresh.length, dark });
    return this.refresh();
  }

  #build() {
    this.count = make("span", { class: "tree-count" });
    this.space = make("div", { class: "tree-space", role: "list" });
    this.scroller = make("div", { class: "tree-rows", tabindex: "-1", autofocus: true }, this.space);
    this.scroller.addEventListener("scroll", () => this.#paint(), { passive: true });
    this.comparison = new Comparison(this.desk.live, () => this.#compare(false));
    this.foot = new Foot({
      name: (text) => this.#name(text),
      prune: () => this.#prune(),
      revive: () => this.#revive(this.ticked.map(({ id }) => id)),
      compare: () => this.#compare(true),
      breed: () => this.#breed(),
    });
    const dialog = make(
      "dialog",
      { class: "tree" },
      make(
        "div",
        { class: "tree-head" },
        word(make("h2"), { text: "ui.tree" }),
        this.count,
        this.#filter("starred", "star"),
        this.#filter("pruned", "branch"),
        button("tree_export", () => this.#exportShown(), { icon: "save" }),
        button("tree_import", () => this.#pick(), { icon: "open" }),
        button("close", () => dialog.close(), { icon: "close", bare: true }),
      ),
      this.scroller,
      this.comparison.element,
      this.foot.element,
    );
    // Escape leaves the comparison first, and only then the tree.
    dialog.addEventListener("cancel", (event) => {
      if (!dialog.classList.contains("is-comparing")) return;
      event.preventDefault();
      this.#compare(false);
    });
    word(dialog, { name: "ui.tree" });
    new ResizeObserver(() => this.#paint()).observe(this.scroller);
    return dialog;
  }

  #redraw() {
    for (const row of this.shown.values()) row.element.remove();
    this.shown.clear();
    this.space.style.height = `${this.rows.length * ROW_HEIGHT}px`;
    this.#paint();
  }

  /** Make the rows that have come into sight and drop those that have left it. */
  #paint() {
    const { scrollTop, clientHeight } = this.scroller;
    if (!clientHeight) return;
    const first = Math.max(0, Math.floor(scrollTop / ROW_HEIGHT) - SPARE);
    const last = Math.min(
      this.rows.length,
      Math.ceil((scrollTop + clientHeight) / ROW_HEIGHT) + SPARE,
    );
    for (const [index, row] of this.shown) {
      if (index >= first && index < last) continue;
      row.element.remove();
      this.shown.delete(index);
    }
    for (let index = first; index < last; index += 1) {
      if (!this.shown.has(index)) this.#place(index);
    }
    this.#follow();
    this.#draw();
  }

  #place(index) {
    const on = {
      go: (moment) => this.#go(moment),
      star: (moment) => this.#star(moment),
      tick: (moment) => this.#tick(moment),
    };
    const { moment } = this.rows[index];
    const parent = this.byId.get(moment.parents[0]);
    const deed = deedOf(moment, parent, this.desk.store.card);
    const row = new Row(this.rows[index], on, deed, this.lanes);
    row.element.style.top = `${index * ROW_HEIGHT}px`;
    this.shown.set(index, row);
    this.space.append(row.element);
  }

  #follow() {
    const head = this.desk.history.head?.id;
    const ids = this.ticked.map(({ id }) => id);
    for (const row of this.shown.values()) row.mark(head, ids);
    this.foot.follow(this.ticked, this.pruned);
  }

  /** Pictures of the rows in sight, one at a time, as long as they are in sight. */
  async #draw() {
    if (this.drawing) return;
    this.drawing = true;
    try {
      for (;;) {
        const rows = [...this.shown.values()];
        const row = rows.find((one) => !one.drawn && one.element.isConnected);
        if (!row || !this.dialog.open) return;
        row.draw(await this.#picture(row.moment));
      }
    } finally {
      this.drawing = false;
    }
  }

  async #picture({ id, recipe, hand }) {
    if (!this.pictures.has(id)) {
      const { card } = this.desk.store;
      const own = card && recipe.model === card.name ? fitted({ recipe, hand }, card).recipe : recipe;
      const blob = await this.desk.live.aside(own, { forgettable: false }).catch(() => null);
      this.pictures.set(id, blob && URL.createObjectURL(blob));
      if (this.pictures.size > PICTURES) this.#forget(this.pictures.keys().next().value);
    }
    return this.pictures.get(id);
  }

  #forget(id) {
    if (this.pictures.get(id)) URL.revokeObjectURL(this.pictures.get(id));
    this.pictures.delete(id);
  }

  async #go({ id }) {
    await this.desk.visit(id);
    this.#follow();
  }

  async #star(moment) {
    moment.starred = !moment.starred;
    await this.#write([moment]);
  }

  #tick(moment) {
    const others = this.ticked.filter(({ id }) => id !== moment.id);
    const taken = others.length < this.ticked.length;
    this.#tickOnly(taken ? others : [...others.slice(1 - TICKS), moment]);
  }

  /** Tick these; how many is said, since some may be out of sight. */
  #tickOnly(moments) {
    this.ticked = moments;
    this.#follow();
    const offer = { key: "ui.tree.untick", act: () => this.#tickOnly([]) };
    const count = moments.length;
    this.foot.tell(count ? "ui.tree.ticked" : "ui.tree.choose", { count }, count ? offer : null);
  }

  #compare(on) {
    this.dialog.classList.toggle("is-comparing", on);
    if (on) this.comparison.show(this.ticked);
    else this.foot.compare.focus();
  }

  async #breed() {
    const [first, ...others] = this.ticked;
    this.#tickOnly([]);
    await this.desk.visit(first.id);
    this.dialog.close();
    await this.desk.actions.breed(others);
  }

  /** Give the one that is ticked a name; none takes it away. */
  async #name(text) {
    const [moment] = this.ticked;
    await this.#write([{ ...moment, name: text.trim() }]);
  }

  /** Hide what is ticked and all that comes from it alone; nothing is destroyed. */
  async #prune() {
    const cut = new Set(this.ticked.map(({ id }) => id));
    const after = this.all.map((one) => (cut.has(one.id) ? { ...one, pruned: true } : one));
    const [before, stands] = [standing(this.all), standing(after)];
    const head = this.desk.history.head?.id;
    const refuge = nearest(this.all, head, stands);
    if (!refuge) return this.foot.tell("ui.tree.last_branch");
    if (refuge.id !== head) await this.desk.visit(refuge.id);
    const done = await this.#write(after.filter(({ id }) => cut.has(id)));
    const count = before.size - stands.size;
    const offer = { key: "ui.tree_revive", act: () => this.#revive([...cut]) };
    return done && this.foot.tell("ui.tree.was_pruned", { count }, offer);
  }

  async #revive(ids) {
    if (await this.#write(revived(this.all, ids))) this.foot.tell("ui.tree.choose");
  }

  /** Write moments again. @returns {Promise<boolean>} whether there was room */
  async #write(moments) {
    try {
      await this.desk.history.takeIn(moments);
    } catch {
      this.#tellFull();
      return false;
    }
    await this.refresh();
    return true;
  }

  #tellFull() {
    this.foot.tell("ui.tree.full", {}, { key: "ui.tree.export", act: () => this.export() });
  }

  /** Show only the starred ones, or what was pruned. */
  #filter(name, drawing) {
    const control = button(name, () => {
      this[name] = !this[name];
      control.setAttribute("aria-pressed", String(this[name]));
      this.scroller.scrollTop = 0;
      this.refresh();
    }, { icon: drawing });
    control.setAttribute("aria-pressed", "false");
    return control;
  }

  async #pick() {
    const [file] = await pickFiles(".json");
    if (!file) return;
    try {
      await this.import(await file.text());
    } catch (error) {
      this.desk.status.tellError(error);
      // The status line lies under the dialog; what it says is wanted here too.
      this.foot.repeat(this.desk.status.line.textContent);
    }
  }
}
