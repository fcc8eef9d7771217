import { at } from '@flowline/events';

const [STATE_WORDS, SHIFT] = [624, 397];

/**
 * The generator of `numpy.random.RandomState(seed)`: MT19937 (Matsumoto and Nishimura, 1998), and
 * numpy's way to shuffle. Splits of labelled sets are drawn with it, so that they are those of the
 * Python programs that others measure with.
 */
export class NumpyRandom {
  readonly #state = new Uint32Array(STATE_WORDS);
  #next = STATE_WORDS;

  /** seed: a whole number from 0 to 2³² − 1. */
  constructor(seed: number) {
    let word = seed >>> 0;
    for (let i = 0; i < STATE_WORDS; i++) {
      this.#state[i] = word;
      word = (Math.imul(1_812_433_253, word ^ (word >>> 30)) + i + 1) >>> 0;
    }
  }

  /** A uniform 32-bit unsigned integer. */
  uint32(): number {
    if (this.#next === STATE_WORDS) this.#twist();
    let word = this.#word(this.#next++);
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    return (word ^ (word >>> 18)) >>> 0;
  }

  /** The values in a random order, as `permutation` of numpy gives it. */
  permutation(values: Int32Array): Int32Array {
    const order = values.slice();
    for (let i = order.length - 1; i > 0; i--) {
      const j = this.#upTo(i);
      const held = at(order, i);
      order[i] = at(order, j);
      order[j] = held;
    }
    return order;
  }

  /** A whole number from 0 to `most`: masked bits, drawn again while they are too large. */
  #upTo(most: number): number {
    const mask = most === 0 ? 0 : 0xffffffff >>> Math.clz32(most);
    for (;;) {
      const value = (this.uint32() & mask) >>> 0;
      if (value <= most) return value;
    }
  }

  #word(i: number): number {
    return at(this.#state, i % STATE_WORDS);
  }

  #twist(): void {
    for (let i = 0; i < STATE_WORDS; i++) {
      const mixed = (this.#word(i) & 0x80000000) | (this.#word(i + 1) & 0x7fffffff);
      this.#state[i] = this.#word(i + SHIFT) ^ (mixed >>> 1) ^ ((mixed & 1) === 0 ? 0 : 0x9908b0df);
    }
    this.#next = 0;
  }
}
