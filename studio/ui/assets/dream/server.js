/** What the room of dreams asks of the server. */
import { ask, post, studioAddress } from "../address.js";

/** What a film may be here, and what a sound drives in this model. */
export async function readOffer(model) {
  return (await ask(`dream?${new URLSearchParams({ model })}`)).json();
}

/** Some sentences of a dream from number `from` on, and the works they become. */
export async function tellDream(text, recipe, from, last, signal) {
  const { size: _, ...base } = recipe;
  const asked = { text, recipe: base, from, ...(last && { last }) };
  return (await post("dream", asked, signal)).json();
}

/** The stops of a plan's walk. */
export async function findWalk(plan, signal) {
  return (await post("walk", { plan }, signal)).json();
}

/** Bring a sound file. @returns what is heard in it, and its number */
export async function bringSound(file) {
  const query = new URLSearchParams({ file: file.name });
  return (await ask(`sounds?${query}`, { method: "POST", body: file })).json();
}

export const orderFilm = async (order) => (await (await post("films", order)).json()).film;
export const watchFilm = async (film) => (await ask(`films/${film}`)).json();
export const stopFilm = (film) => ask(`films/${film}`, { method: "DELETE" });
export const filmAddress = (film) => studioAddress(`films/${film}/file`);
