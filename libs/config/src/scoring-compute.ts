import type { ComputeSpec } from '@flowline/events';

import type { Settings } from './settings.ts';

/** How a process scores for a detector, and who says so. */
export interface ScoringCompute extends ComputeSpec {
  /** Who named the backend, in words. */
  readonly decidedBy: string;
}

/** How this process scores for a detector: as its environment says, else as the detector says, else `auto`. */
export function scoringCompute(settings: Pick<Settings, 'scoring'>, detector: ComputeSpec | null): ScoringCompute {
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
