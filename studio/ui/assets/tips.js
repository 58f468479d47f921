/**
 * What a control does, told when the pointer rests on it or the keyboard reaches
 * it: `data-hint` is a key, `data-tip` a sentence already made.
 */
import { say } from "./languages.js";
import { make } from "./elements.js";

const PAUSE = 420;
/** Between a hint and what it explains, and the edge of the window (pixels). */
const MARGIN = 10;
/** What the eye rests on is not explained over and over; the list of keys does. */
const QUIET = ".frame";

/** Explain everything under `root` on hover and focus. */
export function explain(root) {
  const tip = make("div", { class: "tip", role: "tooltip", hidden: true });
  root.append(tip);
  let timer = 0;
  let over = null;
  // What a button does may change under the pointer.
  const watch = new MutationObserver(() => !tip.hidden && show(tip, over));

  const hide = () => {
    clearTimeout(timer);
    watch.disconnect();
    over = null;
    tip.hidden = true;
  };
  const plan = (event, pause) => {
    const target = event.target.closest?.("[data-hint], [data-tip]");
    if (target?.matches(QUIET)) return hide();
    if (target === over) return;
    hide();
    if (!target || event.pointerType === "touch") return;
    over = target;
    watch.observe(target, { attributeFilter: ["data-hint", "data-tip"] });
    timer = setTimeout(() => show(tip, target), pause);
  };

  root.addEventListener("pointerover", (event) => plan(event, PAUSE));
  root.addEventListener("pointerleave", hide);
  root.addEventListener("pointerdown", hide);
  root.addEventListener("focusin", (event) => {
    if (event.target.matches(":focus-visible")) plan(event, PAUSE * 2);
  });
  root.addEventListener("focusout", hide);
  root.addEventListener("keydown", hide);
  addEventListener("scroll", hide, { capture: true, passive: true });
}

function show(tip, target) {
  if (!target.isConnected) return;
  const { hint, tip: ready, params, key } = target.dataset;
  tip.textContent = ready || say(hint, JSON.parse(params ?? "{}"));
  if (key) tip.append(" ", make("kbd", {}, key));
  tip.hidden = false;
  // Measured where nothing is in its way.
  tip.style.left = "0";
  const { left, top } = placeOf(target, tip.getBoundingClientRect());
  tip.style.left = `${left}px`;
  tip.style.top = `${top}px`;
}

/** Where a hint of `width` x `height` covers nothing that the hand wants next. */
function placeOf(target, { width, height }) {
  const box = target.getBoundingClientRect();
  const { clientWidth, clientHeight } = document.documentElement;
  const within = (at, most) => Math.max(MARGIN, Math.min(at, most - MARGIN));
  const middle = within(box.left + box.width / 2 - width / 2, clientWidth - width);
  const beside = (target.closest(".panel")?.getBoundingClientRect().left ?? 0) - width;
  if (beside >= MARGIN) {
    const level = within(box.top + box.height / 2 - height / 2, clientHeight - height);
    return { left: beside, top: level };
  }
  // Below, so that neither the control nor the picture above it is covered; in a
  // panel under the picture the next control is there, so above.
  const [below, above] = [box.bottom + MARGIN, box.top - height - MARGIN];
  const rises = target.closest(".panel") || below > clientHeight - height - MARGIN;
  return { left: middle, top: rises && above >= MARGIN ? above : below };
}
