import type { Bijector, BijectorConfig } from './bijector.ts';
import { bijectorFromConfig } from './bijectors/registry.ts';
import { ConfigReader, unexpected } from './config.ts';
import type { Distribution } from './distributions/distribution.ts';
import { distributionFromConfig } from './distributions/registry.ts';
import { FlowError } from './flow-error.ts';
import type { Random } from './random.ts';

/**
 * Version of {@link FlowConfig} and of the layout of the weights that this release reads and
 * writes.
 */
export const FLOW_FORMAT_VERSION = 2;

/** A flow without its weights: plain JSON. */
export interface FlowConfig {
  readonly format: 'flowline.flow';
  readonly version: number;
  /** Name of the constructor, e.g. `realNVP`; informational. */
  readonly family: string;
  readonly features: number;
  readonly context: number;
  /**
   * Per feature, the context column that is 1 where the feature is observed; null: always observed.
   */
  readonly presence: readonly (number | null)[];
  readonly base: Distribution['config'];
  readonly bijector: BijectorConfig;
}

/**
 * A complete flow: its configuration and, by name, its weights as base64 of little-endian float32.
 */
export interface FlowJson {
  readonly config: FlowConfig;
  readonly weights: Readonly<Record<string, string>>;
}

/** Components of a flow. */
export interface FlowParts {
  readonly family: string;
  readonly features: number;
  readonly context: number;
  readonly presence?: readonly (number | null)[];
  readonly base: Distribution;
  readonly bijector: Bijector;
}

/**
 * Components that a configuration describes, with weights drawn from the generator. Throws
 * FLOWLINE_MODEL_INCOMPATIBLE for a configuration that does not fit.
 */
export function partsFromConfig(json: unknown, random: Random): FlowParts {
  const reader = new ConfigReader(json, 'config');
  if (reader.field('format') !== 'flowline.flow') {
    throw unexpected(reader.at('format'), reader.field('format'), "'flowline.flow'");
  }
  if (reader.field('version') !== FLOW_FORMAT_VERSION) {
    throw unexpected(reader.at('version'), reader.field('version'), `version ${FLOW_FORMAT_VERSION}`);
  }
  const presence = reader.list('presence').map((column, i) => {
    if (column !== null && typeof column !== 'number')
      throw unexpected(`config.presence[${i}]`, column, 'a column or null');
    return column;
  });
  const features = reader.integer('features', 1);
  const base = distributionFromConfig(reader.field('base'), random);
  if (base.config.features !== features)
    throw unexpected('config.base.features', base.config.features, String(features));
  return {
    family: reader.string('family'),
    features,
    context: reader.integer('context'),
    presence,
    base,
    bijector: bijectorFromConfig(reader.field('bijector'), random),
  };
}

/** Weights as text: base64 of little-endian float32. */
export function toBase64(values: Float32Array): string {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => bytes.writeFloatLE(value, 4 * i));
  return bytes.toString('base64');
}

/** Weights from the text of {@link toBase64}. Throws FLOWLINE_MODEL_CORRUPTED. */
export function fromBase64(text: string, where: string): Float32Array {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length % 4 !== 0 || bytes.toString('base64') !== text) {
    throw new FlowError('FLOWLINE_MODEL_CORRUPTED', 'found text that is not base64 of float32 values', { where });
  }
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));
}
