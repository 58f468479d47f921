/** Bringing pictures: dropped, chosen, or named by a folder of this machine. */
import { make } from "../elements.js";
import { word } from "../languages.js";
import { Notice, field, line, press } from "./parts.js";
import { sendFile } from "./server.js";

const KINDS = ".jpg,.jpeg,.png,.webp,.zip,.csv,.txt";
const PICTURES = /\.(jpe?g|png|webp|zip)$/i;
/** What pictures are called comes along with them. */
const LABELS = /(^|\/)labels\.csv$|\.txt$/i;
/** Files that travel at once. */
const LANES = 3;

export class Intake {
  #set = null;

  /** @param {(where: object, title: string) => void} onBrought */
  constructor(onBrought) {
    this.onBrought = onBrought;
    this.notice = new Notice();
    this.told = make("p", { class: "intake-told", role: "status" });
    this.element = this.#build();
    this.#acceptDrops();
  }

  /** Say what is happening, or nothing. */
  say(key, params = {}) {
    if (key) word(this.told, { text: key, params });
    else {
      delete this.told.dataset.say;
      this.told.textContent = "";
    }
    this.notice.tell();
  }

  /** Say what went wrong. */
  tell(error) {
    this.say(null);
    this.notice.tell(error);
  }

  /** Send files; each that cannot come is told, the others still do. */
  async bring(files) {
    const pictures = files.filter(({ path }) => PICTURES.test(path));
    const labels = files.filter(({ path }) => LABELS.test(path));
    // Labels may follow pictures that are here; alone there is nothing to call so.
    if (!pictures.length && !(this.#set && labels.length)) {
      return this.tell({ code: "ui.train.no_pictures" });
    }
    const wanted = [...pictures, ...labels];
    const title = wanted[0].path.split(/[/.]/)[0];
    this.#set ??= `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 6)}`;
    const waiting = [...wanted];
    let [done, problem] = [0, null];
    const lane = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        this.say("ui.train.sending", { n: done, of: wanted.length });
        await sendFile(this.#set, next.path, next.file).catch((error) => {
          problem = error;
        });
        done += 1;
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    if (!problem || wanted.length > 1) {
      await this.onBrought({ set: this.#set }, pictures.length === 1 ? title : "paintings");
    }
    if (problem) this.tell(problem);
    return undefined;
  }

  #build() {
    this.files = this.#picker({ accept: KINDS });
    this.folder = this.#picker({ webkitdirectory: true });
    const zone = make("div", { class: "zone" });
    zone.append(
      line("ui.train.zone", {}, "zone-words"),
      make("div", { class: "zone-row" },
        press("choose_files", () => this.files.click()),
        press("choose_folder", () => this.folder.click()),
      ),
      this.files,
      this.folder,
    );
    this.zone = zone;
    const path = make("input", { type: "text", class: "text", spellcheck: "false" });
    const look = () => this.#name(path.value.trim());
    path.addEventListener("keydown", (event) => event.key === "Enter" && look());
    const row = make("div", { class: "path-row" }, field("path", path), press("look", look));
    return make("div", { class: "intake" }, zone, row, this.told, this.notice.element);
  }

  #name(folder) {
    if (!folder) return;
    this.onBrought({ folder }, folder.split(/[/\\]/).filter(Boolean).at(-1) ?? "");
  }

  #picker(fields) {
    const picker = make("input", { type: "file", multiple: true, hidden: true, ...fields });
    picker.addEventListener("change", () => {
      const files = [...picker.files];
      picker.value = "";
      this.bring(files.map((file) => ({ file, path: file.webkitRelativePath || file.name })));
    });
    return picker;
  }

  /** Anywhere in the room while the form is in sight. */
  #acceptDrops() {
    const here = (event) =>
      this.element.checkVisibility() && event.dataTransfer?.types?.includes("Files");
    addEventListener("dragover", (event) => {
      if (!here(event)) return;
      event.preventDefault();
      this.zone.classList.add("is-over");
    });
    addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) this.zone.classList.remove("is-over");
    });
    addEventListener("drop", async (event) => {
      if (!here(event)) return;
      event.preventDefault();
      this.zone.classList.remove("is-over");
      this.bring(await filesOf(event.dataTransfer));
    });
  }
}

/** All files of a drop, those inside folders too. */
async function filesOf(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.());
  if (!entries.every(Boolean)) {
    return [...transfer.files].map((file) => ({ file, path: file.name }));
  }
  const found = [];
  for (const entry of entries) await walk(entry, found);
  return found;
}

async function walk(entry, found) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    found.push({ file, path: entry.fullPath.replace(/^\//, "") });
    return;
  }
  const reader = entry.createReader();
  // A folder is read in portions until one is empty.
  for (;;) {
    const portion = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!portion.length) return;
    for (const inner of portion) await walk(inner, found);
  }
}
