/**
 * The Train room: the runs on the left, and beside them one run that is watched or the
 * form for a new one. It knows nothing that is not in the runs' folders, so a reload,
 * another browser or another server shows the same.
 */
import { make } from "../elements.js";
import { languages, refill } from "../languages.js";
import { Form } from "./form.js";
import { List } from "./list.js";
import { BUSY, Notice, line, press } from "./parts.js";
import { listRuns, readRun } from "./server.js";
import { Watch } from "./watch.js";

/** How often the folders are looked at while somebody watches (ms). */
const EVERY = 2000;

export class TrainRoom {
  #timer = 0;
  #open = false;
  #name = null;
  #looking = false;
  /** Nothing has been chosen yet: what trains is what one came for. */
  #arriving = true;

  constructor(room, desk) {
    this.desk = desk;
    this.list = new List((name) => this.go(name));
    this.form = new Form((name) => this.go(name), () => this.list.names);
    this.watch = new Watch({
      onChange: () => this.look(),
      onGone: () => this.go(null),
      onPlay: (name) => this.#play(name),
    });
    this.notice = new Notice("train-notice");
    this.element = this.#build();
    room.append(this.element);
    document.addEventListener("visibilitychange", () => this.look());
    languages.addEventListener("language", () => refill(this.element));
  }

  /** Somebody comes in, to watch the run `name` or to begin one. */
  enter(name) {
    this.#open = true;
    if (name !== this.#name) this.watch.clear();
    if (name) this.#arriving = false;
    this.#name = name;
    this.#arrange();
    this.look();
  }

  /** Nobody is here: nothing is asked for. */
  leave() {
    this.#open = false;
    clearTimeout(this.#timer);
  }

  /** Go to the run `name`, or to the form. */
  go(name) {
    const address = name ? `#train/${encodeURIComponent(name)}` : "#train";
    if (location.hash === address) this.enter(name);
    else location.hash = address;
  }

  /** Look at the folders now, and again as long as somebody is here. */
  async look() {
    clearTimeout(this.#timer);
    if (!this.#open || document.hidden) return;
    if (!this.#looking) {
      this.#looking = true;
      await this.#look().catch((error) => this.notice.tell(error));
      this.#looking = false;
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.look(), EVERY);
  }

  async #look() {
    const name = this.#name;
    const runs = await listRuns().catch((error) => this.#explain(error));
    if (!runs) return;
    this.list.show(runs, name);
    if (this.#arriving && !name) {
      this.#arriving = false;
      const busy = runs.find((run) => BUSY.includes(run.phase));
      if (busy) return void this.go(busy.name);
    }
    if (name) {
      const run = await readRun(name).catch((error) => {
        this.notice.tell(error);
        return null;
      });
      if (!run || name !== this.#name) return;
      this.watch.show(run);
    }
    this.notice.tell();
  }

  #begin() {
    this.#arriving = false;
    this.go(null);
  }

  /** A shared studio trains nothing: it says so in place of the form. */
  #explain(error) {
    if (error.code !== "training_off") throw error;
    this.element.classList.add("is-off");
    this.leave();
    return null;
  }

  #arrange() {
    this.form.element.hidden = Boolean(this.#name);
    this.watch.element.hidden = !this.#name;
    this.list.choose(this.#name);
    if (!this.#name) this.form.open();
  }

  async #play(name) {
    location.hash = "";
    await this.desk.play(name);
  }

  #build() {
    const off = make("div", { class: "train-off" });
    off.append(
      line("ui.train.off", {}, "train-title"),
      line("ui.train.off.why"),
      make("code", {}, "python app.py"),
      line("ui.train.off.space", {}, "faint"),
    );
    const fresh = press("new", () => this.#begin(), "train-new");
    const side = make("aside", { class: "train-side" });
    side.append(make("h1", {}, "Reverie"), fresh, this.list.element);
    const main = make("div", { class: "train-main" });
    main.append(this.notice.element, this.form.element, this.watch.element);
    return make("section", { class: "train" }, off, side, main);
  }
}
