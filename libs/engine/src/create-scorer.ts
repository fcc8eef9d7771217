import { FlowlineError, type ScoringBackend } from '@flowline/events';
import type { Flow } from '@flowline/flows';

import type { BackendEntry } from './backend-entry.ts';
import { backendEntry, backendTable } from './backend-table.ts';
import { backendOptions, checkMembers, createOn } from './create-on.ts';
import { frozen, type FrozenFlow } from './frozen-flow.ts';
import type { Scorer } from './scorer.ts';
import { selectScorer, type SelectOptions } from './select.ts';

/** How {@link createScorer} is to run. */
export interface ScorerOptions extends SelectOptions {
  /** The backend that must run, or `auto`: the fastest that proves exact on this model. */
  readonly backend: ScoringBackend | 'auto';
}

/** A scorer, and why it is this one. */
export interface ChosenScorer extends Scorer {
  readonly name: ScoringBackend;
  /** What it runs on, in words. */
  readonly device: string;
  /** Why this backend runs, in a few words without figures. */
  readonly why: string;
  /** Why this backend runs, in one sentence for a log: under `auto` with what was measured of each. */
  readonly reason: string;
}

/**
 * Freezes a flow, or an ensemble of flows over the same rows, for scoring. The backend that was asked for runs, or the
 * promise rejects with FLOWLINE_BACKEND_UNAVAILABLE: there is no fallback. The flows must not change while the scorer lives;
 * they are not disposed with it. Where several scorers are made of a flow, a {@link FrozenFlow} does what they share once.
 *
 * ```ts
 * const scorer = await createScorer([flow], { backend: 'auto' });
 * const logP = await scorer.score(rows, n);
 * ```
 */
export const createScorer = async (
  flows: readonly (Flow | FrozenFlow)[],
  options: ScorerOptions,
): Promise<ChosenScorer> => {
  const members = frozen(flows);
  checkMembers(members.map(({ flow }) => flow));
  const { backend, ...rest } = options;
  if (backend === 'auto') {
    const { scorer, backend: name, ...reasons } = await selectScorer(members, rest);
    return withReasons(scorer, { name, ...reasons });
  }
  const entry = backendEntry(backend, options.table ?? backendTable);
  const resolved = backendOptions(options);
  const device = await deviceOf(entry, resolved);
  const scorer = await createOn(entry, members, resolved);
  const why = 'it was asked for by name';
  return withReasons(scorer, { name: backend, device, why, reason: `${backend} (${device}): ${why}` });
};

/** What a backend runs on here. Rejects with FLOWLINE_BACKEND_UNAVAILABLE, with why and what to do, where it cannot run. */
const deviceOf = async (entry: BackendEntry, options: Parameters<BackendEntry['probe']>[0]): Promise<string> => {
  const availability = await entry.probe(options);
  if (availability.available) return availability.device;
  throw new FlowlineError(
    'FLOWLINE_BACKEND_UNAVAILABLE',
    `the backend '${entry.name}' cannot run here: ${availability.why}`,
    { where: entry.name, remedy: `${availability.remedy} Or choose another backend, or auto.` },
  );
};

const withReasons = (
  scorer: Scorer,
  { name, device, why, reason }: Pick<ChosenScorer, 'name' | 'device' | 'why' | 'reason'>,
): ChosenScorer => ({
  name,
  device,
  why,
  reason,
  score: (rows, n) => scorer.score(rows, n),
  latent: (rows, n) => scorer.latent(rows, n),
  gradient: (rows, n) => scorer.gradient(rows, n),
  dispose: () => {
    scorer.dispose();
  },
});
