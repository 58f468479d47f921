/**
 * Knobs and keys of MIDI instruments, in the browser alone. What is being learnt takes
 * the next knob or key that moves; what was learnt is remembered by the browser.
 */
import { prefer, preference } from "../preferences.js";

const NOTE_ON = 0x90;
const CONTROL = 0xb0;

export class Midi extends EventTarget {
  /** The target that the next knob will be, null while nothing is learnt. */ learning = null;
  /** What moves what: "cc 1 21" or "note 10 36" to a target. */
  bound = preference("midi", {});

  /**
   * @param {(target: string, value: number) => void} onMove value from 0 to 1
   */
  constructor(onMove) {
    super();
    this.onMove = onMove;
  }

  /** Listen to all instruments, and to those that come. Rejects where there are none. */
  async open() {
    this.access ??= await navigator.requestMIDIAccess();
    const follow = () => {
      for (const input of this.access.inputs.values()) {
        input.onmidimessage = ({ data }) => this.#hear(data);
      }
      this.dispatchEvent(new Event("change"));
    };
    this.access.onstatechange = follow;
    follow();
  }

  /** How many instruments there are. */
  get count() {
    return this.access ? this.access.inputs.size : 0;
  }

  /** What is bound to `target`, in words of the instrument; empty without. */
  nameOf(target) {
    return Object.keys(this.bound).find((source) => this.bound[source] === target) ?? "";
  }

  /** Let the next knob or key be `target`; the same again ends that. */
  learn(target) {
    this.learning = this.learning === target ? null : target;
    this.dispatchEvent(new Event("change"));
  }

  forget(target) {
    const kept = Object.entries(this.bound).filter(([, other]) => other !== target);
    this.#bind(Object.fromEntries(kept));
  }

  #hear([status, number, value]) {
    const kind = status & 0xf0;
    if (kind !== CONTROL && !(kind === NOTE_ON && value)) return;
    const name = kind === CONTROL ? "cc" : "note";
    const source = `${name} ${(status & 0x0f) + 1} ${number}`;
    if (this.learning) {
      const target = this.learning;
      this.learning = null;
      const others = Object.entries(this.bound).filter(([, other]) => other !== target);
      this.#bind({ ...Object.fromEntries(others), [source]: target });
    }
    if (source in this.bound) this.onMove(this.bound[source], value / 127);
  }

  #bind(bound) {
    this.bound = bound;
    prefer("midi", bound);
    this.dispatchEvent(new Event("change"));
  }
}
