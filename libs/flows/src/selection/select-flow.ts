import { FlowError } from '../flow-error.ts';
import type { Flow } from '../flow.ts';
import { logProbRows } from '../log-prob-rows.ts';
import { fit } from '../training/fit.ts';
import type { FitData, FitOptions, FitProgress, FitReport, Rows } from '../training/options.ts';
import { assertRowsOf } from '../training/options.ts';
import type { Estimate } from './estimate.ts';
import { meanOf, pairedDifference } from './estimate.ts';

/** A flow that may be chosen: how to make it, and how its training differs from that of the others. */
export interface FlowCandidate {
  /** Unique among the candidates. */
  readonly name: string;
  readonly make: () => Flow;
  readonly fit?: Partial<Omit<FitOptions, 'onProgress' | 'signal'>>;
}

/** Rows to train, to stop training and, seen by neither, to compare on. */
export interface SelectionData extends FitData {
  readonly heldOut: Rows;
}

/** How to train the candidates. */
export interface SelectFlowOptions extends Omit<
  FitOptions,
  'onProgress' | 'onCheckpoint' | 'checkpointEvery' | 'resume'
> {
  /** Progress of each training, with the name of its candidate. */
  readonly onProgress?: (candidate: string, progress: FitProgress) => void;
}

/** What became of a candidate; NLL in nats per row of the held-out ones. */
export interface CandidateReport {
  readonly name: string;
  /** The number of trainable values: what "simple" is measured by. */
  readonly parameters: number;
  /** Of training and scoring. */
  readonly seconds: number;
  readonly nll: Estimate;
  /** NLL minus that of the best candidate, row by row: its standard error leaves out what both find hard. */
  readonly differenceToBest: Estimate;
  readonly training: FitReport;
}

/** The outcome of {@link selectFlow}. */
export interface FlowSelection {
  /** The chosen flow, trained; the caller disposes it. */
  readonly flow: Flow;
  readonly chosen: string;
  /** The candidate of the lowest held-out NLL; often more complex than the chosen one. */
  readonly best: string;
  /** By held-out NLL, the lowest first. */
  readonly candidates: readonly CandidateReport[];
  /** Candidates that never had a finite validation or a finite held-out NLL. */
  readonly failed: readonly { readonly name: string; readonly error: FlowError }[];
}

/**
 * Trains every candidate and chooses by the one-standard-error rule (Breiman et al., 1984): of those whose held-out NLL is within one
 * standard error of the best one's, paired row by row, the one with the fewest parameters. The others are disposed.
 *
 * Throws FLOWLINE_USAGE for candidates without names of their own or fewer than two held-out rows, FLOWLINE_FEATURES_INVALID for rows
 * that do not fit, FLOWLINE_TRAINING_FAILED when every candidate failed, FLOWLINE_ABORTED when the signal said so.
 *
 * ```ts
 * const { flow, chosen, candidates } = await selectFlow(
 *   [
 *     { name: 'gaussian', make: () => realNVP({ features: 2, layers: 0, finalAffine: true, seed: 1 }) },
 *     { name: 'realNVP', make: () => realNVP({ features: 2, layers: 4, hidden: [16], seed: 1 }) },
 *   ],
 *   { train: { x, size }, validation, heldOut },
 *   { seed: 1, steps: 100 },
 * );
 * ```
 */
export async function selectFlow(
  candidates: readonly FlowCandidate[],
  data: SelectionData,
  options: SelectFlowOptions,
): Promise<FlowSelection> {
  assertCandidates(candidates, data.heldOut);
  const trained: Trained[] = [];
  const failed: { name: string; error: FlowError }[] = [];
  let chosen: Trained | undefined;
  try {
    for (const candidate of candidates) {
      const outcome = await train(candidate, data, options);
      if ('error' in outcome) failed.push(outcome);
      else trained.push(outcome);
    }
    trained.sort((a, b) => a.nll.mean - b.nll.mean);
    const [best] = trained;
    if (best === undefined) {
      throw new FlowError('FLOWLINE_TRAINING_FAILED', `none of ${candidates.length} candidates could be trained`, {
        where: 'selectFlow',
        cause: new AggregateError(failed.map(({ error }) => error)),
      });
    }
    const compared = trained.map((each) => ({ ...each, differenceToBest: pairedDifference(each.losses, best.losses) }));
    const simplest = compared
      .filter(({ differenceToBest: { mean, standardError } }) => mean <= standardError)
      .reduce((least, each) => (each.parameters < least.parameters ? each : least));
    chosen = trained.find(({ name }) => name === simplest.name);
    return {
      flow: simplest.flow,
      chosen: simplest.name,
      best: best.name,
      candidates: compared.map(({ flow: _, losses: __, ...report }) => report),
      failed,
    };
  } finally {
    trained.filter((each) => each !== chosen).forEach(({ flow }) => flow.dispose());
  }
}

/** A candidate after training, with its negative log-likelihood of each held-out row. */
interface Trained extends Omit<CandidateReport, 'differenceToBest'> {
  readonly flow: Flow;
  readonly losses: Float64Array;
}

async function train(
  { name, make, fit: changes }: FlowCandidate,
  data: SelectionData,
  { onProgress, ...options }: SelectFlowOptions,
): Promise<Trained | { readonly name: string; readonly error: FlowError }> {
  const startedAt = performance.now();
  const flow = make();
  try {
    const { heldOut, ...fitted } = data;
    assertRowsOf(flow, heldOut, 'heldOut');
    const training = await fit(flow, fitted, {
      ...options,
      ...changes,
      ...(onProgress === undefined ? {} : { onProgress: (progress) => onProgress(name, progress) }),
    });
    const losses = (await logProbRows(flow, joined(flow, heldOut), heldOut.size)).map((logP) => -logP);
    const nll = meanOf(losses);
    if (!Number.isFinite(nll.mean)) {
      throw new FlowError('FLOWLINE_TRAINING_FAILED', 'the held-out log-likelihood is not finite', { where: name });
    }
    return {
      name,
      parameters: flow.parameterCount,
      seconds: (performance.now() - startedAt) / 1000,
      nll,
      training,
      flow,
      losses,
    };
  } catch (error) {
    flow.dispose();
    if (error instanceof FlowError && error.code === 'FLOWLINE_TRAINING_FAILED') return { name, error };
    throw error;
  }
}

/** Rows as [x | context], row-major. */
function joined({ features, context }: Flow, rows: Rows): Float32Array {
  if (rows.context === undefined) return rows.x;
  const width = features + context;
  const all = new Float32Array(rows.size * width);
  for (let i = 0; i < rows.size; i++) {
    all.set(rows.x.subarray(i * features, (i + 1) * features), i * width);
    all.set(rows.context.subarray(i * context, (i + 1) * context), i * width + features);
  }
  return all;
}

function assertCandidates(candidates: readonly FlowCandidate[], heldOut: Rows): void {
  const names = new Set(candidates.map(({ name }) => name));
  const problem =
    candidates.length === 0 || names.size < candidates.length
      ? `found candidates [${candidates.map(({ name }) => name).join(', ')}], expected at least one, each with a name of its own`
      : heldOut.size < 2
        ? `found ${heldOut.size} held-out rows, expected at least two: standard errors need them`
        : undefined;
  if (problem !== undefined) throw new FlowError('FLOWLINE_USAGE', problem, { where: 'selectFlow' });
}
