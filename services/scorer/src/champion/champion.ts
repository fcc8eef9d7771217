import type { Detector } from '@flowline/detector';

import type { EventReader } from '../decoding/event-reader.ts';

/** The parts of a detector that the pipeline uses. */
export type ScoringDetector = Pick<Detector, 'score' | 'explain' | 'alpha' | 'compute' | 'bundle' | 'dispose'>;

/**
 * A champion in use: a model version with everything needed to score events. Immutable. Its
 * features are those of the detector version it was trained for; alpha and the way records are read
 * follow the definition that was in force when the model was loaded.
 */
export interface Champion extends EventReader {
  readonly name: string;
  readonly detectorVersion: number;
  readonly modelVersion: number;
  readonly trainedAt: Date;
  /** Scores and explains. Disposed with the last batch that leases the model. */
  readonly detector: ScoringDetector;
  /** Origin of the choice of the scoring backend, in words. */
  readonly computeDecidedBy: string;
  /**
   * Changes of the definition in force (of that version) that need a newly trained model; null if
   * there are none.
   */
  readonly outdated: { readonly version: number; readonly changes: readonly string[] } | null;
  /**
   * Level of the control of the false discovery rate by the definition in force; null if alpha
   * decides.
   */
  readonly fdr: number | null;
  /** Reason why alpha differs from the definition in force; null if it does not. */
  readonly alphaNote: string | null;
}
