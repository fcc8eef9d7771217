/**
 * 64-bit hash of texts, in two halves that are read after each call, so that none is allocated. Two
 * lanes of MurmurHash3 (Appleby, 2011) over pairs of UTF-16 units, mixed with each other. Stored
 * hashes rest on it: it must never change.
 */
export class IdHasher {
  readonly #seed: number;
  high = 0;
  low = 0;

  /** @param seed text that tells hashes of one kind from those of others. */
  constructor(seed: string) {
    this.#seed = 0;
    this.hash(seed);
    this.#seed = this.high;
  }

  /** Hashes a text; its two halves are then `high` and `low`. */
  hash(text: string): void {
    let a = this.#seed;
    let b = this.#seed ^ 0x9e3779b9;
    const { length } = text;
    const even = length & ~1;
    for (let i = 0; i < even; i += 2) {
      const pair = text.charCodeAt(i) | (text.charCodeAt(i + 1) << 16);
      a ^= Math.imul(rotated(Math.imul(pair, 0xcc9e2d51), 15), 0x1b873593);
      a = (Math.imul(rotated(a, 13), 5) + b + 0xe6546b64) | 0;
      b ^= Math.imul(rotated(Math.imul(pair, 0x38b34ae5), 18), 0xa1e38b93);
      b = (Math.imul(rotated(b, 17), 5) + a + 0x561ccd1b) | 0;
    }
    if (even < length) {
      const last = text.charCodeAt(even);
      a ^= Math.imul(rotated(Math.imul(last, 0xcc9e2d51), 15), 0x1b873593);
      b ^= Math.imul(rotated(Math.imul(last, 0x38b34ae5), 18), 0xa1e38b93);
    }
    a = ((a ^ length) + (b ^ length)) | 0;
    b = ((b ^ length) + a) | 0;
    a = mixed(a);
    b = mixed(b);
    a = (a + b) | 0;
    this.high = a;
    this.low = (b + a) | 0;
  }
}

const rotated = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));

/** Finalizer of MurmurHash3: every input bit changes half of the output bits. */
function mixed(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
