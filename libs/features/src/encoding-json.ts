import { FlowlineError, expressionSchema, featureTypes, type FeatureSpec } from '@flowline/events';

import { ENCODING_FORMAT, ENCODING_VERSION, RANGELESS_VERSION, type FeatureEncodingConfig } from './encoding-config.ts';
import { checkSchema, isLevelFeature, scaleOf } from './feature-schema.ts';
import type { LevelChainConfig } from './level-chain.ts';
import type { LevelColumnConfig } from './level-column.ts';
import { ENCODED_BOUND, type NumericColumnConfig } from './numeric-column.ts';
import type { TransformConfig } from './transforms/transform.ts';

/** First part of a path in an error. */
const ROOT = 'encoding';

/**
 * Parses a saved encoding, and validates all of it.
 * @throws FlowlineError FLOWLINE_MODEL_INCOMPATIBLE, with the path in `where`.
 */
export function parseEncodingConfig(json: unknown): FeatureEncodingConfig {
  const root = object(json, ROOT);
  const hasRanges = root.version === ENCODING_VERSION;
  if (root.format !== ENCODING_FORMAT || !(hasRanges || root.version === RANGELESS_VERSION)) {
    throw new FlowlineError(
      'FLOWLINE_MODEL_INCOMPATIBLE',
      `This is not an encoding of features in version ${ENCODING_VERSION} of its format, nor in ${RANGELESS_VERSION} (found ${String(root.format)} ${String(root.version)}).`,
      { where: 'encoding.version', remedy: 'Train the detector again with this version of Flowline.' },
    );
  }
  const schema = list(root.schema, 'schema', parseSpec);
  try {
    checkSchema(schema);
  } catch (cause) {
    throw incompatible('schema', cause instanceof Error ? cause.message : 'is not valid', cause);
  }
  const numericSpecs = schema.filter((spec) => !isLevelFeature(spec));
  const levelSpecs = schema.filter(isLevelFeature);
  const numeric = list(root.numeric, 'numeric', (value, where, i) =>
    parseNumeric(hasRanges ? value : withoutRange(value), where, numericSpecs[i]),
  );
  const levels = list(root.levels, 'levels', (value, where, i) => parseLevels(value, where, levelSpecs[i]));
  expect(numeric.length === numericSpecs.length, 'numeric', 'must have one entry per numeric feature');
  expect(levels.length === levelSpecs.length, 'levels', 'must have one entry per level feature');
  const chains = list(root.chains, 'chains', (value, where, i) =>
    parseChain(value, where, levelSpecs[i], levels[i - 1], levels[i]),
  );
  expect(chains.length === levels.length, 'chains', 'must have one entry per level feature');
  return {
    format: ENCODING_FORMAT,
    version: ENCODING_VERSION,
    schema,
    numeric,
    levels,
    chains,
    missingPatterns: list(root.missingPatterns, 'missingPatterns', (value, where, i) => {
      const [parent, feature, rows] = triple(value, where);
      expect(parent <= i && schema[feature]?.nullable === true, where, 'is not a pattern of nullable features');
      return [parent, feature, rows] as const;
    }),
    trainedRows: whole(root.trainedRows, 'trainedRows'),
    warnings: list(root.warnings, 'warnings', text),
  };
}

function parseSpec(json: unknown, where: string): FeatureSpec {
  const spec = object(json, where);
  const type = featureTypes.find((name) => name === spec.type);
  const from = expressionSchema.safeParse(spec.from);
  const { role, nullable, period } = spec;
  if (type === undefined) throw incompatible(`${where}.type`, 'is not a feature type');
  if (!from.success) throw incompatible(`${where}.from`, 'is no expression');
  if (role !== 'score' && role !== 'context') throw incompatible(`${where}.role`, 'is neither score nor context');
  return {
    name: text(spec.name, `${where}.name`),
    type,
    from: from.data,
    role,
    nullable: truth(nullable, `${where}.nullable`),
    maxLevels: whole(spec.maxLevels, `${where}.maxLevels`),
    period: period === null ? null : finite(period, `${where}.period`),
  };
}

function parseNumeric(json: unknown, where: string, spec: FeatureSpec | undefined): NumericColumnConfig | null {
  if (spec === undefined || spec.type === 'cyclic') {
    expect(json === null, where, 'is not null, for a feature that has nothing fitted');
    return null;
  }
  const column = object(json, where);
  const transform = parseTransform(column.transform, `${where}.transform`);
  expect(
    transform.type === transformTypeOf(spec),
    `${where}.transform`,
    `is not that of a feature of type ${spec.type}`,
  );
  const config = {
    transform,
    mean: finite(column.mean, `${where}.mean`),
    std: finite(column.std, `${where}.std`),
    gaussian: finite(column.gaussian, `${where}.gaussian`),
    uniform: finite(column.uniform, `${where}.uniform`),
    range: column.range === null ? null : parseRange(column.range, `${where}.range`),
    constant: truth(column.constant, `${where}.constant`),
  };
  expect(config.range !== null || spec.nullable, `${where}.range`, 'is null, for a feature that is not nullable');
  expect(config.std > 0 && config.gaussian >= 0 && config.uniform >= 0, where, 'has a scale that is not positive');
  return config;
}

/**
 * Upgrades a numeric column of the version without ranges: no value is beyond the range, no value
 * outside the domain is within tolerance of it, and every value is scored.
 */
function withoutRange(json: unknown): unknown {
  if (!isObject(json)) return json;
  const { transform } = json;
  return {
    ...json,
    transform: isObject(transform) && transform.type === 'positive' ? { ...transform, tolerance: 0 } : transform,
    range: [-ENCODED_BOUND, ENCODED_BOUND],
    constant: false,
  };
}

function parseRange(json: unknown, where: string): readonly [number, number] {
  const [lowest = NaN, highest = NaN, ...more] = list(json, where, finite);
  expect(lowest <= highest && more.length === 0, where, 'is no range');
  return [lowest, highest];
}

function transformTypeOf(spec: FeatureSpec): TransformConfig['type'] {
  if (spec.type === 'positive' || spec.type === 'unit' || spec.type === 'integer') return spec.type;
  const { scale } = scaleOf(spec);
  return scale === 'none' ? 'identity' : scale;
}

function parseTransform(json: unknown, where: string): TransformConfig {
  const transform = object(json, where);
  const parameter = (name: string, least: number, limit: number): number => {
    const value = finite(transform[name], `${where}.${name}`);
    expect(value >= least && value < limit, `${where}.${name}`, 'is out of range');
    return value;
  };
  const { type } = transform;
  switch (type) {
    case 'identity':
    case 'integer':
    case 'asinh':
      return { type };
    case 'log':
      return { type, floor: parameter('floor', Number.MIN_VALUE, Infinity) };
    case 'positive': {
      const shift = parameter('shift', 0, Infinity);
      const floor = parameter('floor', shift > 0 ? 0 : Number.MIN_VALUE, Infinity);
      return { type, shift, floor, tolerance: parameter('tolerance', 0, Infinity) };
    }
    case 'unit':
      return { type, epsilon: parameter('epsilon', Number.MIN_VALUE, 0.5) };
    default:
      throw incompatible(`${where}.type`, 'is not a transform of this version');
  }
}

function parseLevels(json: unknown, where: string, spec: FeatureSpec | undefined): LevelColumnConfig {
  const column = object(json, where);
  const levels = list(column.levels, `${where}.levels`, text);
  const counts = list(column.counts, `${where}.counts`, whole);
  expect(levels.length === counts.length, where, 'must have one count per level');
  expect(new Set(levels).size === levels.length, where, 'names a level twice');
  const closed = column.closed;
  if (closed !== (spec?.type === 'boolean')) throw incompatible(`${where}.closed`, 'does not fit the type');
  return { levels, counts, unseen: whole(column.unseen, `${where}.unseen`), closed };
}

function parseChain(
  json: unknown,
  where: string,
  spec: FeatureSpec | undefined,
  previous: LevelColumnConfig | undefined,
  own: LevelColumnConfig | undefined,
): LevelChainConfig | null {
  if (spec?.role !== 'score' || previous === undefined || own === undefined) {
    expect(json === null, where, 'is not null, for a feature that has none before it');
    return null;
  }
  const chain = object(json, where);
  const strength = finite(chain.strength, `${where}.strength`);
  expect(strength > 0, `${where}.strength`, 'is not positive');
  const counts = list(chain.counts, `${where}.counts`, (value, at) => {
    const [i, j, count] = triple(value, at);
    expect(i <= previous.levels.length && j <= own.levels.length && count > 0, at, 'counts levels that are not there');
    return [i, j, count] as const;
  });
  return { strength, counts };
}

function object(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (!isObject(value)) throw incompatible(where, 'is not an object');
  return value;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function list<T>(
  value: unknown,
  where: string,
  parse: (item: unknown, where: string, index: number) => T,
): readonly T[] {
  if (!Array.isArray(value)) throw incompatible(where, 'is not a list');
  return value.map((item: unknown, i) => parse(item, `${where}[${i}]`, i));
}

function triple(value: unknown, where: string): readonly [number, number, number] {
  const [first = -1, second = -1, third = -1, ...more] = list(value, where, whole);
  expect(first >= 0 && second >= 0 && third >= 0 && more.length === 0, where, 'is not a triple');
  return [first, second, third];
}

function text(value: unknown, where: string): string {
  if (typeof value !== 'string') throw incompatible(where, 'is not text');
  return value;
}

function finite(value: unknown, where: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw incompatible(where, 'is not a finite number');
  return value;
}

function truth(value: unknown, where: string): boolean {
  if (typeof value !== 'boolean') throw incompatible(where, 'is neither true nor false');
  return value;
}

function whole(value: unknown, where: string): number {
  const number = finite(value, where);
  expect(Number.isSafeInteger(number) && number >= 0, where, 'is not a whole number');
  return number;
}

function expect(condition: boolean, where: string, finding: string): void {
  if (!condition) throw incompatible(where, finding);
}

function incompatible(where: string, finding: string, cause?: unknown): FlowlineError {
  return new FlowlineError(
    'FLOWLINE_MODEL_INCOMPATIBLE',
    `The saved encoding of features is not valid: ${where} ${finding}.`,
    {
      where: where === ROOT ? ROOT : `${ROOT}.${where}`,
      remedy: 'Train the detector again.',
      cause,
    },
  );
}
