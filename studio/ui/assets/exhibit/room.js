/**
 * The Exhibit room: keepers and films in a row, a label for each, the words of the
 * first wall; a preview, and the whole as one ZIP. All of it stays in this browser.
 */
import { button, make } from "../elements.js";
import { languages, refill, say, word } from "../languages.js";
import { prefer, preference } from "../preferences.js";
import { pickFiles } from "../refine/files.js";
import { Notice } from "../train/parts.js";
import { explained, pieceOf } from "./bringing.js";
import { takeFavourites } from "./favourites.js";
import { pack, previewOf } from "./packing.js";
import { MOST, Pieces } from "./pieces.js";
import { Plate } from "./plate.js";
import { Rack } from "./rack.js";

const KINDS = ".png,.jpg,.jpeg,.webp,.mp4,.webm";
const WORDS = { title: "200", artist: "200", statement: "5000", licence: "300" };
const CHOICES = { language: ["", "en", "zh"], print: ["1", "2", "4"] };
/** These also go into the files that are saved elsewhere. */
const SHARED = { artist: "credit:creator", licence: "credit:rights" };

export class ExhibitRoom {
  #telling = null;
  #errand = null;

  constructor(room, desk) {
    this.desk = desk;
    this.pieces = new Pieces();
    this.rack = new Rack(this.pieces, (id) => this.choose(id));
    this.plate = new Plate(this.pieces, (blob) => this.rack.addressOf(blob), {
      moved: (by) => this.pieces.move(this.rack.chosen, this.#at() + by),
      removed: () => this.pieces.remove(this.rack.chosen),
    });
    this.notice = new Notice("exhibit-notice");
    this.told = make("p", { class: "exhibit-told", role: "status" });
    this.element = this.#build();
    room.append(this.element);
    this.pieces.addEventListener("change", () => this.#follow());
    this.pieces.addEventListener("removed", () => this.#offerBack());
    languages.addEventListener("language", () => (refill(this.element), this.#follow()));
    this.#acceptDrops(room);
  }

  /** Somebody comes in. */
  async enter() {
    await this.pieces.open();
    this.#tell();
  }

  /** Nobody is here: no more texts are asked for. */
  leave() {
    this.#telling?.abort();
    this.#telling = null;
  }

  choose(id) {
    this.rack.choose(id);
    this.plate.show(this.pieces.get(id));
  }

  #at() {
    return this.pieces.all.findIndex(({ id }) => id === this.rack.chosen);
  }

  #follow() {
    const count = this.pieces.all.length;
    if (!this.pieces.get(this.rack.chosen)) this.choose(this.pieces.all[0]?.id ?? null);
    this.count.textContent = count ? say("ui.exhibit.count", { count }) : "";
    this.empty.hidden = count > 0;
    for (const act of this.acts) act.disabled = !count;
  }

  #say(key, params = {}) {
    this.notice.tell();
    this.told.textContent = say(key, params);
  }

  #offerBack() {
    this.#say("ui.exhibit.taken_down");
    const act = () => (this.pieces.putBack(), this.#say("ui.exhibit.hung_again"));
    const fields = { type: "button", class: "offer", onclick: act };
    this.told.append(" ", make("button", fields, say("ui.exhibit.put_back")));
  }

  #trouble(error) {
    this.told.textContent = "";
    this.notice.tell(error);
  }

  /** Hang everything that was kept and does not hang yet. */
  async #addKeepers() {
    const kept = await this.desk.keepers.database.all("keepers");
    let added = 0;
    for (const { recipe, picture } of kept) {
      if (this.pieces.all.length >= MOST) break;
      if (await this.pieces.add({ kind: "picture", recipe, picture })) added += 1;
    }
    if (added) this.#say("ui.exhibit.added", { count: added });
    else this.#say(kept.length ? "ui.exhibit.all_hang" : "ui.exhibit.no_keepers");
    this.#tell();
  }

  /** Hang files; what cannot hang is told, the others still do. */
  async #bring(files) {
    let problem = null;
    let added = 0;
    for (const file of files) {
      try {
        if (/\.json$/i.test(file.name)) return await this.#favourites(file);
        if (this.pieces.all.length >= MOST) {
          problem = { code: "exhibit_many", params: { count: MOST + 1, limit: MOST } };
          break;
        }
        await this.pieces.add(await pieceOf(file));
        added += 1;
      } catch (error) {
        problem = error;
      }
    }
    if (problem) this.#trouble(problem);
    else this.#say("ui.exhibit.added", { count: added });
    return this.#tell();
  }

  async #favourites(file) {
    if (!file) return;
    this.#say("ui.exhibit.reading");
    try {
      const { taken, left } = await takeFavourites(file);
      const key = taken ? (left ? "ui.exhibit.liked_some" : "ui.exhibit.liked") : "ui.exhibit.liked_none";
      this.#say(key, { taken, left });
    } catch (error) {
      this.#trouble(error);
    }
  }

  /** Ask for the text of each work that has none, one after the other. */
  async #tell() {
    if (this.#telling) return;
    const { signal } = (this.#telling = new AbortController());
    const next = () => this.pieces.all.find(({ recipe, told, silent }) => recipe && !told && !silent);
    try {
      for (let piece = next(); piece && !signal.aborted; piece = next()) {
        piece.told = await explained(piece.recipe);
        piece.silent = !piece.told;
        await this.pieces.keep(piece);
        if (piece === this.plate.piece) this.plate.show(piece);
        if (!this.rack.element.contains(document.activeElement)) this.rack.retitle(piece);
      }
    } catch (error) {
      this.#trouble(error);
    } finally {
      if (!signal.aborted) this.#telling = null;
    }
  }

  #words() {
    const words = Object.keys(WORDS).map((name) => [name, this.fields[name].value.trim()]);
    return { ...Object.fromEntries(words), language: this.fields.language.value };
  }

  async #preview() {
    this.#say("ui.exhibit.setting");
    try {
      const address = (blob) => this.rack.addressOf(blob);
      const page = await previewOf(this.#words(), this.pieces.all, address);
      URL.revokeObjectURL(this.shown);
      this.shown = URL.createObjectURL(new Blob([page], { type: "text/html" }));
      // A frame of its own each time: going back in one would leave this page.
      const frame = make("iframe", { class: "preview-page", src: this.shown });
      this.frame.replaceChildren(word(frame, { name: "ui.exhibit_preview" }));
      this.dialog.showModal();
      this.told.textContent = "";
    } catch (error) {
      this.#trouble(error);
    }
  }

  /** Make the ZIP; the same button gives it up. */
  async #save() {
    if (this.#errand) return this.#errand.abort();
    this.#errand = new AbortController();
    const { signal } = this.#errand;
    this.#name(this.saving, "exhibit_cancel");
    const step = (number, count) => this.#say("ui.exhibit.packing", { number, count });
    try {
      const scale = Number(this.fields.print.value);
      await pack(this.#words(), [...this.pieces.all], scale, signal, step);
      this.#say("ui.exhibit.packed");
    } catch (error) {
      if (signal.aborted) this.#say("ui.exhibit.cancelled");
      else this.#trouble(error);
    }
    this.#errand = null;
    return this.#name(this.saving, "exhibit_save");
  }

  #name(control, name) {
    control.dataset.act = name;
    word(control, { name: `ui.${name}`, hint: `ui.${name}.hint` });
    word(control.querySelector(".label"), { text: `ui.${name}` });
  }

  #build() {
    this.fields = {};
    const rows = Object.entries(WORDS).map(([name, limit]) => this.#field(name, limit));
    const choices = Object.entries(CHOICES).map(([name, values]) => this.#choice(name, values));
    this.saving = button("exhibit_save", () => this.#save(), { class: "is-main" });
    const preview = button("exhibit_preview", () => this.#preview());
    this.acts = [preview, this.saving];
    const more = make("div", { class: "exhibit-acts" }, ...this.acts);
    const side = make("aside", { class: "exhibit-side" }, make("h1", {}, "Reverie"), ...rows, ...choices, more);
    return make("section", { class: "exhibit" }, side, this.#main(), this.#dialog());
  }

  #main() {
    this.count = make("span", { class: "faint" });
    this.empty = word(make("p", { class: "exhibit-empty" }), { text: "ui.exhibit.empty" });
    const keepers = button("exhibit_keepers", () => this.#addKeepers(), { icon: "keep" });
    this.picker = make("input", { type: "file", multiple: true, accept: KINDS, hidden: true });
    this.picker.addEventListener("change", () => {
      const files = [...this.picker.files];
      this.picker.value = "";
      this.#bring(files);
    });
    const files = button("exhibit_files", () => this.picker.click(), { icon: "open" });
    const liked = async () => this.#favourites((await pickFiles(".json"))[0]);
    const back = button("exhibit_liked", liked, { icon: "like" });
    const title = word(make("h2"), { text: "ui.exhibit.wall" });
    const head = make("div", { class: "exhibit-head" }, title, this.count, keepers, files, back);
    const tells = make("div", { class: "exhibit-tells" }, this.told, this.notice.element);
    return make(
      "div",
      { class: "exhibit-main train-main" },
      head,
      tells,
      this.empty,
      this.rack.element,
      this.plate.element,
      this.picker,
    );
  }

  #dialog() {
    this.frame = make("div", { class: "preview-frame" });
    const close = button("close", () => this.dialog.close(), { icon: "close", bare: true });
    this.dialog = make("dialog", { class: "exhibit-preview" }, close, this.frame);
    this.dialog.addEventListener("close", () => this.frame.replaceChildren());
    return word(this.dialog, { name: "ui.exhibit_preview" });
  }

  #field(name, limit) {
    const long = name === "statement";
    const key = SHARED[name] ?? `exhibit:${name}`;
    const look = { class: long ? "text is-long" : "text", maxlength: limit, "data-field": name };
    const field = make(long ? "textarea" : "input", long ? { ...look, rows: "5" } : { ...look, type: "text" });
    field.value = preference(key, "");
    field.addEventListener("change", () => prefer(key, field.value.trim()));
    this.fields[name] = field;
    return labelled(name, field);
  }

  #choice(name, values) {
    const select = make("select", { class: "choice", "data-field": name });
    const key = name === "print" ? "ui.print" : "ui.exhibit.language";
    const named = (value) => `${key}.${value || "own"}`;
    select.append(...values.map((value) => word(make("option", { value }), { text: named(value) })));
    select.value = preference(`exhibit:${name}`, values[0]);
    select.addEventListener("change", () => prefer(`exhibit:${name}`, select.value));
    this.fields[name] = select;
    return labelled(name, select);
  }

  #acceptDrops(room) {
    const here = (event) =>
      room.dataset.room === "exhibit" && event.dataTransfer?.types?.includes("Files");
    addEventListener("dragover", (event) => here(event) && event.preventDefault());
    addEventListener("drop", (event) => {
      if (!here(event)) return;
      event.preventDefault();
      this.#bring([...event.dataTransfer.files]);
    });
  }
}

function labelled(name, control) {
  const label = word(make("span", { class: "field-word" }), { text: `ui.exhibit.${name}` });
  return make("label", { class: "field" }, label, control);
}
