import type { Flow } from '@flowline/flows';

import { createNamedScorer } from './named-scorer.ts';
import type { Backend } from './named-scorer.ts';
import type { Scorer } from './scorer.ts';
import { selectScorer } from './select.ts';

/** How {@link createScorer} is to run. */
export interface ScorerOptions {
  /** The backend that must run, or `auto`: the fastest that proves exact on this model; the scorer's `reason` says which. */
  readonly backend: Backend | 'auto';
  /** Threads of `wasm-pool`, the calling one among them (default: what the process may use). */
  readonly threads?: number;
  /** Rows of a typical call, for which `auto` chooses (default 512). */
  readonly batchSize?: number;
}

/**
 * Freezes a flow, or an ensemble of flows over the same rows, for scoring. The backend that was asked for runs, or the
 * promise rejects with FLOWLINE_BACKEND_UNAVAILABLE: there is no fallback. The flows must not change while the scorer lives;
 * they are not disposed with it.
 *
 * ```ts
 * const scorer = await createScorer([flow], { backend: 'auto' });
 * const logP = await scorer.score(rows, n);
 * ```
 */
export const createScorer = async (flows: readonly Flow[], options: ScorerOptions): Promise<Scorer> => {
  const { backend, ...rest } = options;
  if (backend !== 'auto') return createNamedScorer(flows, backend, rest);
  return (await selectScorer(flows, rest)).scorer;
};
