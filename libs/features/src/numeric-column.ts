import type { FeatureSpec } from '@flowline/events';

import { scaleOf } from './feature-schema.ts';
import { noiseScale } from './noise.ts';
import { asinh } from './transforms/asinh.ts';
import { identity } from './transforms/identity.ts';
import { integer } from './transforms/integer.ts';
import { log } from './transforms/log.ts';
import { fitPositive } from './transforms/positive.ts';
import { fitStandardisation, standardise, unstandardise, type Standardisation } from './transforms/standardise.ts';
import { transformFromConfig } from './transforms/transform-from-config.ts';
import type { Transform, TransformConfig } from './transforms/transform.ts';
import { fitUnit } from './transforms/unit.ts';

/**
 * Encoded values end here, in standard deviations: far beyond any row that could be normal, and near enough that a flow's
 * float32 stays finite. The density given to a row beyond is the one at this bound.
 */
export const ENCODED_BOUND = 1e12;

/** A fitted numeric column, as plain JSON. */
export interface NumericColumnConfig extends Standardisation {
  readonly transform: TransformConfig;
  /** σ of the Gaussian training noise, in encoded units. */
  readonly gaussian: number;
  /** Full width of the uniform training noise, in encoded units: one unit of an integer column, else 0. */
  readonly uniform: number;
}

/** One numeric column: original units ↔ encoded (standardised) units. Increasing. */
export class NumericColumn {
  readonly config: NumericColumnConfig;
  private readonly transform: Transform;
  private readonly logStd: number;

  constructor(config: NumericColumnConfig) {
    this.config = config;
    this.transform = transformFromConfig(config.transform);
    this.logStd = Math.log(config.std);
  }

  /** Whether a value lies in the column's domain; never so for NaN and ±Infinity. */
  accepts(value: number): boolean {
    return Number.isFinite(value) && this.transform.accepts(value);
  }

  /** The value itself where it is in the domain, else the closest one that is. */
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

  /** log |d encoded / d value| in nats, at a value in the domain and its {@link scaled}. */
  logAbsDet(value: number, scaled: number): number {
    return this.transform.logAbsDet(value, scaled) - this.logStd;
  }

  /** The original value of an encoded one: between the ends of the domain, and not rounded. */
  decode(encoded: number): number {
    const [lowest, highest] = this.transform.bounds;
    return Math.max(lowest, Math.min(highest, this.transform.inverse(unstandardise(this.config, encoded))));
  }
}

/** What a fit of a column found. */
export interface FittedColumn {
  readonly column: NumericColumn;
  /** Values of the training rows outside the column's domain; they did not enter the fit. */
  readonly outside: number;
  /** Values of the training rows that did. */
  readonly used: number;
}

/**
 * Fits a numeric column (any but cyclic) to the observed values of the training rows.
 * @param observed finite values, any order.
 */
export function fitNumericColumn(spec: FeatureSpec, observed: Float64Array): FittedColumn {
  const domain = domainOf(spec);
  const values = observed.filter((value) => domain(value)).sort();
  const transform = fitTransform(spec, values);
  const scaled = values.map((value) => transform.forward(value));
  const standardisation = fitStandardisation(scaled, spec.type === 'integer' ? 1 : 0);
  const encoded = scaled.map((value) => standardise(standardisation, value));
  const discreteByType = spec.type === 'integer';
  const column = new NumericColumn({
    transform: transform.config,
    ...standardisation,
    // Dequantisation already fills the gaps of an integer column.
    gaussian: noiseScale(discreteByType ? encoded.subarray(0, 0) : encoded),
    uniform: discreteByType ? 1 / standardisation.std : 0,
  });
  return { column, outside: observed.length - values.length, used: values.length };
}

/** The values that a fit may use. */
function domainOf(spec: FeatureSpec): (value: number) => boolean {
  switch (spec.type) {
    case 'positive':
      return (value) => value >= 0;
    case 'unit':
      return (value) => value >= 0 && value <= 1;
    case 'integer':
      return Number.isInteger;
    default:
      return scaleOf(spec).scale === 'log' ? (value) => value > 0 : () => true;
  }
}

function fitTransform(spec: FeatureSpec, sorted: Float64Array): Transform {
  switch (spec.type) {
    case 'positive':
      return fitPositive(sorted);
    case 'unit':
      return fitUnit(sorted);
    case 'integer':
      return integer();
    default:
      break;
  }
  const { scale } = scaleOf(spec);
  if (scale === 'log') return log(sorted[0] ?? 1);
  return scale === 'asinh' ? asinh() : identity();
}
