/** Answers that come in lines of JSON, as long work goes on. */
import { Trouble, ask } from "../address.js";

/**
 * Yield each line of a route's answer. @throws {Trouble} also one that came under way
 * @param {string} path @param {RequestInit} options
 */
export async function* linesOf(path, options) {
  const response = await ask(path, options);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) yield checked(JSON.parse(line));
  }
  if (rest) throw new Trouble("ui.status.no_answer");
}

function checked(line) {
  if (line.error) throw new Trouble(line.error.code, line.error.params, line.error.sentence);
  return line;
}
