import { NO_RANGE } from './marked-rows.ts';
import { standardise, unstandardise, type Standardisation } from './transforms/standardise.ts';
import { transformFromConfig } from './transforms/transform-from-config.ts';
import type { Transform, TransformConfig } from './transforms/transform.ts';

/**
 * Limit of encoded values, in standard deviations: far beyond any row that could be normal, and
 * small enough that a flow stays finite in float32.
 */
export const ENCODED_BOUND = 1e12;

/**
 * Distance from the outermost training values to the ends of the trained range, in σ of the
 * training noise.
 */
const NOISE_REACH = 3;

/**
 * Distance from the outermost training values to the ends of the trained range, in encoded units.
 */
export const rangeReach = ({ gaussian, uniform }: Pick<NumericColumnConfig, 'gaussian' | 'uniform'>): number =>
  NOISE_REACH * gaussian + uniform / 2;

/** A value is stray if it is more than this many times as far out as the trained range reaches. */
const STRAY_FACTOR = 4;

/** Fitted numeric column, as plain JSON. */
export interface NumericColumnConfig extends Standardisation {
  readonly transform: TransformConfig;
  /** σ of the Gaussian training noise, in encoded units. */
  readonly gaussian: number;
  /**
   * Full width of the uniform training noise, in encoded units: one unit of an integer column,
   * otherwise 0.
   */
  readonly uniform: number;
  /**
   * Trained range in encoded units: that of the training values, extended by the reach of the
   * training noise. The flow is evaluated only within it. Null if no training row has a value: then
   * none is scored.
   */
  readonly range: readonly [lowest: number, highest: number] | null;
  /** True if all training values are the same: there is no density, so none is counted. */
  readonly constant: boolean;
}

/** Numeric column: an increasing map between original and encoded (standardised) units. */
export class NumericColumn {
  readonly config: NumericColumnConfig;
  /**
   * True if any training row had a value. Otherwise a value carries no information and counts as
   * missing.
   */
  readonly isKnown: boolean;
  /** Ends of the trained range, in encoded units. */
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

  /**
   * True if a value lies in the column's domain or within tolerance of its ends; false for NaN and
   * ±Infinity.
   */
  accepts(value: number): boolean {
    return Number.isFinite(value) && this.transform.accepts(value);
  }

  /** Range whose values are all accepted: that of the domain, unless it is the whole numbers. */
  get interval(): readonly [lowest: number, highest: number] {
    return this.config.transform.type === 'integer' ? NO_RANGE : this.transform.bounds;
  }

  /**
   * Returns the value of the domain that represents a finite value: itself, the end it lies beyond,
   * or the nearest one.
   */
  nearest(value: number): number {
    return this.transform.nearest(value);
  }

  /** Converts a value of the domain to the column's scale, before standardisation. */
  scaled(value: number): number {
    return this.transform.forward(value);
  }

  /** Converts from {@link scaled} to encoded units, within ±1e12. */
  standardised(scaled: number): number {
    return Math.max(-ENCODED_BOUND, Math.min(ENCODED_BOUND, standardise(this.config, scaled)));
  }

  /**
   * Returns the encoded value at which the flow is evaluated: the end of the trained range for a
   * value beyond it.
   */
  confined(encoded: number): number {
    return Math.max(this.lowest, Math.min(this.highest, encoded));
  }

  /**
   * Term of a value's log-density besides the flow's at its {@link confined} value, in nats: log |d
   * encoded / d value|, and beyond the trained range the fall of a standard normal from its end,
   * (end² − encoded²)/2. The Jacobian is capped at that of the end, so that a value is never more
   * likely for being further out. A constant column has no density: only the fall counts.
   * @param value original value, in the domain.
   * @param scaled its {@link scaled} value.
   * @param encoded its encoded value, not confined.
   */
  logDensityTerm(value: number, scaled: number, encoded: number): number {
    const logAbsDet = this.config.constant ? 0 : this.transform.logAbsDet(value, scaled) - this.logStd;
    if (encoded >= this.lowest && encoded <= this.highest) return logAbsDet;
    const atEnd = this.logAbsDetAtEnds[encoded < this.lowest ? 0 : 1];
    return Math.min(logAbsDet, atEnd) - this.fallBeyondRange(encoded);
  }

  /**
   * Fall of a standard normal from the end of the trained range to an encoded value beyond it, in
   * nats; 0 within.
   */
  fallBeyondRange(encoded: number): number {
    const end = this.confined(encoded);
    return 0.5 * (encoded - end) * (encoded + end);
  }

  /** d encoded / d value at a value in the domain. */
  derivative(value: number): number {
    return Math.exp(this.transform.logAbsDet(value, this.scaled(value)) - this.logStd);
  }

  /**
   * True if an encoded value is so far beyond the trained range that it cannot be of the same kind.
   */
  isStray(encoded: number): boolean {
    return this.isKnown && Math.abs(encoded) > STRAY_FACTOR * Math.max(-this.lowest, this.highest);
  }

  /** Converts an encoded value to original units, within the domain and not rounded. */
  decode(encoded: number): number {
    const [lowest, highest] = this.transform.bounds;
    return Math.max(lowest, Math.min(highest, this.transform.inverse(unstandardise(this.config, encoded))));
  }

  /**
   * Like {@link decode}, but returns the outermost training value for an encoded value beyond it.
   */
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
