import { scoringCompute, type DetectorDefinition, type Settings } from '@flowline/config';
import { type Database, explainDeferred, loadModelVersion } from '@flowline/db';
import { Detector, loadBundle } from '@flowline/detector';
import { folderCache } from '@flowline/engine';
import { FlowlineError } from '@flowline/events';

import type { DeferredExplanations } from './explain-later.ts';

/** Parts of {@link deferredExplanations}. */
export interface DeferredExplanationsParts {
  readonly db: Database;
  readonly settings: Pick<Settings, 'scoring' | 'cacheFolder'>;
  readonly definition: DetectorDefinition;
}

/** Errors of a version that no later attempt can load. */
const GONE: readonly string[] = ['FLOWLINE_MODEL_MISSING', 'FLOWLINE_MODEL_CORRUPTED', 'FLOWLINE_MODEL_INCOMPATIBLE'];

/**
 * Anomalies of a detector that wait in Postgres for their explanation. Holds one model at a time,
 * and only while anomalies wait that the version scored.
 */
export function deferredExplanations(parts: DeferredExplanationsParts): DeferredExplanations {
  const { db, settings, definition } = parts;
  const { name } = definition;
  let held: { readonly version: number; readonly detector: Detector } | undefined;
  const close = (): void => {
    held?.detector.dispose();
    held = undefined;
  };
  const load = async (version: number): Promise<Detector> => {
    const { bytes, sha256, alpha } = await loadModelVersion(db, name, version);
    const { backend, threads } = scoringCompute(settings, definition.compute);
    const compute = { backend, threads: threads ?? undefined, cache: folderCache(settings.cacheFolder) };
    return Detector.create(loadBundle(bytes, sha256), { alpha, ...compute });
  };
  return {
    explainNext: async (limit, explain) => {
      const page = await explainDeferred(db, name, limit, explain);
      if (page.explained === 0) close();
      return page;
    },
    detector: async (version) => {
      try {
        if (held?.version !== version) {
          close();
          held = { version, detector: await load(version) };
        }
        return held.detector;
      } catch (error) {
        if (error instanceof FlowlineError && GONE.includes(error.code)) return null;
        throw error;
      }
    },
    close,
  };
}
