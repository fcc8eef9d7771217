/** Seed, so that a file gives the same rows each time. */
const SEED = 0x2545f491;

/**
 * Chooses rows of a source of unknown length, in its order: first every one, then one of two, then
 * one of four, … Which one is drawn, since every second row of two sensors by turns would be of one
 * sensor.
 */
export class RowSampler {
  /** Rows of which one is kept. */
  #stride = 1;
  /** Place of the next row among them, and of the one that is kept. */
  #place = 0;
  #chosen = 0;
  #state = SEED;

  /** True if the next row of the source is to be kept. */
  takes(): boolean {
    if (this.#place === 0) this.#chosen = this.#upTo(this.#stride);
    const isChosen = this.#place === this.#chosen;
    this.#place = (this.#place + 1) % this.#stride;
    return isChosen;
  }

  /** Keeps half of the rows so far, one of each pair, and from now on half as many. */
  halved(size: number): Int32Array {
    this.#stride *= 2;
    this.#place = 0;
    return Int32Array.from({ length: Math.ceil(size / 2) }, (_, pair) => Math.min(size - 1, 2 * pair + this.#upTo(2)));
  }

  /** A whole number from 0 to before `end`: xorshift32 (Marsaglia, 2003). */
  #upTo(end: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % end;
  }
}
