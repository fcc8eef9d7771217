import { availableParallelism } from 'node:os';

import { FlowlineError, turn } from '@flowline/events';
import type { Flow } from '@flowline/flows';

import type { BackendEntry, BackendOptions } from '../targets/backend-entry.ts';
import { ensemble } from './ensemble.ts';
import type { FrozenFlow } from '../frozen-flow.ts';
import type { Scorer } from '../scorer.ts';

/**
 * Fills in the defaults: all threads that the process may use, minus the calling one if `offThread`
 * keeps it free.
 */
export const backendOptions = (options: {
  readonly threads?: number | undefined;
  readonly offThread?: boolean | undefined;
}): BackendOptions => {
  const offThread = options.offThread ?? false;
  const threads = options.threads ?? Math.max(1, availableParallelism() - (offThread ? 1 : 0));
  return { threads, offThread };
};

/**
 * Creates a scorer of one flow, or of an equal mixture of flows, on one backend. Yields to the
 * event loop before each flow.
 */
export const createOn = async (
  entry: BackendEntry,
  flows: readonly FrozenFlow[],
  options: BackendOptions,
): Promise<Scorer> => {
  const features = checkMembers(flows.map(({ flow }) => flow));
  const members: Scorer[] = [];
  try {
    for (const flow of flows) {
      await turn();
      members.push(await entry.create(flow, options));
    }
  } catch (error) {
    for (const member of members) member.dispose();
    throw error;
  }
  return ensemble(members, features);
};

/**
 * Number of features of flows that can be mixed. Throws FLOWLINE_USAGE if their rows differ or the
 * list is empty.
 */
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
