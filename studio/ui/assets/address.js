/**
 * Addresses of the studio's own routes. They follow from where this module came
 * from, so they hold behind any proxy and under any root path.
 */
const STUDIO = new URL("../", import.meta.url);

/** The address of a route such as "live" or "models/landscapes". */
export function studioAddress(path) {
  return new URL(path, STUDIO).href;
}

/** A problem that the server told: `code` and `params` for the sentence. */
export class Trouble extends Error {
  constructor(code, params = {}, sentence = "") {
    super(sentence || code);
    this.code = code;
    this.params = params;
    this.sentence = sentence;
  }
}

/** Send a route `body` as JSON. @returns {Promise<Response>} @throws {Trouble} */
export function post(path, body, signal = null) {
  return ask(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal,
  });
}

/** Fetch a route. @returns {Promise<Response>} @throws {Trouble} */
export async function ask(path, options = {}) {
  let response;
  try {
    response = await fetch(studioAddress(path), options);
  } catch {
    throw new Trouble("ui.status.no_answer");
  }
  if (response.ok) return response;
  const body = await response.json().catch(() => ({}));
  const error = body.error?.code ? body.error : body;
  if (error.code) throw new Trouble(error.code, error.params, error.sentence);
  throw new Trouble("ui.status.no_answer");
}
