/** Performing is only fetched when somebody does it. */
import { make } from "./elements.js";

let stage = null;

/** Begin to perform, or end it. @param {import("./desk.js").Desk} desk */
export async function perform(desk) {
  if (!stage) {
    const href = new URL("./perform/perform.css", import.meta.url).href;
    document.head.append(make("link", { rel: "stylesheet", href }));
    const { Stage } = await import("./perform/stage.js");
    stage ??= new Stage(desk);
  }
  return stage.begin();
}
