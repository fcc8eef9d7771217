import { standardise, unstandardise, type Standardisation } from './transforms/standardise.ts';
import { transformFromConfig } from './transforms/transform-from-config.ts';
import type { Transform, TransformConfig } from './transforms/transform.ts';

/**
 * Encoded values end here, in standard deviations: far beyond any row that could be normal, and near enough that a flow's
 * float32 stays finite.
 */
export const ENCODED_BOUND = 1e12;

/** The trained range ends this many σ of the training noise beyond the outermost training values. */
const NOISE_REACH = 3;

/** How far the trained range reaches beyond the outermost training values, in encoded units. */
export const rangeReach = ({ gaussian, uniform }: Pick<NumericColumnConfig, 'gaussian' | 'uniform'>): number =>
  NOISE_REACH * gaussian + uniform / 2;

/** A value is stray when it is this many times as far out as the trained range reaches. */
const STRAY_FACTOR = 4;

/** A fitted numeric column, as plain JSON. */
export interface NumericColumnConfig extends Standardisation {
  readonly transform: TransformConfig;
  /** σ of the Gaussian training noise, in encoded units. */
  readonly gaussian: number;
  /** Full width of the uniform training noise, in encoded units: one unit of an integer column, else 0. */
  readonly uniform: number;
  /**
   * The trained range in encoded units: of the training values, and as far beyond as the training noise reaches. The flow is asked
   * within it only. null: no training row has a value, and none is scored.
   */
  readonly range: readonly [lowest: number, highest: number] | null;
  /** Every training value is the same: there is no density, so none is counted. */
  readonly constant: boolean;
}

/** One numeric column: original units ↔ encoded (standardised) units. Increasing. */
export class NumericColumn {
  readonly config: NumericColumnConfig;
  /** Whether any training row had a value; where none had, a value says nothing and counts as missing. */
  readonly isKnown: boolean;
  /** The ends of the trained range, in encoded units. */
  readonly lowest: number;
  readonly highest: number;
  /** log|det| at the ends of the range, in nats. */
  readonly logAbsDetAtEnds: readonly [number, number];
  private readonly transform: Transform;
  private readonly logStd: number;

  constructor(config: NumericColumnConfig) {
    this.config = config;
    this.transform = transformFromConfig(config.transform);
    this.logStd = Math.log(config.std);
    this.isKnown = config.range !== null;
    [this.lowest, this.highest] = config.range ?? [-ENCODED_BOUND, ENCODED_BOUND];
    this.logAbsDetAtEnds = [this.logAbsDetOf(this.lowest), this.logAbsDetOf(this.highest)];
  }

  /** Whether a value lies in the column's domain, or a hair beyond its end; never so for NaN and ±Infinity. */
  accepts(value: number): boolean {
    return Number.isFinite(value) && this.transform.accepts(value);
  }

  /** The value of the domain that stands for a finite one: itself, the end it lies beyond, or the closest. */
  nearest(value: number): number {
    return this.transform.nearest(value);
  }

  /** The value on the column's scale, before standardisation; of a value in the domain. */
  scaled(value: number): number {
    return this.transform.forward(value);
  }

  /** From {@link scaled} to encoded units, within ±1e12. */
  standardised(scaled: number): number {
    return Math.max(-ENCODED_BOUND, Math.min(ENCODED_BOUND, standardise(this.config, scaled)));
  }

  /** The encoded value that the flow is asked at: the end of the trained range for a value beyond it. */
  confined(encoded: number): number {
    return Math.max(this.lowest, Math.min(this.highest, encoded));
  }

  /**
   * What the log density of a value has besides the flow's at its {@link confined} value, in nats: log |d encoded / d value| and,
   * beyond the trained range, the fall of a standard normal from its end, (end² − encoded²)/2. The Jacobian does not rise beyond the
   * range, so that a value is never likelier for being further out. A constant column has no density: only the fall counts.
   * @param value in the domain.
   * @param scaled of the value.
   * @param encoded of the value, not confined.
   */
  logDensityTerm(value: number, scaled: number, encoded: number): number {
    const logAbsDet = this.config.constant ? 0 : this.transform.logAbsDet(value, scaled) - this.logStd;
    if (encoded >= this.lowest && encoded <= this.highest) return logAbsDet;
    const atEnd = this.logAbsDetAtEnds[encoded < this.lowest ? 0 : 1];
    return Math.min(logAbsDet, atEnd) - this.fallBeyondRange(encoded);
  }

  /** The fall of a standard normal from the end of the trained range to an encoded value beyond it, in nats; 0 within. */
  fallBeyondRange(encoded: number): number {
    const end = this.confined(encoded);
    return 0.5 * (encoded - end) * (encoded + end);
  }

  /** d encoded / d value at a value in the domain. */
  derivative(value: number): number {
    return Math.exp(this.transform.logAbsDet(value, this.scaled(value)) - this.logStd);
  }

  /** Whether an encoded value lies so far beyond the trained range that it is no value of the same kind. */
  isStray(encoded: number): boolean {
    return this.isKnown && Math.abs(encoded) > STRAY_FACTOR * Math.max(-this.lowest, this.highest);
  }

  /** The original value of an encoded one: between the ends of the domain, and not rounded. */
  decode(encoded: number): number {
    const [lowest, highest] = this.transform.bounds;
    return Math.max(lowest, Math.min(highest, this.transform.inverse(unstandardise(this.config, encoded))));
  }

  /** The original value of an encoded one, as {@link decode}; of one beyond them, the outermost training value. */
  decodeWithin(encoded: number): number {
    if (!this.isKnown) return this.decode(encoded);
    const reach = rangeReach(this.config);
    return this.decode(Math.max(this.lowest + reach, Math.min(this.highest - reach, encoded)));
  }

  private logAbsDetOf(encoded: number): number {
    if (this.config.constant) return 0;
    const scaled = unstandardise(this.config, encoded);
    const value = this.decode(encoded);
    const logAbsDet = this.transform.logAbsDet(value, scaled) - this.logStd;
    return Number.isNaN(logAbsDet) ? Infinity : logAbsDet;
  }
}
