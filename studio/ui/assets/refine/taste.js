/**
 * What was learnt, in the hand of the person: kept under a name, applied to any work
 * of the same model, carried in a file, forgotten.
 */
import { button, make } from "../elements.js";
import { languages, say, word } from "../languages.js";
import { prefer, preference } from "../preferences.js";
import { offerFile, pickFiles } from "./files.js";

const PROFILES = "taste-profiles";
const NAME_LENGTH = 40;

export class Taste {
  /**
   * @param {import("./votes.js").Votes} votes
   * @param {import("../desk.js").Desk} desk
   * @param {() => void} onChange
   */
  constructor(votes, desk, onChange) {
    Object.assign(this, { votes, desk, onChange });
    this.names = make("div", { class: "profiles", role: "list" });
    this.field = make("input", { type: "text", class: "choice", maxlength: NAME_LENGTH });
    word(this.field, { name: "ui.taste.name" });
    this.element = make(
      "div",
      {},
      this.#tools(),
      make(
        "form",
        { class: "profile-form", onsubmit: (event) => this.#keep(event) },
        this.field,
        word(make("button", { type: "submit", class: "quiet", "data-act": "taste_keep" }), {
          text: "ui.taste_keep",
          hint: "ui.taste_keep.hint",
        }),
      ),
      this.names,
    );
    languages.addEventListener("language", () => this.show());
  }

  /** Show the profiles of the model on the easel. */
  show() {
    this.field.placeholder = say("ui.taste.name");
    this.names.replaceChildren(...this.#own().map((profile) => this.#item(profile)));
  }

  #tools() {
    const shrink = button("shrink", () => this.#shrinkOrNot(shrink), { icon: "chevron" });
    shrink.setAttribute("aria-pressed", String(preference("refine:shrink", false)));
    return make(
      "div",
      { class: "tools" },
      button("tree", () => this.desk.actions.tree(), { icon: "tree" }),
      shrink,
      button("forget", () => this.#forget(), { icon: "reset" }),
      button("taste_save", () => this.#save(), { icon: "save" }),
      button("taste_open", () => this.#open(), { icon: "open" }),
    );
  }

  #item(profile) {
    const { name } = profile;
    const fields = { type: "button", class: "quiet", onclick: () => this.#apply(profile) };
    const apply = make("button", fields, name);
    apply.dataset.hint = "ui.taste.apply";
    const remove = button("taste_drop", () => this.#drop(profile), { icon: "close", bare: true });
    remove.setAttribute("aria-label", say("ui.taste_drop.of", { name }));
    return make("div", { class: "profile", role: "listitem" }, apply, remove);
  }

  /** Profiles of this very state of the model: the places of others mean nothing here. */
  #own() {
    const { fingerprint } = this.desk.store.card ?? {};
    return preference(PROFILES, []).filter((profile) => profile.fingerprint === fingerprint);
  }

  #keep(event) {
    event.preventDefault();
    const name = this.field.value.trim();
    if (!name || !this.votes.all.length) {
      return this.desk.status.tell(name ? "ui.taste.nothing" : "ui.taste.nameless");
    }
    const { fingerprint } = this.desk.store.card;
    this.field.value = "";
    return this.#write({ name, fingerprint, text: this.votes.write() }, "ui.taste.kept");
  }

  #write(profile, key) {
    const same = ({ name, fingerprint }) =>
      name === profile.name && fingerprint === profile.fingerprint;
    const others = preference(PROFILES, []).filter((other) => !same(other));
    const durable = prefer(PROFILES, [...others, profile]);
    this.show();
    if (durable) this.desk.status.tell(key, { name: profile.name }, { good: true });
    else {
      const offer = { key: "ui.taste_save", act: () => this.#save() };
      this.desk.status.tell("ui.taste.full", {}, { offer });
    }
  }

  #apply({ name, text }) {
    const offer = this.#read(text);
    if (offer) this.desk.status.tell("ui.taste.applied", { name }, { good: true, ...offer });
  }

  #drop(profile) {
    const others = preference(PROFILES, []).filter(
      ({ name, fingerprint }) => name !== profile.name || fingerprint !== profile.fingerprint,
    );
    prefer(PROFILES, others);
    this.show();
    const offer = {
      key: "ui.keepers.put_back",
      act: () => this.#write(profile, "ui.taste.kept"),
    };
    this.desk.status.tell("ui.taste.dropped", { name: profile.name }, { good: true, offer });
  }

  #read(text) {
    const before = this.votes.all;
    try {
      this.votes.read(text);
    } catch (error) {
      this.desk.status.tellError(error);
      return false;
    }
    this.onChange();
    return before.length ? this.#offerBack(before) : {};
  }

  #forget() {
    const before = this.votes.all;
    this.votes.forget();
    const offer = before.length ? this.#offerBack(before) : {};
    this.desk.status.tell("ui.refine.forgotten", {}, { good: true, ...offer });
    this.onChange();
  }

  /** What was learnt before can be had again, as long as the line stands. */
  #offerBack(before) {
    const act = () => {
      this.votes.restore(before);
      this.onChange();
    };
    return { offer: { key: "ui.keepers.put_back", act } };
  }

  #save() {
    offerFile(this.votes.write(), `${this.desk.store.card.name}-taste.json`);
  }

  async #open() {
    const [file] = await pickFiles(".json");
    const offer = file && this.#read(await file.text());
    if (offer) {
      const name = file.name.replace(/\.json$/i, "");
      this.desk.status.tell("ui.taste.applied", { name }, { good: true, ...offer });
    }
  }

  #shrinkOrNot(control) {
    const on = !preference("refine:shrink", false);
    prefer("refine:shrink", on);
    control.setAttribute("aria-pressed", String(on));
  }
}
