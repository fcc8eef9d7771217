import type { TrainingCompute } from './choose-training.ts';
import type { ModelFamily } from './families.ts';
import type { TrainedMember } from './kept-runs.ts';
import type { WarmStartReport } from './warm-start.ts';

/** Trained ensemble. */
export interface TrainedMembers {
  readonly members: readonly TrainedMember[];
  readonly family: ModelFamily;
  readonly compute: TrainingCompute;
  /** Null if no warm start was asked for. */
  readonly warmStart: WarmStartReport | null;
}
