import type { Scorer } from '@flowline/engine';
import { inTurns, type ScoringBackend } from '@flowline/events';
import { type ColumnTable, columnsOf, type FeatureEncoding, type FeatureTable } from '@flowline/features';
import { type Flow, initBackend, loadFlowInParts } from '@flowline/flows';
import type { ModelBundle } from '../bundle/bundle.ts';
import { alarmedRows } from '../calibration/alarmed-rows.ts';
import { expectedAlarmRate } from '../calibration/expected-alarm-rate.ts';
import { rowTraits } from '../calibration/row-traits.ts';
import { decidedDensities } from '../log-densities.ts';
import { countMarked } from '../marked.ts';
import { heldOutScorer } from './held-out-scorer.ts';
import { noisyLogDensities } from './noisy-log-densities.ts';
import { pairedNats } from './paired-nats.ts';
import { upperBound } from '../sorted.ts';

/** Comparison of two models on the same held-out rows. */
export type Comparison =
  | { readonly comparable: false; readonly reason: string }
  | {
      readonly comparable: true;
      readonly rows: number;
      /**
       * Mean of log p(challenger) − log p(champion), each difference clipped to ±5, in nats and
       * original units.
       */
      readonly meanDifferenceNats: number;
      /** From the means of batches of consecutive rows, which may depend on each other. */
      readonly standardError: number;
      /** True if the challenger is at most one standard error behind. */
      readonly notWorse: boolean;
      /** Alarms of both models; null if no alpha was given. */
      readonly alarms: AlarmComparison | null;
      /**
       * True if the challenger may be promoted: it is not worse, and its alarm rate is in bounds.
       */
      readonly promote: boolean;
      /** Reason, in one sentence. */
      readonly reason: string;
    };

/** Alarms of both models on the same held-out rows. */
export interface AlarmComparison {
  readonly championRate: number;
  readonly challengerRate: number;
  /**
   * Upper limit of the challenger's rate: three times the expected rate plus three standard
   * deviations, or the champion's rate if that is higher.
   */
  readonly highestRate: number;
  readonly inBounds: boolean;
}

/** Options of a comparison. */
export interface ComparisonOptions {
  readonly alpha?: number;
  /** Tensor backend of models that compiled code cannot score (default `tfjs-wasm`). */
  readonly backend?: ScoringBackend;
  /** Seed of the noise. */
  readonly seed?: number;
  /** Time per held-out row, ascending: rows that the champion may have seen are left out. */
  readonly timesMs?: Float64Array | undefined;
  /** Cancels the comparison. */
  readonly signal?: AbortSignal | undefined;
}

/** Fewer rows that the champion has not seen decide nothing. */
const LEAST_UNSEEN_ROWS = 100;
/**
 * Compares two models on rows that neither has seen, by paired differences of log p in original
 * units. Since each flow is the density of x + σ·ε, both score the same rows with the same fixed
 * noise, of the challenger's σ and of the champion's in turn. Models with different schemas are not
 * comparable: their log p are densities of different variables.
 */
export async function compareOnHeldOut(
  champion: ModelBundle,
  challenger: ModelBundle,
  heldOut: FeatureTable | ColumnTable,
  { alpha, backend = 'tfjs-wasm', seed = 0, signal, timesMs }: ComparisonOptions = {},
): Promise<Comparison> {
  const all = columnsOf(heldOut);
  const table = all.slice(seenRows(champion, timesMs), all.size);
  if (JSON.stringify(champion.schema) !== JSON.stringify(challenger.schema)) {
    return { comparable: false, reason: 'the features differ' };
  }
  if (table.size < all.size && table.size < LEAST_UNSEEN_ROWS) {
    const reason = `only ${table.size} of ${all.size} held-out rows are newer than those that it has seen`;
    return { comparable: false, reason };
  }
  if (table.size < 2) return { comparable: false, reason: 'there are no held-out rows to compare on' };
  const options = { alpha, backend, seed, signal };
  const references = [challenger.encoding, champion.encoding];
  const own = await likelihoodOf(challenger, references, table, options);
  const other = await likelihoodOf(champion, references, table, options);
  const { rows, mean, standardError } = pairedNats(own.logDensityNats, other.logDensityNats);
  const notWorse = mean + standardError >= 0;
  const alarms = alpha === undefined ? null : compareAlarms(challenger, alpha, rows, other.alarms, own.alarms);
  const promote = notWorse && (alarms === null || alarms.inBounds);
  return {
    comparable: true,
    rows,
    meanDifferenceNats: mean,
    standardError,
    notWorse,
    alarms,
    promote,
    reason: reasonOf(mean, standardError, notWorse, alarms),
  };
}

/** Number of first rows that the champion was trained, validated or calibrated on. */
function seenRows({ metadata: { history } }: ModelBundle, timesMs: Float64Array | undefined): number {
  const { toMs } = history.calibration;
  return timesMs === undefined || toMs === null ? 0 : upperBound(timesMs, toMs);
}

/** Log-likelihoods of one model with the noise of reference models, and its alarms. */
interface Likelihood {
  readonly logDensityNats: Float64Array;
  readonly alarms: number;
}

interface LikelihoodOptions {
  readonly alpha: number | undefined;
  readonly backend: ScoringBackend;
  readonly seed: number;
  readonly signal: AbortSignal | undefined;
}

async function likelihoodOf(
  model: ModelBundle,
  references: readonly FeatureEncoding[],
  table: ColumnTable,
  { alpha, backend, seed, signal }: LikelihoodOptions,
): Promise<Likelihood> {
  await initBackend(backend === 'tfjs-cpu' ? 'cpu' : 'wasm');
  const flows: Flow[] = [];
  let scorer: Scorer | null = null;
  try {
    for (const bytes of model.flows) flows.push(await loadFlowInParts(bytes));
    scorer = await heldOutScorer(flows, backend);
    const logDensityNats = await noisyLogDensities(
      { scorer, encoding: model.encoding, references },
      table,
      seed,
      signal,
    );
    if (alpha === undefined) return { logDensityNats, alarms: 0 };
    const traits = rowTraits(model.schema, table);
    const densities = await decidedDensities({ scorer, ...model }, table, traits, { signal });
    const alarmed = await inTurns(alarmedRows(model.calibration, densities, traits, alpha), signal);
    return { logDensityNats, alarms: countMarked(alarmed) };
  } finally {
    scorer?.dispose();
    for (const flow of flows) flow.dispose();
  }
}

function compareAlarms(
  challenger: ModelBundle,
  alpha: number,
  rows: number,
  championAlarms: number,
  challengerAlarms: number,
): AlarmComparison {
  const { trimmedRows, undefinedRows } = challenger.metadata.calibration;
  const definedRows = trimmedRows + challenger.calibration.pooled.rows;
  const shares = {
    undefinedShare: undefinedRows / (undefinedRows + definedRows),
    trimmedShare: trimmedRows / definedRows,
  };
  const expected = expectedAlarmRate(shares, alpha);
  const bound = 3 * expected + 3 * Math.sqrt((3 * expected) / rows);
  const [championRate, challengerRate] = [championAlarms / rows, challengerAlarms / rows];
  const highestRate = Math.max(bound, championRate);
  return { championRate, challengerRate, highestRate, inBounds: challengerRate <= highestRate };
}

function reasonOf(mean: number, standardError: number, notWorse: boolean, alarms: AlarmComparison | null): string {
  const difference = `${mean >= 0 ? '+' : '−'}${Math.abs(mean).toFixed(4)} ± ${standardError.toFixed(4)} nats on held-out rows`;
  if (!notWorse) return `the challenger is worse: ${difference}`;
  if (alarms !== null && !alarms.inBounds) {
    const rate = alarms.challengerRate.toPrecision(2);
    const bound = alarms.highestRate.toPrecision(2);
    return `the challenger alarms too often: ${rate} per event, at most ${bound} is allowed (${difference})`;
  }
  return `the challenger is not worse: ${difference}`;
}
