/**
 * What a control does, told when the pointer rests on it or the keyboard reaches
 * it: `data-hint` is a key, `data-tip` a sentence already made.
 */
import { say } from "./languages.js";
import { make } from "./elements.js";

const PAUSE = 420;
/** What the eye rests on is not explained over and over; the list of keys does. */
const QUIET = ".frame";

/** Explain everything under `root` on hover and focus. */
export function explain(root) {
  const tip = make("div", { class: "tip", role: "tooltip", hidden: true });
  root.append(tip);
  let timer = 0;
  let over = null;

  const hide = () => {
    clearTimeout(timer);
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
  const box = target.getBoundingClientRect();
  const { width, height } = tip.getBoundingClientRect();
  const margin = 10;
  const left = box.left + box.width / 2 - width / 2;
  // Below, so that neither the control nor the picture above it is covered.
  const below = box.bottom + margin;
  const lowest = document.documentElement.clientHeight - height - margin;
  const widest = document.documentElement.clientWidth - width - margin;
  tip.style.left = `${Math.max(margin, Math.min(left, widest))}px`;
  tip.style.top = `${below <= lowest ? below : box.top - height - margin}px`;
}
