import { availableParallelism } from 'node:os';

import { FlowlineError } from '@flowline/events';
import type { Flow } from '@flowline/flows';

import type { BackendEntry, BackendOptions } from './backend-entry.ts';
import { ensemble } from './backends/ensemble.ts';
import { breathe } from './breathe.ts';
import type { FrozenFlow } from './frozen-flow.ts';
import type { Scorer } from './scorer.ts';

/** What is left open is filled in: every thread that the process may use, but for the calling one where that is to stay free. */
export const backendOptions = (options: {
  readonly threads?: number | undefined;
  readonly offThread?: boolean | undefined;
}): BackendOptions => {
  const offThread = options.offThread ?? false;
  const threads = options.threads ?? Math.max(1, availableParallelism() - (offThread ? 1 : 0));
  return { threads, offThread };
};

/** A scorer of one flow or of an equal mixture of flows, on one backend; the event loop gets its turn between the flows. */
export const createOn = async (
  entry: BackendEntry,
  flows: readonly FrozenFlow[],
  options: BackendOptions,
): Promise<Scorer> => {
  const features = checkMembers(flows.map(({ flow }) => flow));
  const members: Scorer[] = [];
  try {
    for (const flow of flows) {
      await breathe();
      members.push(await entry.create(flow, options));
    }
  } catch (error) {
    for (const member of members) member.dispose();
    throw error;
  }
  return ensemble(members, features);
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
