/**
 * The board of a collage: pieces are dropped, moved, scaled and rubbed away, and the
 * model completes the whole while the hand moves.
 */
import { button, make } from "../elements.js";
import { languages, say, word } from "../languages.js";
import { randomSeed } from "../recipe.js";
import { pickFiles, styled } from "../refine/files.js";
import { Completion } from "./completion.js";
import { Lasso } from "./lasso.js";
import { PICTURES, fresh } from "./panel.js";
import { Piece } from "./piece.js";

const MOST_PIECES = 40;
const MOST_UNDONE = 30;
/** Pixels that all pieces to go back to may hold: telephones have little room. */
const MOST_HELD = 2 ** 24;
/** A turn of the wheel, or of inertia after it, is over after so long (ms). */
const WHEEL_ENDS = 500;
const TOOLS = { move: "move", rub: "brush", cut: "lasso" };
/** Pixels of the canvas that shows the pieces, across. */
const SHARP = 640;
const RUBBER = 0.07;
/** One press of a key: a share of the board, a factor, radians. */
const STEP = 0.02;
const GROW = 1.08;
const TURN = Math.PI / 36;

export class Board {
  /** @param {HTMLElement} room @param {import("../desk.js").Desk} desk */
  constructor(room, desk) {
    Object.assign(this, { room, desk, pieces: [], held: null, tool: "move", chance: null });
    Object.assign(this, { pointers: new Map(), past: [], lasso: null, done: true, wheeled: 0 });
    styled("../picture/board.css");
    this.completion = new Completion(desk, (state) => this.#came(state));
    this.dialog = this.#build();
    room.append(this.dialog);
    // before the easel hears of it, wherever the focus is
    addEventListener("keydown", (event) => this.dialog.open && this.#undoKey(event), true);
    languages.addEventListener("language", () => this.#describe());
  }

  /** Show the board and lay `files` on it. */
  async open(files = []) {
    const { desk } = this;
    desk.hold();
    desk.store.flush();
    const { resolution, fingerprint } = desk.store.card;
    if (this.of !== fingerprint) this.completion.forget();
    this.of = fingerprint;
    this.tall = resolution[0] / resolution[1];
    this.canvas.width = SHARP;
    this.canvas.height = Math.round(SHARP * this.tall);
    if (!this.dialog.open) this.dialog.showModal();
    await this.add(files);
    this.#changed();
  }

  /** Lay pictures on the board, beside each other. */
  async add(files) {
    const opened = await Promise.all(files.map((file) => createImageBitmap(file).catch(() => null)));
    const bitmaps = opened.filter(Boolean);
    const taken = bitmaps.slice(0, MOST_PIECES - this.pieces.length);
    if (taken.length) this.#remember();
    for (const bitmap of taken) this.#lay(bitmap);
    for (const bitmap of bitmaps) bitmap.close();
    const unread = files.length - bitmaps.length;
    if (unread) this.#warn("ui.board.unread", { n: unread });
    if (taken.length < bitmaps.length) this.#warn("ui.board.full", { n: MOST_PIECES });
    this.#changed();
  }

  #lay(bitmap) {
    const count = this.pieces.length;
    const at = { x: 0.3 + 0.2 * (count % 3), y: this.tall * (0.35 + 0.15 * (count % 4)), size: 0.5 };
    this.held = new Piece(bitmap, at);
    this.pieces.push(this.held);
  }

  async #ownWork() {
    const { live, store } = this.desk;
    const blob = await live.tile(store.recipe).catch(() => null);
    if (blob) await this.add([blob]);
  }

  // -- hands -------------------------------------------------------------------

  #at(event) {
    const box = this.canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.width];
  }

  #down(event) {
    this.canvas.setPointerCapture(event.pointerId);
    const at = this.#at(event);
    this.pointers.set(event.pointerId, at);
    if (this.pointers.size === 1) this.#begin();
    const under = this.pieces.findLast((piece) => piece.holds(at));
    if (this.tool === "move" && this.pointers.size === 1) {
      this.held = under ?? null;
      if (under && under !== this.pieces.at(-1)) {
        this.#raise(under);
        this.done = true;
      }
    }
    if (this.tool === "rub") this.#rub(at, at);
    if (this.tool === "cut") this.lasso ??= new Lasso(event.pointerId, at);
    this.dialog.classList.add("is-moving");
    this.#changed();
  }

  #move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const at = this.#at(event);
    this.done ||= this.tool === "move" && this.held !== null;
    if (this.tool === "rub") this.#rub(before, at);
    else if (this.tool === "cut") this.lasso?.add(event.pointerId, at);
    else if (this.held && this.pointers.size === 1) {
      this.held.move(at[0] - before[0], at[1] - before[1], this.tall);
    } else if (this.held) this.#pinch(event.pointerId, before, at);
    this.pointers.set(event.pointerId, at);
    this.#changed();
  }

  /** Two fingers scale and turn. */
  #pinch(id, before, at) {
    const [other] = [...this.pointers].filter(([one]) => one !== id).map(([, point]) => point);
    const from = [before[0] - other[0], before[1] - other[1]];
    const to = [at[0] - other[0], at[1] - other[1]];
    this.held.scale(Math.hypot(...to) / Math.max(0.01, Math.hypot(...from)));
    this.held.angle += Math.atan2(to[1], to[0]) - Math.atan2(from[1], from[0]);
  }

  #up(event) {
    this.pointers.delete(event.pointerId);
    if (this.lasso?.pointer === event.pointerId) this.#cut(event.type === "pointerup");
    if (!this.pointers.size) this.#end();
    this.#changed();
  }

  #begin() {
    this.#remember();
    this.done = this.tool === "rub";
  }

  #end() {
    this.dialog.classList.remove("is-moving");
    if (!this.done) this.past.pop(); // a press without a deed is nothing to take back
    this.done = true;
  }

  #rub(from, to) {
    for (const piece of this.pieces) piece.rub(from, to, RUBBER);
  }

  /** Cut around what the line encloses, unless the hand only slipped. */
  #cut(meant) {
    const { lasso } = this;
    this.lasso = null;
    const piece = meant && lasso.encloses && lasso.chooseFrom(this.pieces);
    if (!piece) return;
    piece.cut(lasso.points);
    Object.assign(this, { held: piece, done: true });
  }

  #raise(piece) {
    this.pieces = [...this.pieces.filter((other) => other !== piece), piece];
  }

  #wheel(event) {
    if (!this.held) return;
    event.preventDefault();
    // a turn of the wheel is many events, and one deed; what is taken back stays so
    const begins = event.timeStamp - this.wheeled > WHEEL_ENDS;
    this.wheeled = event.timeStamp;
    if (begins) this.#remember();
    else if (this.stilled) return;
    this.stilled = false;
    const by = Math.exp(-event.deltaY / 400);
    if (event.shiftKey) this.held.angle += Math.sign(event.deltaY || event.deltaX) * TURN;
    else this.held.scale(by);
    this.#changed();
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.held) return;
    const removes = { Delete: () => this.#remove(), Backspace: () => this.#remove() };
    const moves = {
      ArrowLeft: () => this.held.move(-STEP, 0, this.tall),
      ArrowRight: () => this.held.move(STEP, 0, this.tall),
      ArrowUp: () => this.held.move(0, -STEP, this.tall),
      ArrowDown: () => this.held.move(0, STEP, this.tall),
      "+": () => this.held.scale(GROW),
      "=": () => this.held.scale(GROW),
      "-": () => this.held.scale(1 / GROW),
      "[": () => (this.held.angle -= TURN),
      "]": () => (this.held.angle += TURN),
    };
    const act = moves[event.key] ?? removes[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    if (moves[event.key] && !event.repeat) this.#remember();
    act();
    this.#changed();
  }

  /** Everywhere on the board Ctrl Z takes back what was done there, not on the easel. */
  #undoKey(event) {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
    event.preventDefault();
    event.stopPropagation();
    if (!event.shiftKey) this.#undo();
  }

  // -- going back ----------------------------------------------------------------

  #remember() {
    this.past.push({ pieces: this.pieces.map((piece) => piece.copy()), chance: this.chance });
    while (this.past.length > 1 && this.#isFull()) this.past.shift();
    this.warning = null;
  }

  #isFull() {
    const canvases = new Set(this.past.flatMap(({ pieces }) => pieces.map(({ canvas }) => canvas)));
    const held = [...canvases].reduce((sum, { width, height }) => sum + width * height, 0);
    return this.past.length > MOST_UNDONE || held > MOST_HELD;
  }

  #undo() {
    if (!this.past.length || this.pointers.size) return;
    Object.assign(this, this.past.pop(), { stilled: true });
    this.held = this.pieces.at(-1) ?? null;
    this.#changed();
  }

  /** Tab on the canvas goes to the next piece by N; what is held has an edge. */
  #next() {
    if (!this.pieces.length) return;
    [this.held] = this.pieces;
    this.#raise(this.held);
    this.#changed();
  }

  #remove() {
    this.#remember();
    this.pieces = this.pieces.filter((piece) => piece !== this.held);
    this.held = this.pieces.at(-1) ?? null;
    this.#changed();
  }

  #another() {
    this.#remember();
    this.chance = randomSeed();
    this.#changed();
  }

  #take() {
    const { recipe } = this.completion;
    if (!recipe) return;
    const { store } = this.desk;
    const { size } = store.recipe;
    store.edit(() => fresh(recipe, size), "board");
    store.flush();
    this.dialog.close();
  }

  // -- what is shown -------------------------------------------------------------

  #changed() {
    const pen = this.canvas.getContext("2d");
    pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    for (const piece of this.pieces) piece.draw(pen, SHARP);
    if (this.held && this.tool === "move") {
      pen.strokeStyle = "rgb(220 168 102 / 90%)";
      pen.lineWidth = 3;
      this.held.outline(pen, SHARP);
    }
    if (this.lasso) {
      pen.strokeStyle = "rgb(220 168 102)";
      pen.lineWidth = 3;
      this.lasso.draw(pen, SHARP);
      return; // nothing has changed yet of what there is to complete
    }
    this.completion.ask(this.pieces, this.chance);
    this.#describe();
  }

  #came({ bitmap, error, share }) {
    if (error) return this.#tellError(error);
    if (share !== undefined) {
      return this.#tell("ui.picture.learning", { share: Math.round(100 * share) });
    }
    Object.assign(this.result, { width: bitmap.width, height: bitmap.height });
    this.result.getContext("2d").drawImage(bitmap, 0, 0);
    bitmap.close();
    this.dialog.classList.add("has-result");
    this.take.disabled = false;
    return this.#tell();
  }

  /** Say how it goes; what was warned of stays until the next deed. */
  #tell(key = "ui.board.how", params = {}) {
    word(this.note, this.warning ?? { text: key, params });
  }

  #warn(text, params) {
    this.warning = { text, params };
    this.#tell();
  }

  #tellError({ code = "ui.status.no_answer", params = {}, sentence = "" }) {
    const key = code.startsWith("ui.") ? code : `error.${code}`;
    this.note.textContent = languages.knows(key) ? say(key, params) : sentence;
  }

  #describe() {
    this.count.textContent = say("ui.board.count", { n: this.pieces.length, most: MOST_PIECES });
    this.removeButton.disabled = !this.held;
    this.undoButton.disabled = !this.past.length;
    for (const [name, control] of this.tools) {
      control.setAttribute("aria-pressed", String(name === this.tool));
    }
    this.stage.dataset.tool = this.tool;
  }

  async #pick() {
    await this.add(await pickFiles(PICTURES, { multiple: true }));
  }

  #build() {
    this.count = make("span", { class: "board-count", role: "status" });
    this.note = word(make("p", { class: "board-note", role: "status" }), { text: "ui.board.how" });
    this.result = make("canvas", { class: "board-result", width: 16, height: 16 });
    this.canvas = make("canvas", { class: "board-pieces", tabindex: "0" });
    word(this.canvas, { name: "ui.board.stage", hint: "ui.board.keys" });
    this.stage = make("div", { class: "board-stage" }, this.result, this.canvas);
    const on = {
      pointerdown: (event) => this.#down(event),
      pointermove: (event) => this.#move(event),
      pointerup: (event) => this.#up(event),
      pointercancel: (event) => this.#up(event),
      wheel: (event) => this.#wheel(event),
      keydown: (event) => this.#key(event),
    };
    for (const [type, act] of Object.entries(on)) this.canvas.addEventListener(type, act);
    this.tools = Object.entries(TOOLS).map(([name, icon]) => [
      name,
      button(`board_${name}`, () => this.#use(name), { icon }),
    ]);
    this.undoButton = button("board_undo", () => this.#undo(), { icon: "undo" });
    this.removeButton = button("board_remove", () => this.#remove(), { icon: "close" });
    this.take = button("board_take", () => this.#take(), { icon: "keep", class: "board-take" });
    this.take.disabled = true;
    const close = () => dialog.close();
    const dialog = make(
      "dialog",
      { class: "board", tabindex: "-1", autofocus: true },
      make("div", { class: "board-head" },
        word(make("h2"), { text: "ui.board" }),
        this.count,
        button("close", close, { icon: "close", bare: true })),
      this.note,
      this.stage,
      make("div", { class: "board-foot" },
        button("board_add", () => this.#pick(), { icon: "image" }),
        button("board_own", () => this.#ownWork(), { icon: "add" }),
        ...this.tools.map(([, control]) => control),
        button("board_next", () => this.#next(), { icon: "others" }),
        this.removeButton,
        this.undoButton,
        button("board_another", () => this.#another(), { icon: "dice" }),
        this.take),
    );
    word(dialog, { name: "ui.board" });
    return dialog;
  }

  #use(name) {
    this.tool = name;
    this.#changed();
  }
}
