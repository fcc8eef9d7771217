import { type PortableKernels, scorerOfKernels } from '@flowline/engine/browser';
import { type FeatureTable, type KnownFeature, RowEncoder, tableOfValues } from '@flowline/features';
import { decodeSafetensors } from '@flowline/flows';

import { modelSizes, type Tensors } from '../bundle/checked.ts';
import { loadedCalibrations } from '../bundle/saved-calibrations.ts';
import { loadedStatistic } from '../bundle/saved-statistic.ts';
import { unusable } from '../bundle/unusable.ts';
import type { Scores } from '../scores.ts';
import { scoreTable, type ScoringParts } from '../score-table.ts';
import {
  BROWSER_FORMAT,
  BROWSER_VERSION,
  type BrowserManifest,
  type KernelAddresses,
  kernelName,
} from './browser-bundle.ts';

/** Values of an event by feature; null is a missing one. */
export type EventValues = Readonly<Record<string, number | string | null>>;

/** Model that scores in this program, without a server. */
export class BrowserDetector {
  readonly #parts: ScoringParts;
  /** Features in the order of the schema, with the values that they had in training. */
  readonly features: readonly KnownFeature[];

  constructor(parts: Omit<ScoringParts, 'encoding'>, encoder: RowEncoder) {
    this.#parts = { ...parts, encoding: encoder };
    this.features = encoder.features;
  }

  /**
   * Scores events by the values of their features, as the server would.
   * @throws FlowlineError FLOWLINE_FEATURES_INVALID for a missing value of a feature that is not
   * nullable, or an infinite one.
   */
  score(events: readonly EventValues[]): Promise<Scores> {
    return this.scoreTable(tableOfValues(this.#parts.encoding.schema, events));
  }

  /** Scores a table of the model's columns; see {@link score}. */
  scoreTable(table: FeatureTable): Promise<Scores> {
    return scoreTable(this.#parts, table);
  }
}

/**
 * Opens a file that `exportBrowser` wrote, and compiles its modules here.
 * @throws FlowlineError FLOWLINE_MODEL_INCOMPATIBLE for another format version;
 * FLOWLINE_MODEL_CORRUPTED; FLOWLINE_BACKEND_UNAVAILABLE if this program runs no WebAssembly SIMD.
 */
export async function openBrowserBundle(bytes: Uint8Array): Promise<BrowserDetector> {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const { format, version, manifest: text } = metadata;
  if (format !== BROWSER_FORMAT || version !== String(BROWSER_VERSION) || text === undefined) {
    const found = `${format ?? 'no format'}, version ${version ?? 'none'}`;
    throw unusable('FLOWLINE_MODEL_INCOMPATIBLE', `found ${found}; expected ${BROWSER_FORMAT}, ${BROWSER_VERSION}`);
  }
  // As the API wrote it: its format and version are checked.
  const manifest = JSON.parse(text) as BrowserManifest;
  const scorer = await scorerOfKernels(kernelsOf(manifest, tensors));
  const { encoding, statistic } = manifest;
  const encoder = new RowEncoder(encoding);
  const sizes = modelSizes(encoder);
  const parts = {
    ...{ scorer, calibration: loadedCalibrations(tensors, manifest, sizes.contexts) },
    statistic: statistic && loadedStatistic(tensors, statistic, sizes),
  };
  return new BrowserDetector(parts, encoder);
}

const kernelsOf = ({ members }: BrowserManifest, tensors: Tensors): PortableKernels[] =>
  members.map(({ shape, score }, member) => ({ shape, score: kernelOf(tensors, kernelName(member), score) }));

function kernelOf(tensors: Tensors, name: string, addresses: KernelAddresses): PortableKernels['score'] {
  const data = tensors.get(name)?.data;
  if (!(data instanceof Uint8Array)) throw unusable('FLOWLINE_MODEL_CORRUPTED', `it lacks ${name}`);
  return { ...addresses, bytes: new Uint8Array(data) };
}
