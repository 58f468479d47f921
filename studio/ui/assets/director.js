/**
 * The director: builds the room, joins its parts, and is the only module that knows
 * them all. For tests and benchmarks it leaves `window.reverie`:
 *
 * - `store.work`, `store.edit(change, how, final)`, `store.recipe`, `store.card`
 * - `live.state`, `live.request(recipe)`
 * - `history.head`, `history.all()`, `drift.on`
 * - `picture.settledRecipe`, the recipe of the settled picture, null while live
 */
import { adopt } from "./adopt.js";
import { openDatabase } from "./database.js";
import { Desk } from "./desk.js";
import { Drift } from "./drift.js";
import { History } from "./history.js";
import { Keepers } from "./keepers.js";
import { Kinds } from "./kinds.js";
import { languages, refill } from "./languages.js";
import { furnish } from "./layout.js";
import { Live } from "./live.js";
import { About, modelChoice } from "./models.js";
import { Pad } from "./pad.js";
import { Picture } from "./picture.js";
import { Presets } from "./presets.js";
import { show } from "./projection.js";
import { reunite } from "./reunion.js";
import { Rooms } from "./rooms.js";
import { Seedbar } from "./seedbar.js";
import { Shortcuts } from "./shortcuts.js";
import { Sliders } from "./sliders.js";
import { Status } from "./status.js";
import { Store } from "./store.js";
import { explain } from "./tips.js";
import { Words } from "./words.js";

async function direct(room) {
  const store = new Store();
  const live = new Live();
  live.fallback = async (recipe) => (await gradioServer()).frame(recipe);
  live.open();
  const [database] = await Promise.all([openDatabase(), languages.open(room)]);
  const history = new History(database);
  const picture = new Picture(room.querySelector(".frame"));
  const status = new Status(room.querySelector(".status"));
  const drift = new Drift(store, live);
  const desk = new Desk({ room, store, live, history, drift, picture, status });
  window.reverie = { store, live, history, drift, picture };

  const places = furnish(room, desk);
  const seedbar = new Seedbar(store, places, status, drift);
  const keepers = new Keepers(store, picture, places.keepers, {
    live,
    database,
    status,
    onReturn: (keeper) => desk.bring(keeper, "keeper"),
  });
  desk.seedbar = seedbar;
  desk.keepers = keepers;
  desk.sliders = new Sliders(store, places);
  desk.words = new Words(store, places.words, status);
  desk.presets = new Presets(desk.words, live, () => desk.actions.teach());
  places.words.append(desk.presets.element);
  desk.kinds = new Kinds(store, places.kinds);
  desk.pad = new Pad(store, live, places, drift);
  desk.about = new About(places.about, live);
  desk.choice = modelChoice(places.studio, (name) => desk.choose(name));
  desk.shortcuts = new Shortcuts(room, desk.actions);

  show({ store, live, picture, status, drift });
  reunite(desk);
  explain(room);
  new Rooms(room, desk);
  languages.addEventListener("language", () => refill(room));
  await Promise.all([desk.open(), keepers.refresh()]);
  if (!database.durable) status.tell("ui.status.not_durable");
}

/** Gradio's way to call Python, which is there once Gradio has built its page. */
async function gradioServer() {
  if (!window.reverieServer) {
    await new Promise((resolve) => {
      addEventListener("reverie:server", resolve, { once: true });
    });
  }
  return window.reverieServer;
}

const room = document.getElementById("reverie-room");
if (room) {
  adopt(room);
  direct(room);
}
