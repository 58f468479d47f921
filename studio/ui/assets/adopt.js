/**
 * The room is on the page before Gradio is. When Gradio's slot for it appears, and
 * whenever a tab brings it back, the room moves in, with its canvas, focus and
 * scroll as they are.
 */
const SLOT = "reverie-slot";

/** Keep `room` in its slot. */
export function adopt(room) {
  const settle = () => {
    const slot = document.getElementById(SLOT);
    if (!slot || slot.contains(room) || slot.offsetParent === null) return;
    // A drag in flight would lose its pointer; wait for the hand to lift.
    if (room.querySelector(":active")) return void setTimeout(settle, 200);
    move(room, slot);
    document.documentElement.classList.add("is-adopted");
  };
  new MutationObserver(settle).observe(document.body, { childList: true, subtree: true });
  settle();
}

function move(room, slot) {
  if (slot.moveBefore && room.isConnected) {
    try {
      return slot.moveBefore(room, null);
    } catch {
      // Not every move can keep its state; a plain one follows.
    }
  }
  const focused = room.contains(document.activeElement) ? document.activeElement : null;
  slot.append(room);
  focused?.focus({ preventScroll: true });
}
