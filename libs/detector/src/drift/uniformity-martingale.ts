import { at } from '@flowline/events';

/** Powers of the bets that values are too small, or too large: ε·u^(ε − 1). */
const POWERS = [0.3, 0.6, 0.9];
/** Cells of the bet that learns the density of the values. */
const CELLS = 10;

/**
 * Test of whether values are uniform on (0, 1), each given those before: a martingale that begins
 * with 1 and grows while bets on other distributions win. It is the mean of the capitals of seven
 * players: six bet that values are too small, or too large; one learns their density from the
 * values so far. If the values are uniform, the chance that it ever reaches 1/δ is at most δ (Ville
 * 1939), so that it may be looked at at any time (Vovk, Gammerman, Shafer 2005).
 */
export class UniformityMartingale {
  readonly #logCapitals = new Float64Array(2 * POWERS.length + 1);
  readonly #counts = new Float64Array(CELLS);
  #values = 0;
  #maximum = 0;

  /** Takes the next value in, in (0, 1). */
  add(value: number): void {
    POWERS.forEach((power, i) => {
      this.#win(2 * i, Math.log(power) + (power - 1) * Math.log(value));
      this.#win(2 * i + 1, Math.log(power) + (power - 1) * Math.log1p(-value));
    });
    const cell = Math.min(CELLS - 1, Math.floor(value * CELLS));
    const density = (CELLS * (at(this.#counts, cell) + 1)) / (this.#values + CELLS);
    this.#win(2 * POWERS.length, Math.log(density));
    this.#counts[cell] = at(this.#counts, cell) + 1;
    this.#values++;
    this.#maximum = Math.max(this.#maximum, this.log10);
  }

  /** Decimal logarithm of the capital. */
  get log10(): number {
    const most = Math.max(...this.#logCapitals);
    const sum = this.#logCapitals.reduce((total, capital) => total + Math.exp(capital - most), 0);
    return (most + Math.log(sum / this.#logCapitals.length)) / Math.LN10;
  }

  /** Decimal logarithm of the largest capital so far: the evidence against uniform values. */
  get evidence(): number {
    return this.#maximum;
  }

  #win(player: number, logFactor: number): void {
    this.#logCapitals[player] = at(this.#logCapitals, player) + logFactor;
  }
}
