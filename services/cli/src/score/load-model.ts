import { loadSettings, scoringCompute } from '@flowline/config';
import { Detector, loadBundle, type ModelBundle } from '@flowline/detector';
import type { ComputeSpec } from '@flowline/events';
import { folderCache } from '@flowline/engine';
import { modelInForce } from '@flowline/operations';
import { BATCH_ROWS, type EventNames } from '@flowline/operations/scoring';

import { loadModelFile } from './model-file.ts';
import { withDatabase } from '../with-database.ts';

/** Origin of a model: a detector in the database (its champion, or a version), or a file. */
export type ModelSource = { readonly detector: string; readonly version?: number | null } | { readonly file: string };

/** A model, and the fields that identify an event. */
export interface LoadedModel {
  readonly detector: Detector;
  readonly names: EventNames;
  /** Version of the model; null for a file. */
  readonly version: number | null;
}

/** Alpha for an older model file that has none, if the command line gives none either. */
const DEFAULT_ALPHA = 1e-3;

/**
 * Loads a model of a detector from the database, or a model from a file. The backend is the
 * one that the environment names, or else the detector.
 * @throws FlowlineError FLOWLINE_DETECTOR_MISSING, FLOWLINE_MODEL_MISSING,
 * FLOWLINE_MODEL_CORRUPTED, FLOWLINE_MODEL_INCOMPATIBLE, FLOWLINE_BACKEND_UNAVAILABLE,
 * FLOWLINE_FILE_UNREADABLE.
 */
export async function loadModel(source: ModelSource, alpha: number | null): Promise<LoadedModel> {
  const stored = await storedOf(source);
  const { bundle } = stored;
  const detector = await createDetector(bundle, {
    alpha: alpha ?? stored.alpha ?? bundle.metadata.alpha ?? DEFAULT_ALPHA,
    compute: stored.compute,
  });
  const { time, eventId } = bundle.metadata.event ?? { time: bundle.entity?.time ?? null, eventId: null };
  return { detector, names: stored.names ?? { time, id: eventId }, version: stored.version };
}

/** Creates a detector on the backend that the environment names, or else that of `compute`. */
export async function createDetector(
  bundle: ModelBundle,
  { alpha, compute }: { readonly alpha: number; readonly compute: ComputeSpec | null },
): Promise<Detector> {
  const settings = loadSettings();
  const { backend, threads } = scoringCompute(settings, compute);
  return Detector.create(bundle, {
    ...{ alpha, backend },
    threads: threads ?? undefined,
    batchSize: BATCH_ROWS,
    cache: folderCache(settings.cacheFolder),
  });
}

/** A model as it is stored; what a file does not tell is null. */
interface StoredModel {
  readonly bundle: ModelBundle;
  readonly alpha: number | null;
  readonly compute: ComputeSpec | null;
  readonly names: EventNames | null;
  readonly version: number | null;
}

async function storedOf(source: ModelSource): Promise<StoredModel> {
  if ('file' in source) {
    return { bundle: await loadModelFile(source.file), alpha: null, compute: null, names: null, version: null };
  }
  const { bytes, sha256, ...rest } = await withDatabase((db) =>
    modelInForce(db, source.detector, source.version ?? null),
  );
  return { ...rest, bundle: loadBundle(bytes, sha256) };
}
