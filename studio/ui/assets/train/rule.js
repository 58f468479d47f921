/** What a person can do with a run: pause, go on, stop, play, publish, delete. */
import { make } from "../elements.js";
import { word } from "../languages.js";
import { BUSY, Notice, line, press } from "./parts.js";
import { ruleRun } from "./server.js";

export class Rule {
  constructor({ onChange, onGone, onPlay }) {
    Object.assign(this, { onChange, onGone, onPlay });
    this.notice = new Notice();
    this.buttons = {
      play: press("play", () => this.onPlay(this.run.name), "is-main"),
      pause: press("pause", () => this.#act("pause")),
      resume: press("resume", () => this.#act("resume"), "is-main"),
      stop: press("stop", () => this.#act("stop")),
      publish: press("publish", () => this.#ask("publish")),
      delete: press("delete", () => this.#ask("delete")),
    };
    this.asked = line("ui.train.asked", {}, "faint asked");
    this.question = make("div", { class: "question", hidden: true });
    const row = make("div", { class: "rule-row" }, ...Object.values(this.buttons));
    this.element = make("div", { class: "rule" });
    this.element.append(row, this.question, this.asked, this.notice.element);
  }

  /** Offer what makes sense for the run as it is. */
  show(run) {
    if (run.name !== this.run?.name) this.#close();
    this.run = run;
    const busy = BUSY.includes(run.phase);
    const { buttons } = this;
    const waiting = busy && Boolean(run.requested);
    this.asked.hidden = !waiting;
    buttons.pause.hidden = buttons.stop.hidden = !busy;
    buttons.pause.disabled = buttons.stop.disabled = waiting;
    buttons.resume.hidden = !["paused", "interrupted", "failed", "stopped"].includes(run.phase);
    buttons.delete.hidden = busy;
    buttons.play.disabled = buttons.publish.disabled = !run.model_ready;
  }

  /** The frame that a person looks at: what is published in place of the best. */
  point(sheet) {
    this.sheet = sheet;
  }

  /** The snapshot nearest to an earlier frame that a person looks at; else null. */
  get #kept() {
    const { sheet, run } = this;
    const chosen = sheet?.kind === "generator" && sheet !== run.sheets.at(-1);
    if (!chosen || !run.snapshots.length) return null;
    const far = (kimg) => Math.abs(kimg - sheet.kimg);
    return run.snapshots.reduce((near, kimg) => (far(kimg) < far(near) ? kimg : near));
  }

  async #act(act, wish) {
    this.notice.tell();
    try {
      const answer = await ruleRun(this.run.name, act, wish);
      this.#close();
      await this.onChange();
      return answer;
    } catch (error) {
      this.notice.tell(error);
      throw error;
    }
  }

  #ask(what) {
    this.notice.tell();
    const made = what === "delete" ? this.#askDelete() : this.#askPublish();
    this.question.replaceChildren(...made);
    this.question.hidden = false;
    this.question.querySelector("input, button")?.focus();
  }

  #close() {
    this.question.hidden = true;
    this.notice.tell();
  }

  #askDelete() {
    const sure = press("delete_sure", async () => {
      this.notice.tell();
      try {
        await ruleRun(this.run.name, "delete");
        this.#close();
        this.onGone();
      } catch (error) {
        this.notice.tell(error);
      }
    }, "is-danger");
    return [line("ui.train.delete_ask"), sure, press("keep_it", () => this.#close())];
  }

  #askPublish() {
    const kimg = this.#kept;
    const name = make("input", { type: "text", class: "text", value: this.run.name });
    name.dataset.field = "publish";
    word(name, { name: "ui.train.publish_as" });
    const publish = async (replace) => {
      const wish = { model: name.value.trim(), replace, ...(kimg === null ? {} : { kimg }) };
      go.disabled = again.disabled = true;
      word(go, { text: "ui.train.publishing" });
      this.notice.tell();
      try {
        const { model } = await ruleRun(this.run.name, "publish", wish);
        this.question.replaceChildren(line("ui.train.published", { model }));
      } catch (error) {
        if (error.code !== "model_exists") return this.notice.tell(error);
        again.hidden = false;
        this.notice.tell({ code: "ui.train.model_taken", params: error.params });
      } finally {
        go.disabled = again.disabled = false;
        word(go, { text: "ui.train.publish_go" });
      }
    };
    const go = press("publish_go", () => publish(false), "is-main");
    const again = press("publish_replace", () => publish(true));
    again.hidden = true;
    const which = kimg === null ? "ui.train.publish_best" : "ui.train.publish_frame";
    const back = press("keep_it", () => this.#close());
    return [line(which, { n: kimg }), name, go, again, back];
  }
}
