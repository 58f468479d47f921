/**
 * A ZIP whose files are stored as they are: pictures and films are packed already.
 * APPNOTE.TXT of PKWARE, 4.3; without ZIP64, so four gigabytes are the end.
 */
import { Trouble } from "../address.js";

const LARGEST = 4 * 1024 ** 3 - 1024 ** 2; // bytes, with room for the list at the end
const UTF8 = 0x0800;
/** The first day that the format knows: a file says nothing of when it was made. */
const DAY = 0x0021;

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value >>> 0;
});

export class Archive {
  #parts = [];
  #list = [];
  #size = 0;

  /** Add a file. @param {string} name @param {Blob} blob @throws {Trouble} when full */
  async add(name, blob) {
    if (this.#size + blob.size > LARGEST) throw new Trouble("ui.exhibit.too_large");
    const path = new TextEncoder().encode(name);
    const facts = [UTF8, 0, 0, DAY, await checksum(blob), blob.size, blob.size, path.length, 0];
    const head = record(0x04034b50, [20, ...facts]);
    const entry = record(0x02014b50, [20, 20, ...facts, 0, 0, 0, 0, this.#size]);
    this.#list.push(entry, path);
    this.#parts.push(head, path, blob);
    this.#size += head.length + path.length + blob.size;
  }

  /** @returns {Blob} the whole ZIP */
  close() {
    const length = this.#list.reduce((sum, part) => sum + part.length, 0);
    const count = this.#list.length / 2;
    const end = record(0x06054b50, [0, 0, count, count, length, this.#size, 0]);
    return new Blob([...this.#parts, ...this.#list, end], { type: "application/zip" });
  }
}

/** The fields of each kind of record, in bytes, after its mark. */
const WIDTHS = {
  0x04034b50: [2, 2, 2, 2, 2, 4, 4, 4, 2, 2],
  0x02014b50: [2, 2, 2, 2, 2, 2, 4, 4, 4, 2, 2, 2, 2, 2, 4, 4],
  0x06054b50: [2, 2, 2, 2, 4, 4, 2],
};

function record(mark, values) {
  const widths = WIDTHS[mark];
  const bytes = new Uint8Array(4 + widths.reduce((sum, width) => sum + width, 0));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, mark, true);
  let place = 4;
  widths.forEach((width, index) => {
    if (width === 2) view.setUint16(place, values[index], true);
    else view.setUint32(place, values[index], true);
    place += width;
  });
  return bytes;
}

/** CRC-32, piece by piece: a film is larger than what should be held at once. */
async function checksum(blob) {
  let sum = 0xffffffff;
  const reader = blob.stream().getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return (sum ^ 0xffffffff) >>> 0;
    for (const byte of value) sum = TABLE[(sum ^ byte) & 0xff] ^ (sum >>> 8);
  }
}
