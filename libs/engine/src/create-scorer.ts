import { FlowlineError } from '@flowline/events';
import type { Flow } from '@flowline/flows';

import { at } from './at.ts';
import { ensemble } from './backends/ensemble.ts';
import { createReferenceScorer } from './backends/reference.ts';
import { createTfjsScorer } from './backends/tfjs.ts';
import { createWasmScorer } from './backends/wasm.ts';
import { lowerFlow } from './lower/flow.ts';
import type { Scorer } from './scorer.ts';

/** The backends that can be asked for by name. */
export const backends = ['wasm', 'tfjs-wasm', 'tfjs-cpu', 'reference'] as const;
export type Backend = (typeof backends)[number];

/** How {@link createScorer} is to run. */
export interface ScorerOptions {
  readonly backend: Backend;
}

/**
 * Freezes a flow, or an ensemble of flows over the same rows, for scoring. The backend that was asked for runs, or the
 * promise rejects with FLOWLINE_BACKEND_UNAVAILABLE: there is no fallback. The flows must not change while the scorer lives;
 * they are not disposed with it.
 *
 * ```ts
 * const scorer = await createScorer([flow], { backend: 'tfjs-wasm' });
 * const logP = await scorer.score(rows, n);
 * ```
 */
export const createScorer = async (flows: readonly Flow[], { backend }: ScorerOptions): Promise<Scorer> => {
  const first = at(checkMembers(flows), 0);
  return ensemble(await Promise.all(flows.map((flow) => createMember(flow, backend))), first.features);
};

const createMember = async (flow: Flow, backend: Backend): Promise<Scorer> => {
  switch (backend) {
    case 'wasm':
      return createWasmScorer(lowerFlow(flow));
    case 'reference':
      return createReferenceScorer(lowerFlow(flow));
    case 'tfjs-wasm':
      return createTfjsScorer(flow, 'wasm');
    case 'tfjs-cpu':
      return createTfjsScorer(flow, 'cpu');
  }
};

const checkMembers = (flows: readonly Flow[]): readonly Flow[] => {
  const shapes = new Set(flows.map(({ features, context, presence }) => JSON.stringify([features, context, presence])));
  if (shapes.size === 1) return flows;
  throw new FlowlineError(
    'FLOWLINE_USAGE',
    flows.length === 0 ? 'there is no flow to score with' : 'the flows of an ensemble differ in their rows',
    { where: 'createScorer', remedy: 'Pass one flow, or several over the same features, context and presence.' },
  );
};
