import { FlowlineError } from '@flowline/events';
import type { Flow } from '@flowline/flows';

import { ensemble } from './backends/ensemble.ts';
import { createReferenceScorer } from './backends/reference.ts';
import { createTfjsScorer } from './backends/tfjs.ts';
import { createWasmPoolScorer } from './backends/wasm-pool.ts';
import { createWasmScorer } from './backends/wasm.ts';
import { lowerFlow } from './lower/flow.ts';
import type { Scorer } from './scorer.ts';

/** The backends that can be asked for by name. */
export const backends = ['wasm', 'wasm-pool', 'tfjs-wasm', 'tfjs-cpu', 'reference'] as const;
/** A backend by name. */
export type Backend = (typeof backends)[number];

/** A scorer of one flow or of an equal mixture of flows, on the named backend and no other. */
export const createNamedScorer = async (
  flows: readonly Flow[],
  backend: Backend,
  options: { readonly threads?: number },
): Promise<Scorer> => {
  const features = checkMembers(flows);
  const members: Scorer[] = [];
  try {
    for (const flow of flows) members.push(await createMember(flow, backend, options));
  } catch (error) {
    for (const member of members) member.dispose();
    throw error;
  }
  return ensemble(members, features);
};

const createMember = async (flow: Flow, backend: Backend, options: { readonly threads?: number }): Promise<Scorer> => {
  switch (backend) {
    case 'wasm':
      return createWasmScorer(lowerFlow(flow));
    case 'wasm-pool':
      return createWasmPoolScorer(lowerFlow(flow), options);
    case 'reference':
      return createReferenceScorer(lowerFlow(flow));
    case 'tfjs-wasm':
      return createTfjsScorer(flow, 'wasm');
    case 'tfjs-cpu':
      return createTfjsScorer(flow, 'cpu');
  }
};

/** The number of features of flows that can be mixed; throws FLOWLINE_USAGE when their rows differ or there are none. */
export const checkMembers = (flows: readonly Flow[]): number => {
  const shapes = new Set(flows.map(({ features, context, presence }) => JSON.stringify([features, context, presence])));
  const [first] = flows;
  if (first !== undefined && shapes.size === 1) return first.features;
  throw new FlowlineError(
    'FLOWLINE_USAGE',
    flows.length === 0 ? 'there is no flow to score with' : 'the flows of an ensemble differ in their rows',
    { where: 'createScorer', remedy: 'Pass one flow, or several over the same features, context and presence.' },
  );
};
