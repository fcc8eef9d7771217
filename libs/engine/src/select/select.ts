import { at, FlowlineError, type ScoringBackend } from '@flowline/events';
import type { Flow } from '@flowline/flows';

import type { BackendEntry, BackendOptions } from '../targets/backend-entry.ts';
import { backendEntry, backendTable } from './backend-table.ts';
import { backendOptions, checkMembers, createOn } from './create-on.ts';
import { frozen, type FrozenFlow } from '../frozen-flow.ts';
import type { Scorer } from '../scorer.ts';
import { lookAgain, rateOf } from './second-look.ts';
import { memoryCache, type VerdictCache } from './verdict-cache.ts';
import { type BackendTrial, inWords, type Search, tryBackend, type Usable } from './trial.ts';
import { verdictKey } from './verdict-key.ts';
import { type Sample, sampleOf, sampleSize } from './verification.ts';

/** Choice of `auto`. */
export interface Selection {
  readonly scorer: Scorer;
  readonly backend: ScoringBackend;
  readonly device: string;
  /** Reason, in a few words without figures. */
  readonly why: string;
  /** Reason, in one sentence for a log. */
  readonly reason: string;
  readonly trials: readonly BackendTrial[];
}

export interface SelectOptions {
  /** Rows per typical call (default 512). */
  readonly batchSize?: number;
  /** Number of scoring threads (default: what the process may use). */
  readonly threads?: number | undefined;
  /**
   * True if the calling thread has other work. Threads beside it are then chosen unless they are
   * clearly slower (default false).
   */
  readonly offThread?: boolean;
  /** Cache of measured rates (default: in this process). */
  readonly cache?: VerdictCache;
  /** Available backends (default: the engine's). */
  readonly table?: readonly BackendEntry[];
}

const DEFAULT_BATCH_ROWS = 512;
/** Minimum speedup that justifies other cores or another device. */
const WORTH_OTHERS = 1.15;
/** Minimum speedup of other code on the same cores: less may be an error of the measurement. */
const WORTH_OTHER_CODE = 1.05;
/**
 * With `offThread`, threads beside the calling one win from this share of the best rate on, because
 * they keep it free.
 */
const WORTH_A_FREE_THREAD = 0.75;
/** Verdicts of this process. */
const ownVerdicts = memoryCache();

/**
 * Tries every backend that could run these flows: creates it, compares it with the float64
 * reference on sample rows, measures it, looks again at those that are close, and keeps the fastest
 * that is exact. Flows without a compiled form score through tensors, and the reason says so. Rates
 * are remembered per host, model shape and batch size; a known verdict creates only the fastest
 * backend, but checks every time that it is exact. The work runs in slices of a few milliseconds
 * that yield to the event loop.
 */
export const selectScorer = async (
  given: readonly (Flow | FrozenFlow)[],
  options: SelectOptions = {},
): Promise<Selection> => {
  const flows = frozen(given);
  checkMembers(flows.map(({ flow }) => flow));
  const { table = backendTable, cache = ownVerdicts, batchSize: batch = DEFAULT_BATCH_ROWS } = options;
  const resolved = backendOptions(options);
  const candidates = table.filter((entry) => entry.role === 'candidate' && entry.fingerprint() !== null);
  const key = verdictKey(flows, resolved, batch, candidates);
  const verdict = await cache.recall(key);
  const sample = await sampleBy(table, flows, verdict !== null);
  const search: Search = { flows, options: resolved, batch, sample };

  if (verdict !== null) {
    const entry = candidates.find(({ name }) => name === verdict.backend);
    const tried = entry && (await tryBackend(entry, search, verdict.rates[verdict.backend] ?? null));
    if (tried?.usable)
      return chosen(tried.usable, [tried.trial], search, 'the fastest when it was measured here before');
  }
  const first: BackendTrial[] = [];
  const exact: Usable[] = [];
  for (const entry of candidates) {
    const tried = await tryBackend(entry, search, null);
    first.push(tried.trial);
    if (tried.usable !== null) exact.push(tried.usable);
  }
  const usable = await lookAgain(exact, search);
  const trials = first.map((trial) => usable.find(({ entry }) => entry.name === trial.backend)?.trial ?? trial);
  const best = bestOf(usable, resolved);
  for (const other of usable) if (other !== best) other.scorer.dispose();
  if (best === null) return lastResort(table, search, trials);
  const rates = Object.fromEntries(usable.map(({ entry, trial }) => [entry.name, trial.eventsPerSecond]));
  await cache.remember(key, { backend: best.entry.name, rates });
  return chosen(best, trials, search, 'the fastest that is exact');
};

/**
 * Best usable backend. The first is kept unless another is enough better: each candidate must beat
 * the best before it.
 */
const bestOf = (usable: readonly Usable[], options: BackendOptions): Usable | null =>
  usable.reduce<Usable | null>((best, next) => {
    if (best === null) return next;
    return rateOf(next) > rateOf(best) * speedupWorth(next.entry.name, best.entry.name, options) ? next : best;
  }, null);

/** Speedup from which a backend is worth more than the best before it. */
const speedupWorth = (next: ScoringBackend, best: ScoringBackend, { threads, offThread }: BackendOptions): number => {
  if (offThread && takesThreads(next) && !takesThreads(best)) return WORTH_A_FREE_THREAD;
  if (next === 'onnxruntime' && (takesThreads(best) || threads === 1)) return WORTH_OTHER_CODE;
  return WORTH_OTHERS;
};

/** True for a backend on as many threads as it may use, beside the calling one with `offThread`. */
const takesThreads = (name: ScoringBackend): boolean => name === 'wasm-pool' || name === 'onnxruntime';

const lastResort = async (
  table: readonly BackendEntry[],
  { flows, options }: Search,
  trials: readonly BackendTrial[],
): Promise<Selection> => {
  const problems = trials.map(({ backend, problem }) => ({ backend, problem: problem ?? 'it was not tried' }));
  const entry = table.find(({ role }) => role === 'lastResort');
  const availability = await entry?.probe(options);
  if (entry === undefined || availability?.available !== true) {
    const each = problems.map(({ backend, problem }) => `${backend}: ${problem}`).join('; ');
    throw new FlowlineError('FLOWLINE_BACKEND_UNAVAILABLE', `no backend can score this model: ${each}`, {
      where: 'auto',
      remedy: 'Run `flowline doctor`: it shows each backend, and why those that cannot run do not.',
    });
  }
  // A reason that all of them share is given once.
  const distinct = new Set(problems.map(({ problem }) => problem));
  const why =
    distinct.size === 1
      ? [...distinct].join('')
      : problems.map(({ backend, problem }) => `${backend}: ${problem}`).join('; ');
  const scorer = await createOn(entry, flows, options);
  return {
    scorer,
    backend: entry.name,
    device: availability.device,
    why: `no other can: ${why}`,
    reason: `${entry.name}: ${why}`,
    trials,
  };
};

const chosen = (
  { entry, scorer, trial }: Usable,
  trials: readonly BackendTrial[],
  { batch }: Search,
  why: string,
): Selection => ({
  scorer,
  backend: entry.name,
  device: trial.device ?? '',
  why,
  reason: `${entry.name}: ${why}; at batch ${batch} ${trials.flatMap(inWords).join('; ')}`,
  trials,
});

const sampleBy = async (
  table: readonly BackendEntry[],
  flows: readonly FrozenFlow[],
  known: boolean,
): Promise<Sample> => {
  const options = backendOptions({ threads: 1 });
  const reference = backendEntry('reference', table);
  const lowered = flows.every(({ flow }) => reference.obstacle(flow) === null);
  // Without a plan there is no float64 reference, so the tensors are the truth.
  const entry = lowered ? reference : backendEntry('tfjs-wasm', table);
  await entry.probe(options);
  const truth = await createOn(entry, flows, options);
  try {
    const own = flows.map(({ flow }) => flow);
    return await sampleOf(at(own, 0), sampleSize(own, known), truth);
  } finally {
    truth.dispose();
  }
};
