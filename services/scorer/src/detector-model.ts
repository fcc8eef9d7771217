import type { Detector } from '@flowline/detector';
import type { RecordDecoder } from '@flowline/stream';

import type { DecodeEvents } from './decode-events.ts';
import type { DecoderInForce } from './decoder-in-force.ts';
import type { WindowsMaker } from './partition-windows.ts';

/** What the pipeline needs of a detector. */
export type ScoringDetector = Pick<Detector, 'score' | 'explain' | 'alpha' | 'compute' | 'bundle' | 'dispose'>;

/**
 * A champion at work: a model version with everything that is needed to score an event with it. Immutable. Its features are those of
 * the version of the detector that it was trained for; alpha, and how records are read, are the definition's that was in force when it
 * was loaded.
 */
export interface DetectorModel {
  readonly name: string;
  readonly detectorVersion: number;
  readonly modelVersion: number;
  readonly trainedAt: Date;
  /** Decodes the values of records; what it must fetch for a batch is fetched before `decode`. */
  readonly format: RecordDecoder;
  /** The windows of its features over the past of entities; null where events stand alone. */
  readonly windows: WindowsMaker | null;
  /** Records → events, with this model's features and lookup tables. */
  readonly decode: DecodeEvents;
  /** What events are by the definition in force, for a detector that learns from them and whose features changed; else null. */
  readonly inForce: DecoderInForce | null;
  /** Scores and explains; disposed with the last batch that holds the model. */
  readonly detector: ScoringDetector;
  /** Who named the backend that scores, in words. */
  readonly computeDecidedBy: string;
  /** What the definition in force, of that version, asks for that only a model trained for it can do; null where nothing is. */
  readonly outdated: { readonly version: number; readonly changes: readonly string[] } | null;
  /** Why alpha is not what the definition in force asks for; null where it is. */
  readonly alphaNote: string | null;
}
