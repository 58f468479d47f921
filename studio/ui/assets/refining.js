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
  const panel = once(() => import("./refine/panel.js"), ({ Refine }) => new Refine(place, desk));
  const tree = once(() => import("./refine/tree.js"), ({ Tree }) => new Tree(room, desk));
  const cull = once(() => import("./refine/cull.js"), ({ Cull }) => new Cull(room, desk));
  const lesson = once(() => import("./refine/lesson.js"), ({ Lesson }) => new Lesson(room, desk));
  const card = once(() => import("./refine/why.js"), ({ Why }) => new Why(room, desk));
  const workCard = once(() => import("./refine/work_card.js"), ({ saveWorkCard }) => saveWorkCard);
  const openPanel = async () => (await panel()).wake();
  const attempt = (task) => task().catch((error) => desk.status.tellError(error));

  details.addEventListener("toggle", () => {
    if (!details.open) return;
    attempt(openPanel);
    // Up to the picture, which stays: nothing is to be looked for by scrolling.
    if (matchMedia("(width <= 900px)").matches) details.scrollIntoView();
  });
  Object.assign(desk.actions, {
    refine: () => {
      details.open = !details.open;
      if (details.open) details.scrollIntoView({ block: "nearest" });
    },
    tree: () => attempt(async () => (await tree()).toggle()),
    exportTree: () => attempt(async () => (await tree()).export()),
    cull: () => desk.store.work && attempt(async () => (await cull()).toggle()),
    teach: () => desk.store.work && attempt(async () => (await lesson()).toggle()),
    why: () => desk.store.work && attempt(async () => (await card()).toggle()),
    workCard: () => desk.store.work && attempt(async () => {
      desk.hold();
      desk.store.flush();
      const file = await (await workCard())(desk);
      desk.status.tell("ui.status.saved", { file }, { good: true });
    }),
    /** Show children of the work on the easel and `mates`, moments of the history. */
    breed: (mates) =>
      attempt(async () => {
        details.open = true;
        await openPanel();
        (await panel()).breedWith(mates);
      }),
  });
  return details;
}

/** Load a module when somebody first asks, and make one thing of it for good. */
function once(load, build) {
  let made = null;
  return () => (made ??= load().then(build));
}
