import { backendTable, type ChosenScorer, createScorer } from '@flowline/engine';
import type { ScoringBackend } from '@flowline/events';
import type { Flow } from '@flowline/flows';

/** Scoring of held-out rows: its backend, and the reason for it. */
export type HeldOutScoring = Pick<ChosenScorer, 'device' | 'why' | 'reason'> & { readonly backend: ScoringBackend };

/**
 * Creates the scorer of held-out rows: compiled WebAssembly, whose scores are those of the stream,
 * beside the calling thread if that is about as fast. It is compared with the float64 reference on
 * the model first. If it cannot run or is off, the model's own tensors score, and the reason says
 * so.
 * @param tensors backend of the tensors.
 */
export const heldOutScorer = (flows: readonly Flow[], tensors: ScoringBackend): Promise<ChosenScorer> =>
  createScorer(flows, {
    backend: 'auto',
    offThread: true,
    table: backendTable.flatMap((entry) => {
      if (entry.name === tensors) return [{ ...entry, role: 'lastResort' as const }];
      if (entry.name === 'tfjs-wasm') return [{ ...entry, role: 'named' as const }];
      return ['wasm', 'wasm-pool', 'reference'].includes(entry.name) ? [entry] : [];
    }),
  });

/** Scoring of a scorer, for reports. */
export const scoringOf = ({ name: backend, device, why, reason }: ChosenScorer): HeldOutScoring => ({
  ...{ backend, device, why, reason },
});
