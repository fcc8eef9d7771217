import { availableParallelism } from 'node:os';

import { FlowlineError } from '@flowline/events';
import { Random } from '@flowline/flows';
import type { Flow } from '@flowline/flows';

import { at } from './at.ts';
import { whyNotLowered } from './lower/flow.ts';
import { checkMembers, createNamedScorer } from './named-scorer.ts';
import type { Backend } from './named-scorer.ts';
import type { Scorer } from './scorer.ts';
import { errorInTolerances } from './tolerance.ts';

/** What became of one backend when `auto` tried it. */
export interface BackendTrial {
  readonly backend: Backend;
  /** Whether it ran and agreed with the reference. */
  readonly usable: boolean;
  /** Why not, in words; null when it is usable. */
  readonly problem: string | null;
  /** The largest difference from the reference, in units of the tolerance; null when it did not run. */
  readonly worstError: number | null;
  /** Measured on this model and batch size; null when it was not measured. */
  readonly eventsPerSecond: number | null;
}

/** What `auto` chose. */
export interface Selection {
  readonly scorer: Scorer;
  readonly backend: Backend;
  /** One sentence for a log. */
  readonly reason: string;
  readonly trials: readonly BackendTrial[];
}

export interface SelectOptions {
  /** Rows of a typical call (default 512). */
  readonly batchSize?: number;
  /** Threads of `wasm-pool` (default: what the process may use). */
  readonly threads?: number;
}

const DEFAULT_BATCH_ROWS = 512;
/** Other cores are taken only for a gain that is worth them. */
const POOL_GAIN = 1.15;

/**
 * Tries every backend that could run these flows: makes it, compares it with the float64 reference on sample rows, measures
 * it, and keeps the fastest that is exact. Flows without a compiled form score through `tfjs-wasm`, and the reason says so.
 * Rates are measured once per process, model shape and batch size; exactness is checked every time.
 */
export const selectScorer = async (flows: readonly Flow[], options: SelectOptions = {}): Promise<Selection> => {
  checkMembers(flows);
  const obstacle = flows.map(whyNotLowered).find((reason) => reason !== null) ?? null;
  if (obstacle !== null) return throughTensors(flows, obstacle, []);

  const threads = options.threads ?? availableParallelism();
  const batch = options.batchSize ?? DEFAULT_BATCH_ROWS;
  const candidates: readonly Backend[] = threads > 1 ? ['wasm', 'wasm-pool'] : ['wasm'];
  const sample = await sampleOf(flows);
  const trials: BackendTrial[] = [];
  const usable = new Map<Backend, { readonly scorer: Scorer; readonly rate: number }>();
  for (const backend of candidates) {
    const { trial, scorer } = await tryBackend(flows, backend, threads, batch, sample);
    trials.push(trial);
    if (scorer !== null) usable.set(backend, { scorer, rate: trial.eventsPerSecond ?? 0 });
  }
  const one = usable.get('wasm');
  const pool = usable.get('wasm-pool');
  const poolWins = pool !== undefined && (one === undefined || pool.rate > one.rate * POOL_GAIN);
  const [backend, chosen, other] = poolWins ? (['wasm-pool', pool, one] as const) : (['wasm', one, pool] as const);
  if (chosen === undefined) {
    return throughTensors(flows, trials.map((trial) => trial.problem ?? trial.backend).join('; '), trials);
  }
  other?.scorer.dispose();
  const reason = `${backend}: ${describe(trials, batch, threads)}`;
  return { scorer: withReason(chosen.scorer, reason), backend, reason, trials };
};

const throughTensors = async (
  flows: readonly Flow[],
  obstacle: string,
  trials: readonly BackendTrial[],
): Promise<Selection> => {
  const reason = `tfjs-wasm: ${obstacle}`;
  const scorer = await createNamedScorer(flows, 'tfjs-wasm', {});
  return { scorer: withReason(scorer, reason), backend: 'tfjs-wasm', reason, trials };
};

const withReason = (scorer: Scorer, reason: string): Scorer => ({
  name: scorer.name,
  reason,
  score: (rows, n) => scorer.score(rows, n),
  latent: (rows, n) => scorer.latent(rows, n),
  gradient: (rows, n) => scorer.gradient(rows, n),
  dispose: () => {
    scorer.dispose();
  },
});

const describe = (trials: readonly BackendTrial[], batch: number, threads: number): string => {
  const each = trials.map(({ backend, problem, eventsPerSecond, worstError }) => {
    const name = backend === 'wasm-pool' ? `${backend} (${threads} threads)` : backend;
    if (problem !== null) return `${name} cannot be used, ${problem}`;
    const rate = Math.round(eventsPerSecond ?? 0).toLocaleString('en');
    return `${name} ${rate} events/s, off by ${((worstError ?? 0) * 100).toFixed(1)} % of the tolerance`;
  });
  return `at batch ${batch} ${each.join('; ')}`;
};

interface Sample {
  readonly rows: Float32Array;
  readonly count: number;
  readonly width: number;
  readonly exact: Float64Array;
}

/** Multiply-adds that the reference may spend on the sample: some tens of milliseconds. */
const REFERENCE_BUDGET = 4e6;
const LARGEST_SAMPLE = 48;
/** More than a tile needs, so that both ways of scoring are checked. */
const SMALLEST_SAMPLE = 20;

/** Standard normal rows, some far out, with presence columns of 0 and 1, and what the reference says of them. */
const sampleOf = async (flows: readonly Flow[]): Promise<Sample> => {
  const { features, context, presence } = at(flows, 0);
  const parameters = flows.reduce((sum, flow) => sum + flow.parameterCount, 0);
  const count = Math.max(SMALLEST_SAMPLE, Math.min(LARGEST_SAMPLE, Math.floor(REFERENCE_BUDGET / (parameters + 1))));
  const width = features + context;
  const random = new Random(1);
  const rows = Float32Array.from(
    { length: count * width },
    (_, i) => random.normal() * (Math.floor(i / width) % 5 === 4 ? 4 : 1),
  );
  for (const column of presence) {
    if (column === null) continue;
    for (let i = 0; i < count; i++) rows[i * width + features + column] = random.uniform() < 0.25 ? 0 : 1;
  }
  const reference = await createNamedScorer(flows, 'reference', {});
  const exact = await reference.score(rows, count);
  reference.dispose();
  return { rows, count, width, exact };
};

const tryBackend = async (
  flows: readonly Flow[],
  backend: Backend,
  threads: number,
  batch: number,
  sample: Sample,
): Promise<{ trial: BackendTrial; scorer: Scorer | null }> => {
  const failed = (problem: string, worstError: number | null): { trial: BackendTrial; scorer: null } => ({
    trial: { backend, usable: false, problem, worstError, eventsPerSecond: null },
    scorer: null,
  });
  let scorer: Scorer;
  try {
    scorer = await createNamedScorer(flows, backend, { threads });
  } catch (error) {
    if (error instanceof FlowlineError) return failed(error.message, null);
    throw error;
  }
  const worstError = await worstErrorOf(scorer, sample);
  if (worstError > 1) {
    scorer.dispose();
    return failed(`it is off from the reference by ${worstError.toFixed(1)} times the tolerance`, worstError);
  }
  const eventsPerSecond = await rateOf(scorer, flows, batch, threads, sample);
  return { trial: { backend, usable: true, problem: null, worstError, eventsPerSecond }, scorer };
};

/** All rows at once, and the first few one by one. */
const worstErrorOf = async (scorer: Scorer, { rows, count, width, exact }: Sample): Promise<number> => {
  const together = await scorer.score(rows, count);
  let worst = 0;
  for (let i = 0; i < count; i++) worst = Math.max(worst, errorInTolerances(at(together, i), at(exact, i)));
  for (let i = 0; i < SINGLE_ROWS; i++) {
    const [alone] = await scorer.score(rows.subarray(i * width, (i + 1) * width), 1);
    worst = Math.max(worst, errorInTolerances(alone ?? NaN, at(exact, i)));
  }
  return worst;
};

const SINGLE_ROWS = 3;

/** Measured rates by backend, threads, batch size and model shape. */
const rates = new Map<string, number>();
const WARM_UP_MS = 12;
const WINDOWS = 3;
const WINDOW_MS = 5;

const rateOf = async (
  scorer: Scorer,
  flows: readonly Flow[],
  batch: number,
  threads: number,
  sample: Sample,
): Promise<number> => {
  const key = JSON.stringify([scorer.name, threads, batch, flows.map((flow) => flow.config)]);
  const known = rates.get(key);
  if (known !== undefined) return known;
  const rows = new Float32Array(batch * sample.width);
  for (let i = 0; i < rows.length; i++) rows[i] = at(sample.rows, i % sample.rows.length);
  const callsWithin = async (milliseconds: number): Promise<number> => {
    const start = performance.now();
    let calls = 0;
    let elapsed = 0;
    for (; elapsed < milliseconds; elapsed = performance.now() - start) {
      await scorer.score(rows, batch);
      calls++;
    }
    return (calls * batch * 1000) / elapsed;
  };
  await callsWithin(WARM_UP_MS);
  let best = 0;
  for (let window = 0; window < WINDOWS; window++) best = Math.max(best, await callsWithin(WINDOW_MS));
  rates.set(key, best);
  return best;
};
