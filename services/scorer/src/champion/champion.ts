import type { Detector } from '@flowline/detector';
import type { RecordDecoder } from '@flowline/stream';

import type { DecodeEvents } from '../decoding/record-decoder.ts';
import type { DecoderInForce } from '../decoding/decoder-in-force.ts';
import type { WindowsMaker } from '../windows/partition-windows.ts';

/** The parts of a detector that the pipeline uses. */
export type ScoringDetector = Pick<Detector, 'score' | 'explain' | 'alpha' | 'compute' | 'bundle' | 'dispose'>;

/**
 * A champion in use: a model version with everything needed to score events. Immutable. Its
 * features are those of the detector version it was trained for; alpha and the way records are read
 * follow the definition that was in force when the model was loaded.
 */
export interface DetectorModel {
  readonly name: string;
  readonly detectorVersion: number;
  readonly modelVersion: number;
  readonly trainedAt: Date;
  /**
   * Decodes the values of records. Whatever it must fetch for a batch is fetched before `decode`.
   */
  readonly format: RecordDecoder;
  /** Windows of the model's features over the past of entities; null if events stand alone. */
  readonly windows: WindowsMaker | null;
  /** Decodes records to events with this model's features and lookup tables. */
  readonly decode: DecodeEvents;
  /**
   * Decoder of the definition in force. Null unless the detector learns from its events and its
   * features have changed.
   */
  readonly inForce: DecoderInForce | null;
  /** Scores and explains. Disposed with the last batch that leases the model. */
  readonly detector: ScoringDetector;
  /** Origin of the choice of the scoring backend, in words. */
  readonly computeDecidedBy: string;
  /**
   * Changes of the definition in force (of that version) that need a newly trained model; null if
   * there are none.
   */
  readonly outdated: { readonly version: number; readonly changes: readonly string[] } | null;
  /** Reason why alpha differs from the definition in force; null if it does not. */
  readonly alphaNote: string | null;
}
