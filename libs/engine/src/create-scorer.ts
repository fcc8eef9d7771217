import { FlowlineError, type ScoringBackend } from '@flowline/events';
import type { Flow } from '@flowline/flows';

import type { BackendEntry } from './targets/backend-entry.ts';
import { backendEntry, backendTable } from './select/backend-table.ts';
import { backendOptions, checkMembers, createOn } from './select/create-on.ts';
import { frozen, type FrozenFlow } from './frozen-flow.ts';
import type { Scorer } from './scorer.ts';
import { selectScorer, type SelectOptions } from './select/select.ts';

/** Options of {@link createScorer}. */
export interface ScorerOptions extends SelectOptions {
  /** Backend that must run, or `auto` for the fastest that proves exact on this model. */
  readonly backend: ScoringBackend | 'auto';
}

/** Scorer, with the reason for its backend. */
export interface ChosenScorer extends Scorer {
  readonly name: ScoringBackend;
  /** Device in words. */
  readonly device: string;
  /** Reason for the backend, in a few words without figures. */
  readonly why: string;
  /**
   * Reason for the backend, in one sentence for a log. Under `auto` it includes the measurements of
   * each backend.
   */
  readonly reason: string;
}

/**
 * Freezes a flow, or an ensemble of flows over the same rows, for scoring. The requested backend
 * runs, or the promise rejects with FLOWLINE_BACKEND_UNAVAILABLE; there is no fallback. The flows
 * must not change while the scorer is in use, and disposing the scorer does not dispose them. To
 * create several scorers of one flow, pass a {@link FrozenFlow}: it does the shared work once.
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
  const why = 'it was requested by name';
  return withReasons(scorer, { name: backend, device, why, reason: `${backend} (${device}): ${why}` });
};

/**
 * Device on which a backend runs here. Rejects with FLOWLINE_BACKEND_UNAVAILABLE, with the reason
 * and a remedy, if it cannot run.
 */
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
