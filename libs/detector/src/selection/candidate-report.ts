import type { ModelFamily } from '../training/families.ts';

/** Result of one candidate of a selection: a row of the leaderboard. */
export interface CandidateReport {
  readonly name: string;
  readonly family: ModelFamily;
  /** Partition of the features in couplings; null if the family has none. */
  readonly partition: string | null;
  /** Number of layers; null for the depth that is usual for the family. */
  readonly layers: number | null;
  /** Number of trainable values, the measure of simplicity. */
  readonly parameters: number;
  /** Number of training steps done; 0 if it was fitted without. */
  readonly steps: number;
  /** Number of held-out rows that it was compared on. */
  readonly rows: number;
  /**
   * Mean of −log p of the held-out rows that have a density, in nats and original units; null if it
   * could not be trained.
   */
  readonly nllNats: number | null;
  readonly standardError: number | null;
  /**
   * Mean of log p minus log p of the best candidate, each difference clipped to ±5, in nats; 0 for
   * the best itself.
   */
  readonly gainNats: number | null;
  readonly gainStandardError: number | null;
  /** Duration of training and scoring on its share of the threads, in seconds. */
  readonly seconds: number;
  readonly chosen: boolean;
  /** Reason why it was chosen or not, in a few words. */
  readonly reason: string;
}
