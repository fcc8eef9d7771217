import { loadSettings, scoringCompute } from '@flowline/config';
import { Detector, loadBundle } from '@flowline/detector';
import { folderCache } from '@flowline/engine';
import { modelInForce } from '@flowline/operations';
import { BATCH_ROWS, type EventNames } from '@flowline/operations/scoring';

import { readModelFile } from './model-file.ts';
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
  const stored =
    'detector' in source
      ? await withDatabase((db) => modelInForce(db, source.detector, source.version ?? null))
      : {
          bytes: await readModelFile(source.file),
          sha256: undefined,
          alpha: null,
          compute: null,
          names: null,
          version: null,
        };
  const bundle = loadBundle(stored.bytes, stored.sha256);
  const settings = loadSettings();
  const { backend, threads } = scoringCompute(settings, stored.compute);
  const detector = await Detector.create(bundle, {
    alpha: alpha ?? stored.alpha ?? bundle.metadata.alpha ?? DEFAULT_ALPHA,
    backend,
    threads: threads ?? undefined,
    batchSize: BATCH_ROWS,
    cache: folderCache(settings.cacheFolder),
  });
  const { time, eventId } = bundle.metadata.event ?? { time: bundle.entity?.time ?? null, eventId: null };
  return { detector, names: stored.names ?? { time, id: eventId }, version: stored.version };
}
