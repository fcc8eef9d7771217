import { at } from '@flowline/events';

import type { TrainingEmission } from './emission.ts';
import { hasPresence } from '../emission.ts';
import { PANEL_BYTES } from '../layout.ts';
import type { Plan } from '../../../plan/plan.ts';

/** Offsets of the quantities of a panel that the steps share. */
export interface PanelBlocks {
  /** d quantities: the state, and ∂L/∂state. */
  readonly state: number;
  readonly adjoint: number;
  /** c quantities: the context as it was read. */
  readonly context: number;
  /** Squashed context, by input clip. */
  readonly squashed: ReadonlyMap<number | null, number>;
  /** Sum of the log-determinants, which ends as log p. */
  readonly logProb: number;
  /** Weight of each row in the loss. */
  readonly weight: number;
  /** d quantities that are 1 where a dimension is observed. Null if all always are. */
  readonly observed: number | null;
}

/** Allocates the shared quantities of a plan. */
export const allocateBlocks = ({ panel, plan }: TrainingEmission): PanelBlocks => {
  const context = panel.allocate(plan.context);
  return {
    state: panel.allocate(plan.features),
    adjoint: panel.allocate(plan.features),
    context,
    squashed: new Map(clipsOf(plan).map((clip) => [clip, clip === null ? context : panel.allocate(plan.context)])),
    logProb: panel.allocate(1),
    weight: panel.allocate(1),
    observed: hasPresence(plan) ? panel.allocate(plan.features) : null,
  };
};

/** Input clip of each step; maps over the context alone read it unclipped. */
const clipsOf = (plan: Plan): readonly (number | null)[] => [
  ...new Set([null, ...plan.steps.map((step) => (step.type === 'transform' ? step.inputClip : null))]),
];

/** Offset of the squashed context for a clip. */
export const squashedContext = ({ squashed }: PanelBlocks, clip: number | null): number => {
  const offset = squashed.get(clip);
  if (offset === undefined) throw new RangeError(`no context was allocated for the clip ${clip}`);
  return offset;
};

/** Offset of the mask of a dimension. Null if it is always observed. */
export const maskOf = ({ plan }: TrainingEmission, { observed }: PanelBlocks, dimension: number): number | null =>
  observed === null || at(plan.presence, dimension) === null ? null : observed + dimension * PANEL_BYTES;
