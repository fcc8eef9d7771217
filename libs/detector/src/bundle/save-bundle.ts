import { createHash } from 'node:crypto';
import { FlowlineError, type EntitySpec, type ErrorCode, type FeatureSpec, type LookupTable } from '@flowline/events';
import { FeatureEncoding } from '@flowline/features';
import { decodeSafetensors, encodeSafetensors, FlowError, type SafeTensor } from '@flowline/flows';
import { BUNDLE_VERSION, type BundleMetadata, type ModelBundle } from './bundle.ts';
import type { CalibrationSet } from '../calibration/calibration-set.ts';
import type { Calibration } from '../calibration/calibration.ts';
import { valueAt } from '../sorted.ts';

const FORMAT = 'flowline.model';

/** JSON part of a bundle file, next to its tensors. */
interface Manifest {
  readonly metadata: BundleMetadata;
  readonly lookups: Readonly<Record<string, LookupTable>>;
  /** Absent in models made before windows existed. */
  readonly entity?: EntitySpec | null;
  readonly encoding: unknown;
  /** Metadata of each member's own file. */
  readonly flows: readonly Readonly<Record<string, string>>[];
  /**
   * Rows and log unit of each calibration by the name of its tensors, and the patterns that have
   * one.
   */
  readonly calibrations: Readonly<Record<string, { readonly rows: number; readonly logUnit: number | null }>>;
  readonly patterns: readonly (readonly [pattern: number, calibration: string])[];
}

/** Content address of a saved bundle: the SHA-256 of its bytes in hexadecimal. */
export function bundleSha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * Serialises a bundle as one safetensors file: tensors of the flows (`member0/…`) and of the
 * calibrations, the rest as JSON in `__metadata__`. The same bundle gives the same bytes, whose
 * SHA-256 is its name.
 */
export function saveBundle(bundle: ModelBundle): Uint8Array {
  const tensors: Record<string, SafeTensor> = {};
  const flows = bundle.flows.map((bytes, member) => {
    const content = decodeSafetensors(bytes);
    for (const [name, tensor] of content.tensors) tensors[`member${member}/${name}`] = tensor;
    return content.metadata;
  });
  const { pooled, byPattern } = bundle.calibration;
  const calibrations: Record<string, { rows: number; logUnit: number | null }> = {};
  const keep = (name: string, calibration: Calibration): string => {
    Object.assign(tensors, calibrationTensors(name, calibration));
    calibrations[name] = { rows: calibration.rows, logUnit: calibration.tail?.logUnit ?? null };
    return name;
  };
  keep('pooled', pooled);
  const patterns = [...byPattern].map(
    ([pattern, own]) => [pattern, own === pooled ? 'pooled' : keep(`pattern${pattern}`, own)] as const,
  );
  const manifest: Manifest = {
    metadata: bundle.metadata,
    lookups: bundle.lookups,
    entity: bundle.entity,
    encoding: bundle.encoding,
    flows,
    calibrations,
    patterns,
  };
  return encodeSafetensors(tensors, {
    format: FORMAT,
    version: String(BUNDLE_VERSION),
    manifest: JSON.stringify(manifest),
  });
}

/**
 * Loads a bundle that `saveBundle` wrote. It scores the same bit for bit.
 *
 * @param expectedSha256 if given, the required SHA-256 of the bytes.
 * @param expectedSchema if given, the required features: a model never scores events of another
 * detector version.
 * @throws FlowlineError FLOWLINE_MODEL_CORRUPTED for damaged bytes, FLOWLINE_MODEL_INCOMPATIBLE for
 * another program, format version or set of features.
 */
export function loadBundle(
  bytes: Uint8Array,
  expectedSha256?: string,
  expectedSchema?: readonly FeatureSpec[],
): ModelBundle {
  const sha256 = bundleSha256(bytes);
  if (expectedSha256 !== undefined && sha256 !== expectedSha256) {
    throw unusable('FLOWLINE_MODEL_CORRUPTED', `its SHA-256 is ${sha256}, expected ${expectedSha256}`);
  }
  const { tensors, metadata } = decoded(bytes);
  if (metadata.format !== FORMAT) {
    throw unusable(
      'FLOWLINE_MODEL_INCOMPATIBLE',
      `its format is ${metadata.format ?? 'not named'}, expected ${FORMAT}`,
    );
  }
  if (metadata.version !== String(BUNDLE_VERSION)) {
    throw unusable(
      'FLOWLINE_MODEL_INCOMPATIBLE',
      `its format version is ${metadata.version ?? 'not named'}, this release reads ${BUNDLE_VERSION}`,
    );
  }
  const manifest = parsedManifest(metadata.manifest);
  const encoding = FeatureEncoding.fromJSON(manifest.encoding);
  if (expectedSchema !== undefined && JSON.stringify(expectedSchema) !== JSON.stringify(encoding.schema)) {
    throw unusable('FLOWLINE_MODEL_INCOMPATIBLE', 'its features are not those of the detector');
  }
  return {
    metadata: manifest.metadata,
    schema: encoding.schema,
    lookups: manifest.lookups,
    entity: manifest.entity ?? null,
    encoding,
    flows: manifest.flows.map((own, member) => flowBytes(tensors, own, `member${member}/`)),
    calibration: calibrationSet(tensors, manifest),
  };
}

function calibrationTensors(name: string, { scores, pValues, tail }: Calibration): Record<string, SafeTensor> {
  const vector = (data: Float64Array): SafeTensor => ({ dtype: 'F64', shape: [data.length], data });
  const own = {
    [`calibration/${name}/scores`]: vector(scores),
    [`calibration/${name}/pValues`]: vector(pValues),
  };
  if (tail === null) return own;
  const laws = Float64Array.from(tail.laws.flatMap(({ shape, scale }) => [shape, scale]));
  return {
    ...own,
    [`calibration/${name}/knots`]: vector(tail.knots),
    [`calibration/${name}/logP`]: vector(tail.logP),
    [`calibration/${name}/laws`]: { dtype: 'F64', shape: [tail.laws.length, 2], data: laws },
  };
}

function calibrationSet(
  tensors: ReadonlyMap<string, SafeTensor>,
  { calibrations, patterns }: Manifest,
): CalibrationSet {
  const all = new Map(
    Object.entries(calibrations).map(([name, { rows, logUnit }]): [string, Calibration] => {
      const of = (part: string): Float64Array => float64(tensors, `calibration/${name}/${part}`);
      if (logUnit === null) return [name, { rows, scores: of('scores'), pValues: of('pValues'), tail: null }];
      const flat = of('laws');
      const laws = Array.from({ length: flat.length / 2 }, (_, i) => ({
        shape: valueAt(flat, 2 * i),
        scale: valueAt(flat, 2 * i + 1),
      }));
      const tail = { knots: of('knots'), logP: of('logP'), laws, logUnit };
      return [name, { rows, scores: of('scores'), pValues: of('pValues'), tail }];
    }),
  );
  const named = (name: string): Calibration => {
    const calibration = all.get(name);
    if (calibration === undefined) throw unusable('FLOWLINE_MODEL_CORRUPTED', `it lacks the calibration ${name}`);
    return calibration;
  };
  return { pooled: named('pooled'), byPattern: new Map(patterns.map(([pattern, name]) => [pattern, named(name)])) };
}

/** Reassembles a member's tensors into the file they came from. */
function flowBytes(
  tensors: ReadonlyMap<string, SafeTensor>,
  metadata: Readonly<Record<string, string>>,
  prefix: string,
): Uint8Array {
  const own = [...tensors].filter(([name]) => name.startsWith(prefix));
  return encodeSafetensors(
    Object.fromEntries(own.map(([name, tensor]) => [name.slice(prefix.length), tensor])),
    metadata,
  );
}

function float64(tensors: ReadonlyMap<string, SafeTensor>, name: string): Float64Array {
  const data = tensors.get(name)?.data;
  if (data instanceof Float64Array) return data;
  throw unusable('FLOWLINE_MODEL_CORRUPTED', `it lacks the numbers ${name}`);
}

function decoded(bytes: Uint8Array): ReturnType<typeof decodeSafetensors> {
  try {
    return decodeSafetensors(bytes);
  } catch (cause) {
    if (cause instanceof FlowError) throw unusable('FLOWLINE_MODEL_CORRUPTED', cause.message, cause);
    throw cause;
  }
}

function parsedManifest(text: string | undefined): Manifest {
  const value = parsedJson(text ?? '');
  if (!isManifest(value)) throw unusable('FLOWLINE_MODEL_CORRUPTED', 'its manifest is incomplete');
  return value;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw unusable('FLOWLINE_MODEL_CORRUPTED', 'its manifest is not JSON', cause);
  }
}

function isManifest(value: unknown): value is Manifest {
  if (!isObject(value)) return false;
  const { metadata, lookups, entity, encoding, flows, calibrations, patterns } = value;
  if (!(entity === undefined || entity === null || isObject(entity))) return false;
  return [metadata, lookups, encoding, calibrations].every(isObject) && [flows, patterns].every(Array.isArray);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function unusable(code: ErrorCode, finding: string, cause?: unknown): FlowlineError {
  return new FlowlineError(code, `the model cannot be used: ${finding}`, {
    where: 'model bundle',
    remedy:
      code === 'FLOWLINE_MODEL_CORRUPTED'
        ? 'restore the bytes from where they were stored, or train again'
        : 'train again with this release and this version of the detector',
    ...(cause === undefined ? {} : { cause }),
  });
}
