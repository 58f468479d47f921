/**
 * The way into refining: a fold whose grid and family tree are only loaded when
 * somebody opens them.
 */
import { fold, make } from "./elements.js";

/**
 * The fold of the grid; `V` opens it, `T` the family tree, `G` sixty-four,
 * `E` the lesson of a word, `Y` why the work looks as it does.
 * @param {HTMLElement} room
 * @param {import("./desk.js").Desk} desk
 */
export function refining(room, desk) {
  const place = make("div", { class: "refine" });
  const details = fold("refine", place);
  let panel = null;
  let tree = null;
  let cull = null;
  let lesson = null;
  let card = null;
  const openPanel = async () => {
    panel ??= import("./refine/panel.js").then(({ Refine }) => new Refine(place, desk));
    return (await panel).wake();
  };
  const openTree = async () => {
    tree ??= import("./refine/tree.js").then(({ Tree }) => new Tree(room, desk));
    return tree;
  };
  const openCull = async () => {
    cull ??= import("./refine/cull.js").then(({ Cull }) => new Cull(room, desk));
    return cull;
  };
  const openLesson = async () => {
    lesson ??= import("./refine/lesson.js").then(({ Lesson }) => new Lesson(room, desk));
    return lesson;
  };
  const openCard = async () => {
    card ??= import("./refine/why.js").then(({ Why }) => new Why(room, desk));
    return card;
  };
  const attempt = (task) => task().catch((error) => desk.status.tellError(error));

  details.addEventListener("toggle", () => details.open && attempt(openPanel));
  Object.assign(desk.actions, {
    refine: () => {
      details.open = !details.open;
      if (details.open) details.scrollIntoView({ block: "nearest" });
    },
    tree: () => attempt(async () => (await openTree()).toggle()),
    exportTree: () => attempt(async () => (await openTree()).export()),
    cull: () => desk.store.work && attempt(async () => (await openCull()).toggle()),
    teach: () => desk.store.work && attempt(async () => (await openLesson()).toggle()),
    why: () => desk.store.work && attempt(async () => (await openCard()).toggle()),
    /** Show children of the work on the easel and `mates`, moments of the history. */
    breed: (mates) =>
      attempt(async () => {
        details.open = true;
        await openPanel();
        (await panel).breedWith(mates);
      }),
  });
  return details;
}
