/**
 * From the store to the screen: every change asks for a live frame; when the hand
 * rests, for the settled picture; frames that come back are drawn.
 */
import { rememberPlace } from "./preferences.js";
import { CHANGED } from "./reunion.js";

/** A hand that has not moved for this long rests (ms); where pictures come slowly, as
 *  long as two of them take, but not longer than this. */
const REST = 180;
const LONG_REST = 2000;
const LAST_SIDE = 288;

/** Join the store, the socket and the picture. */
export function show({ store, live, picture, status, drift }) {
  let timer = 0;

  const settle = () => {
    if (store.work && !drift.on) live.settle(store.recipe, picture.settledSize());
  };
  const rest = () => {
    clearTimeout(timer);
    const still = Math.min(Math.max(REST, 2 * live.lag), LONG_REST);
    if (!drift.on) timer = setTimeout(settle, still);
  };

  let act = null;
  const dismiss = ({ how, final }) => {
    // One drag is one act: what is told amid it stays.
    if (how !== act && how !== "drift") status.dismiss();
    act = final ? null : how;
  };

  store.addEventListener("change", ({ detail }) => {
    dismiss(detail);
    live.request(store.recipe, detail.final);
    rest();
  });
  drift.addEventListener("drift", rest);
  new ResizeObserver(rest).observe(picture.frame);

  // The room of dreams shows its own frames; the easel's come again afterwards.
  const elsewhere = () => picture.frame.closest("#reverie-room")?.dataset.room === "dream";
  live.addEventListener("frame", async ({ detail: frame }) => {
    if (elsewhere()) return;
    const stale = () => frame.kind === "settled" && !live.isCurrent(frame.id);
    if (!(await picture.draw(frame, stale).catch(() => false))) return;
    status.clear("frame");
    if (frame.kind === "settled") rememberPicture(picture);
  });
  live.addEventListener("trouble", ({ detail }) => {
    // That one is mended rather than told, see reunion.js.
    if (detail?.code !== CHANGED) status.tellError(detail, "frame");
  });
  live.addEventListener("state", ({ detail: { state } }) => {
    if (state === "open") {
      status.clear("socket");
      if (store.work) live.request(store.recipe);
      rest();
    } else if (state !== "connecting") {
      status.tell(`ui.status.${state}`, {}, { from: "socket", stays: true });
      if (state === "closed" && store.work) live.request(store.recipe);
    }
  });
}

/** So that a reload shows this picture in its first paint. */
async function rememberPicture(picture) {
  const blob = await picture.thumbnail(LAST_SIDE);
  const reader = new FileReader();
  reader.onload = () => rememberPlace("last", JSON.stringify(reader.result));
  reader.readAsDataURL(blob);
}
