/**
 * A few stores of IndexedDB behind promises. Where the browser has none (private
 * windows of some), the same stores live in memory for as long as the page.
 */
const NAME = "reverie";
const VERSION = 1;
const STORES = { works: "id", keepers: "id" };

/**
 * Open a database, the room's own unless another is named.
 * @param {string} [name]
 * @param {Record<string, string>} [stores] the key of each store
 * @returns {Promise<Database | Memory>}
 */
export async function openDatabase(name = NAME, stores = STORES) {
  try {
    return new Database(await opened(name, stores));
  } catch {
    return new Memory(stores);
  }
}

/** An id that sorts by time and that two tabs never share. */
export function freshId() {
  const random = crypto.getRandomValues(new Uint32Array(2));
  const time = Date.now().toString(36).padStart(9, "0");
  return `${time}-${[...random].map((part) => part.toString(36)).join("")}`;
}

function opened(name, stores) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, VERSION);
    request.onupgradeneeded = () => {
      for (const [store, keyPath] of Object.entries(stores)) {
        request.result.createObjectStore(store, { keyPath });
      }
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("blocked"));
  });
}

class Database {
  durable = true;
  #database;

  constructor(database) {
    this.#database = database;
    // Another tab with a newer page must not wait for this one.
    database.onversionchange = () => database.close();
  }

  get(store, key) {
    return this.#run(store, "readonly", (objects) => objects.get(key));
  }

  all(store) {
    return this.#run(store, "readonly", (objects) => objects.getAll());
  }

  put(store, value) {
    return this.#run(store, "readwrite", (objects) => objects.put(value));
  }

  /** All of `values` or none. */
  putAll(store, values) {
    return this.#run(store, "readwrite", (objects) => {
      let request = null;
      for (const value of values) request = objects.put(value);
      return request ?? objects.count();
    });
  }

  delete(store, key) {
    return this.#run(store, "readwrite", (objects) => objects.delete(key));
  }

  #run(store, mode, ask) {
    return new Promise((resolve, reject) => {
      const transaction = this.#database.transaction(store, mode);
      const request = ask(transaction.objectStore(store));
      // At once, for the page may be closing.
      if (mode === "readwrite") transaction.commit?.();
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  }
}

class Memory {
  durable = false;
  #keys;
  #stores;

  constructor(keys) {
    this.#keys = keys;
    this.#stores = Object.fromEntries(Object.keys(keys).map((name) => [name, new Map()]));
  }

  async get(store, key) {
    return this.#stores[store].get(key);
  }

  async all(store) {
    return [...this.#stores[store].values()];
  }

  async put(store, value) {
    this.#stores[store].set(value[this.#keys[store]], value);
  }

  async putAll(store, values) {
    for (const value of values) await this.put(store, value);
  }

  async delete(store, key) {
    this.#stores[store].delete(key);
  }
}
