import { at, missing } from './at.ts';
import { FlowError } from './flow-error.ts';

const { imul, log, sqrt } = Math; // cached: draws are the inner loop of noise

/** State of a {@link Random}, enough to continue its sequence exactly: plain JSON. */
export interface RandomState {
  /** State words of xoshiro128**. */
  readonly words: readonly [number, number, number, number];
  /** Hash from which forks are derived. It does not depend on how many numbers were drawn. */
  readonly origin: number;
  /** Second of the last pair of normals, or null. */
  readonly spare: number | null;
}

/**
 * A seeded generator: xoshiro128** 1.1 (Blackman and Vigna, 2021), seeded by splitmix32. The same
 * seed gives the same numbers on every machine and every tensor backend.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;
  #origin: number;
  #spare: number | null = null;

  /**
   * seed: any finite number; integers up to 2^53 give distinct streams. Throws FLOWLINE_USAGE for
   * NaN or infinity.
   */
  constructor(seed: number) {
    if (!Number.isFinite(seed)) {
      throw new FlowError('FLOWLINE_USAGE', `a seed must be a finite number, found ${seed}`, { where: 'seed' });
    }
    const parts = new Uint32Array(new Float64Array([seed]).buffer);
    this.#origin = mix(mix(at(parts, 0)) ^ at(parts, 1));
    let state = this.#origin;
    const next = () => mix((state = (state + 0x9e3779b9) | 0));
    this.#a = next();
    this.#b = next();
    this.#c = next();
    this.#d = next() | 1; // the state is never all zero
  }

  /** A uniform 32-bit unsigned integer. */
  uint32(): number {
    const fives = imul(this.#b, 5);
    const result = imul((fives << 7) | (fives >>> 25), 9);
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result >>> 0;
  }

  /** Uniform in [0, 1), with 53 random bits. */
  uniform(): number {
    return ((this.uint32() >>> 5) * 0x4000000 + (this.uint32() >>> 6)) / 0x20000000000000;
  }

  /** Standard normal, by the polar method of Marsaglia and Bray (1964). */
  normal(): number {
    if (this.#spare !== null) {
      const spare = this.#spare;
      this.#spare = null;
      return spare;
    }
    for (;;) {
      const u = 2 * this.uniform() - 1;
      const v = 2 * this.uniform() - 1;
      const square = u * u + v * v;
      if (square < 1 && square > 0) {
        const factor = sqrt((-2 * log(square)) / square);
        this.#spare = v * factor;
        return u * factor;
      }
    }
  }

  /** Uniform in {0, …, n − 1}, without bias; 1 ≤ n ≤ 2^32. */
  integer(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 0x100000000) {
      throw new FlowError('FLOWLINE_USAGE', `integer(n) needs a whole n from 1 to 2^32, found ${n}`, { where: 'n' });
    }
    const limit = 0x100000000 - (0x100000000 % n);
    for (;;) {
      const draw = this.uint32();
      if (draw < limit) return draw % n;
    }
  }

  /** A uniformly random permutation of 0 … n − 1 (Fisher and Yates). */
  permutation(n: number): Int32Array {
    const order = Int32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const kept = order[i] ?? missing(order, i);
      order[i] = order[j] ?? missing(order, j);
      order[j] = kept;
    }
    return order;
  }

  /** `size` standard normals as float32, times `scale`. */
  normals(size: number, scale = 1): Float32Array {
    const values = new Float32Array(size);
    for (let i = 0; i < size; i++) values[i] = Math.fround(this.normal()) * scale;
    return values;
  }

  /**
   * Announces weights that are about to be made, so that a generator with a limit can refuse before
   * there is memory for them. Any other has none.
   */
  reserve(_size: number): void {
    // No limit.
  }

  /**
   * An independent generator that depends only on the seed and the label, not on how many numbers
   * were drawn.
   */
  fork(label: string): Random {
    let hash = this.#origin;
    for (let i = 0; i < label.length; i++) hash = mix(hash ^ label.charCodeAt(i));
    return new Random(mix(hash ^ 0x5bd1e995) >>> 0);
  }

  /** State from which {@link Random.from} continues. */
  state(): RandomState {
    return { words: [this.#a, this.#b, this.#c, this.#d], origin: this.#origin, spare: this.#spare };
  }

  /** A generator that continues from a `state()`. */
  static from(state: RandomState): Random {
    const random = new Random(0);
    [random.#a, random.#b, random.#c, random.#d] = state.words;
    random.#origin = state.origin;
    random.#spare = state.spare;
    return random;
  }
}

/**
 * Generator without draws: every normal is 0. For a flow whose weights are all replaced at once.
 */
export class NoDraws extends Random {
  #left: number;

  /**
   * @param most weights that there may be in all, so that a configuration which names huge layers
   * is refused before there is memory for them (default: no limit).
   */
  constructor(most = Infinity) {
    super(0);
    this.#left = most;
  }

  override normal(): number {
    return 0;
  }

  override normals(size: number): Float32Array {
    this.reserve(size);
    return new Float32Array(size);
  }

  /** Throws FLOWLINE_MODEL_INCOMPATIBLE beyond the limit. */
  override reserve(size: number): void {
    this.#left -= size;
    if (this.#left < 0) {
      throw new FlowError('FLOWLINE_MODEL_INCOMPATIBLE', 'the configuration has more weights than the file', {
        where: 'config',
        remedy: 'Restore the file from where it was written.',
      });
    }
  }

  override fork(): Random {
    return this;
  }
}

/**
 * Finaliser of MurmurHash3: each bit of the input flips each bit of the output with probability one
 * half.
 */
function mix(value: number): number {
  let h = value | 0;
  h = imul(h ^ (h >>> 16), 0x85ebca6b);
  h = imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
