/**
 * What a person prefers, in localStorage; where a browser forbids that (a frame of
 * another site), it holds as long as the page.
 */
const memory = new Map();

/** Read `key`, or `otherwise` when it was never set. */
export function preference(key, otherwise = null) {
  const text = read(localStore, key);
  try {
    return text === null ? otherwise : JSON.parse(text);
  } catch {
    return otherwise;
  }
}

/** Remember `value` under `key`. @returns {boolean} whether it outlasts the page */
export function prefer(key, value) {
  return write(localStore, key, JSON.stringify(value));
}

/** Where this tab was, or else where this browser was. */
export function lastPlace(key) {
  return read(tabStore, key) ?? read(localStore, key);
}

/** Remember where this tab is. */
export function rememberPlace(key, text) {
  write(tabStore, key, text);
  write(localStore, key, text);
}

const localStore = () => window.localStorage;
const tabStore = () => window.sessionStorage;

function read(store, key) {
  // What found no room there is newer than what did.
  if (memory.has(key)) return memory.get(key);
  try {
    return store().getItem(`reverie:${key}`);
  } catch {
    return memory.get(key) ?? null;
  }
}

function write(store, key, text) {
  try {
    store().setItem(`reverie:${key}`, text);
    memory.delete(key);
    return true;
  } catch {
    memory.set(key, text);
    return false;
  }
}
