import { FlowError } from '../flow-error.ts';
import type { Flow } from '../flow.ts';
import { logProbRows } from '../log-prob-rows.ts';
import { checkOptions, checkValue } from '../options/check-options.ts';
import { callback, listOf, object, required, text } from '../options/rules.ts';
import type { NumberRows, Rows } from '../rows.ts';
import { isNumberRows, rowsFor } from '../rows.ts';
import { fit } from '../training/fit.ts';
import type { FitData } from '../training/fit-data.ts';
import type { FitOptions, FitProgress, FitReport } from '../training/options.ts';
import type { Estimate } from './estimate.ts';
import { meanOf, pairedDifference } from './estimate.ts';

/**
 * Candidate flow: its constructor, and the training options in which it differs from the others.
 */
export interface FlowCandidate {
  /** Unique among the candidates. */
  readonly name: string;
  readonly make: () => Flow;
  readonly fit?: Partial<Omit<FitOptions, 'onProgress' | 'progress' | 'signal'>>;
}

/** Rows for training, for early stopping and, seen by neither, for the comparison. */
export interface SelectionData extends FitData {
  readonly heldOut: Rows | NumberRows;
}

/** Training options common to all candidates. */
export interface SelectFlowOptions extends Omit<
  FitOptions,
  'onProgress' | 'progress' | 'onCheckpoint' | 'checkpointEvery' | 'resume'
> {
  /** Called with the progress of each training run and the name of its candidate. */
  readonly onProgress?: (candidate: string, progress: FitProgress) => void;
  /**
   * `true`: shows a progress line per training run on standard error, on a terminal only (default
   * false).
   */
  readonly progress?: boolean;
}

/** Result of one candidate. NLLs are in nats per held-out row. */
export interface CandidateReport {
  readonly name: string;
  /** Number of trainable values, the measure of simplicity. */
  readonly parameters: number;
  /** Duration of training and scoring, in seconds. */
  readonly seconds: number;
  readonly nll: Estimate;
  /**
   * NLL minus that of the best candidate, paired row by row: the standard error excludes the
   * variation that both share.
   */
  readonly differenceToBest: Estimate;
  readonly training: FitReport;
}

/** Result of {@link selectFlow}. */
export interface FlowSelection {
  /** The chosen flow, trained. The caller disposes of it. */
  readonly flow: Flow;
  readonly chosen: string;
  /** Name of the candidate with the lowest held-out NLL, often more complex than the chosen one. */
  readonly best: string;
  /** Sorted by held-out NLL, lowest first. */
  readonly candidates: readonly CandidateReport[];
  /** Candidates that had no finite validation NLL, or whose held-out NLL was not finite. */
  readonly failed: readonly { readonly name: string; readonly error: FlowError }[];
}

/**
 * Trains every candidate and chooses by the one-standard-error rule (Breiman et al., 1984): among
 * the candidates whose held-out NLL is within one standard error of the best, paired row by row,
 * the one with the fewest parameters. The other flows are disposed.
 *
 * Throws FLOWLINE_USAGE for an empty list of candidates, duplicate names or fewer than two held-out
 * rows, FLOWLINE_FEATURES_INVALID for rows that do not fit the flow, FLOWLINE_TRAINING_FAILED when
 * every candidate failed, and FLOWLINE_ABORTED when the signal aborts.
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
  assertCandidates(candidates, data);
  checkValue('selectFlow.options', options, object);
  if (options.onProgress !== undefined) checkValue('selectFlow.onProgress', options.onProgress, callback);
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
    const held = rowsFor(flow, heldOut, 'heldOut');
    const training = await fit(flow, fitted, {
      ...changed(options, changes),
      ...(onProgress === undefined ? {} : { onProgress: (progress) => onProgress(name, progress) }),
    });
    const losses = (await logProbRows(flow, held)).map((logP) => -logP);
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

/** Common options merged with a candidate's own. Its steps or epochs replace both. */
function changed(options: Omit<SelectFlowOptions, 'onProgress'>, changes: FlowCandidate['fit'] = {}): FitOptions {
  const { steps: _, epochs: __, ...others } = options;
  const isOfOtherLength = changes.steps !== undefined || changes.epochs !== undefined;
  return { ...(isOfOtherLength ? others : options), ...changes };
}

function assertCandidates(candidates: readonly FlowCandidate[], data: SelectionData): void {
  checkValue('selectFlow.candidates', candidates, listOf('candidates', object));
  for (const [i, candidate] of candidates.entries()) {
    checkOptions<FlowCandidate>(`candidates[${i}]`, candidate, {
      name: required(text),
      make: required(callback),
      fit: object,
    });
  }
  checkValue('selectFlow.data', data, { ...object, expected: '{ train, validation, heldOut }' });
  const { heldOut } = data;
  checkValue('heldOut', heldOut, {
    expected: 'rows: number[][] or { x, size }',
    holds: (rows) => rows instanceof Object,
  });
  const held = isNumberRows(heldOut) ? heldOut.length : heldOut.size;
  const names = new Set(candidates.map(({ name }) => name));
  const problem =
    candidates.length === 0 || names.size < candidates.length
      ? `found candidates [${candidates.map(({ name }) => name).join(', ')}], expected at least one, each with a name of its own`
      : held < 2
        ? `found ${held} held-out rows, expected at least two: standard errors need them`
        : undefined;
  if (problem !== undefined) throw new FlowError('FLOWLINE_USAGE', problem, { where: 'selectFlow' });
}
