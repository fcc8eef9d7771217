import type { ComputeSpec } from '@flowline/events';

import type { Settings } from './settings.ts';

/** Compute settings for scoring. */
type ScoringSpec = Pick<ComputeSpec, 'backend' | 'threads'>;

/** Compute settings of a process for one detector, and their origin. */
export interface ScoringCompute extends ScoringSpec {
  /** Origin of the backend's name, in words. */
  readonly decidedBy: string;
}

/**
 * Resolves the compute settings for a detector: the environment first, then the detector, then
 * `auto`.
 */
export function scoringCompute(settings: Pick<Settings, 'scoring'>, detector: ScoringSpec | null): ScoringCompute {
  const { backend, threads } = settings.scoring;
  const decidedBy =
    backend !== null
      ? 'FLOWLINE_SCORING_BACKEND'
      : detector !== null
        ? 'compute.backend of the detector'
        : 'the default';
  return {
    backend: backend ?? detector?.backend ?? 'auto',
    threads: threads ?? detector?.threads ?? null,
    decidedBy,
  };
}
