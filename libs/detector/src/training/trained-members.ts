import type { TrainingCompute } from './choose-training.ts';
import type { Architecture } from './families.ts';
import type { TrainedMember } from './kept-runs.ts';
import type { WarmStartReport } from './warm-start.ts';

/** Members that were trained or fitted, in their order. */
export interface MadeMembers {
  readonly members: readonly TrainedMember[];
  readonly compute: TrainingCompute;
  /** Null if no warm start was asked for. */
  readonly warmStart: WarmStartReport | null;
}

/** Trained ensemble. */
export interface TrainedMembers extends MadeMembers {
  /** One per member. */
  readonly architectures: readonly Architecture[];
}
