/** What the Train room asks of the server. */
import { ask, studioAddress } from "../address.js";

const here = (name) => `runs/${encodeURIComponent(name)}`;

/** Read an address as JSON. @throws {import("../address.js").Trouble} */
export async function read(path) {
  return (await ask(path)).json();
}

/** Send an object, read the answer. @throws {import("../address.js").Trouble} */
export async function tell(path, content = {}) {
  const options = { method: "POST", body: JSON.stringify(content) };
  return (await ask(path, options)).json();
}

export const listRuns = async () => (await read("runs")).runs;
export const readRun = (name) => read(here(name));
export const ruleRun = (name, act, wish) => tell(`${here(name)}/${act}`, wish);

/** Send one file into a set, with its place within the folder it came from. */
export async function sendFile(set, path, file) {
  const query = new URLSearchParams({ set, file: path });
  return (await ask(`pictures?${query}`, { method: "POST", body: file })).json();
}

/** The address of a sheet of a run. */
export function sheetAddress(name, file) {
  return studioAddress(`${here(name)}/samples/${encodeURIComponent(file)}`);
}

/** The address of a small copy of a picture; `where` is {set} or {folder}. */
export function thumbAddress(where, file) {
  return studioAddress(`pictures/thumb?${new URLSearchParams({ ...where, file })}`);
}

/** How much pictures are of each model's kind, 0..1 by its name. */
export async function readKin(where) {
  return (await read(`pictures/kin?${new URLSearchParams(where)}`)).kin;
}

/** The address of a picture as training will see it: framed, augmented or painted. */
export function viewAddress(how, where, file, asked) {
  return studioAddress(`pictures/${how}?${new URLSearchParams({ ...where, file, ...asked })}`);
}
