/**
 * After an absence: the server may be another one, its model trained on, the login
 * run out. What changed is fitted or told; the work on the easel stays.
 */
import { listModels, readCard } from "./models.js";
import { fitted } from "./store.js";

/** The server's words for a recipe made with another state of a model. */
export const CHANGED = ["recipe_model_changed", "recipe_direction"];
/** The server looks at its folder every few seconds: ask again this often (ms). */
const AGAIN = 1000;
const TIMES = 8;

/** Keep `desk` in step with the server behind its socket. */
export function reunite(desk) {
  const { live, store, status } = desk;
  let tries = 0;
  let timer = 0;

  const renew = async () => {
    const { card } = store;
    if (!card) return desk.open();
    const fresh = await readCard(card.name).catch(() => null);
    if (!fresh || fresh.edition === store.card.edition) return undefined;
    const same = fresh.fingerprint === store.card.fingerprint;
    desk.furnish(fresh);
    store.show(fitted(store.work, fresh), "history");
    // Words that were found meanwhile change no picture that does without them.
    return same || status.tell("ui.status.changed_model");
  };

  const mend = (error) => {
    renew();
    clearTimeout(timer);
    tries += 1;
    if (tries > TIMES) status.tellError(error, "frame");
    else timer = setTimeout(() => live.request(store.recipe), AGAIN);
  };

  /** A login that ran out closes the socket like a server that is away. */
  const askWhy = async () => {
    const problem = await listModels().catch((error) => error);
    if (problem.code !== "not_signed_in") return;
    status.tell("ui.status.signed_out", {}, { from: "socket", stays: true });
  };

  live.addEventListener("state", ({ detail }) => {
    if (detail.state === "open") renew();
    // Without a socket nothing drifts, and nothing should say so.
    if (detail.state === "closed") desk.hold();
  });
  // Words of a model that was just published come minutes later.
  addEventListener("hashchange", () => store.card && renew());
  live.addEventListener("failure", askWhy);
  live.addEventListener("trouble", ({ detail }) => {
    if (CHANGED.includes(detail?.code)) mend(detail);
  });
  live.addEventListener("frame", () => {
    tries = 0;
  });
}
