/** A finger's swipe sideways over an element. */

/** A finger that moves this far sideways swipes (pixels). */
const FAR = 36;

/**
 * Call `act` with 1 for a swipe to the right and -1 for one to the left.
 * @returns {() => boolean} whether the click that is heard now ended a swipe
 */
export function onSwipe(element, act) {
  let start = null;
  let swiped = false;
  element.addEventListener("pointerdown", (event) => {
    start = event.pointerType === "touch" ? event.clientX : null;
    swiped = false;
  });
  element.addEventListener("pointercancel", () => {
    start = null;
  });
  element.addEventListener("pointerup", (event) => {
    const moved = start === null ? 0 : event.clientX - start;
    swiped = Math.abs(moved) > FAR;
    if (swiped) act(Math.sign(moved));
    start = null;
  });
  return () => swiped;
}
