import { createHash } from 'node:crypto';
import type { EntitySpec, FeatureSpec, LookupTable } from '@flowline/events';
import { FeatureEncoding } from '@flowline/features';
import { decodeSafetensors, encodeSafetensors, FlowError, type SafeTensor } from '@flowline/flows';
import { BUNDLE_VERSION, type BundleMetadata, DENSITY_VERSION, type ModelBundle, READABLE_VERSIONS } from './bundle.ts';
import { type CalibrationManifest, loadedCalibrations, savedCalibrations } from './saved-calibrations.ts';
import { loadedStatistic, savedStatistic, type StatisticManifest } from './saved-statistic.ts';
import { checkContent, contentSha256 } from './content-sha256.ts';
import { checkedManifest } from './checked-manifest.ts';
import { isObject, modelSizes } from './checked.ts';
import { unusable } from './unusable.ts';

const FORMAT = 'flowline.model';

/** JSON part of a bundle file, next to its tensors. */
interface Manifest extends CalibrationManifest {
  readonly metadata: BundleMetadata;
  readonly lookups: Readonly<Record<string, LookupTable>>;
  /** Absent in models made before windows existed. */
  readonly entity?: EntitySpec | null;
  readonly encoding: unknown;
  /** Statistic that decides; absent for the density test. */
  readonly statistic?: StatisticManifest;
  /** Metadata of each member's own file. */
  readonly flows: readonly Readonly<Record<string, string>>[];
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
  const saved = savedCalibrations(bundle.calibration);
  const statistic = bundle.statistic && savedStatistic(bundle.statistic);
  Object.assign(tensors, saved.tensors, statistic?.tensors);
  const manifest: Manifest = {
    metadata: bundle.metadata,
    lookups: bundle.lookups,
    entity: bundle.entity,
    encoding: bundle.encoding,
    flows,
    ...saved.manifest,
    ...(statistic === null ? {} : { statistic: statistic.manifest }),
  };
  const content = {
    format: FORMAT,
    version: String(statistic === null ? DENSITY_VERSION : BUNDLE_VERSION),
    manifest: JSON.stringify(manifest),
  };
  return encodeSafetensors(tensors, { ...content, sha256: contentSha256(content, new Map(Object.entries(tensors))) });
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
  if (!READABLE_VERSIONS.includes(Number(metadata.version))) {
    throw unusable(
      'FLOWLINE_MODEL_INCOMPATIBLE',
      `its format version is ${metadata.version ?? 'not named'}, this release reads ${READABLE_VERSIONS.join(', ')}`,
    );
  }
  checkContent(metadata, tensors);
  const manifest = parsedManifest(metadata.manifest);
  const encoding = FeatureEncoding.fromJSON(manifest.encoding);
  if (expectedSchema !== undefined && JSON.stringify(expectedSchema) !== JSON.stringify(encoding.schema)) {
    throw unusable('FLOWLINE_MODEL_INCOMPATIBLE', 'its features are not those of the detector');
  }
  const { schema, dimensions, contextWidth } = encoding;
  const sizes = modelSizes({ schema, dimensions, width: dimensions + contextWidth });
  const { flows, ...known } = checkedManifest(manifest);
  return {
    ...known,
    schema,
    encoding,
    flows: flows.map((own, member) => flowBytes(tensors, own, `member${member}/`)),
    calibration: loadedCalibrations(tensors, manifest, sizes.contexts),
    statistic: manifest.statistic === undefined ? null : loadedStatistic(tensors, manifest.statistic, sizes),
  };
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
