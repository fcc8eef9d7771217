import { blocksOf, turn } from '@flowline/events';
import type { Scorer } from '@flowline/engine';
import {
  ColumnTable,
  type EncodedBatch,
  type FeatureEncoding,
  type FeatureTable,
  sliceTable,
} from '@flowline/features';
import type { RowTraits } from './calibration/row-traits.ts';
import { valueAt } from './sorted.ts';
import type { DecidingScores } from './statistic/decided-rows.ts';
import { decidingScores } from './statistic/deciding-scores.ts';
import type { Statistic } from './statistic/statistic.ts';

/** Maximum rows per chunk, which bounds the memory of a call for tables of any size. */
const CHUNK_ROWS = 16_384;
/** Values of a history per chunk, some milliseconds of encoding between two turns. */
const HISTORY_CHUNK_VALUES = 40_960;
const [FEWEST_ROWS, MOST_ROWS] = [64, 4_096];

/**
 * Chunk of a table: its first row, its encoding, and log p of its rows in nats and original units.
 */
export interface DensityChunk {
  readonly start: number;
  readonly batch: EncodedBatch;
  readonly logDensityNats: Float64Array;
}

/**
 * Computes log p(event) = log p(x | context) + Σ log|det| + log P(levels) of a table's rows, chunk
 * by chunk; a chunk is encoded while the one before is scored. It is −Infinity if a value lies
 * outside its domain, or if the flow overflows float32 on the row.
 * @throws FlowlineError FLOWLINE_FEATURES_INVALID for a table of other columns.
 */
export async function* densityChunks(
  scorer: Pick<Scorer, 'score'>,
  encoding: Pick<FeatureEncoding, 'encode'>,
  table: FeatureTable | ColumnTable,
): AsyncGenerator<DensityChunk> {
  let scoring: Promise<DensityChunk> | null = null;
  const rows = table instanceof ColumnTable ? historyChunkRows(table) : CHUNK_ROWS;
  for (const [start, end] of blocksOf(table.size, rows)) {
    const batch = encoding.encode(
      table instanceof ColumnTable ? table.rows(start, end) : sliceTable(table, start, end),
    );
    const next = scoredChunk(scorer, start, batch);
    // A failure is met when the chunk is awaited, or not at all after an earlier one.
    next.catch(() => undefined);
    if (scoring !== null) yield await scoring;
    scoring = next;
  }
  if (scoring !== null) yield await scoring;
}

/** Rows of a history that are encoded and scored between two turns of the event loop. */
export function historyChunkRows({ numericWidth, levelWidth }: ColumnTable): number {
  const rows = Math.floor(HISTORY_CHUNK_VALUES / (numericWidth + levelWidth));
  return Math.max(FEWEST_ROWS, Math.min(MOST_ROWS, rows));
}

async function scoredChunk(scorer: Pick<Scorer, 'score'>, start: number, batch: EncodedBatch): Promise<DensityChunk> {
  const logDensityNats = await scorer.score(batch.rows, batch.size);
  const { logJacobian, logDiscrete, outOfDomain } = batch;
  for (let i = 0; i < batch.size; i++) {
    const total = valueAt(logDensityNats, i) + valueAt(logJacobian, i) + valueAt(logDiscrete, i);
    logDensityNats[i] = outOfDomain[i] === 1 || Number.isNaN(total) ? -Infinity : total;
  }
  return { start, batch, logDensityNats };
}

/** log p of rows, in nats and original units, and the missing pattern of each. */
export interface LogDensities {
  readonly logDensityNats: Float64Array;
  /** Part of log p that is log P of the observed scored levels. */
  readonly logLevels: Float64Array;
  readonly missingPattern: Int32Array;
}

/** Log p of rows, and their deciding scores. */
export interface DecidedDensities extends LogDensities, DecidingScores {}

/** Model parts by which a table is scored and decided on. */
export interface DecidingParts {
  readonly scorer: Pick<Scorer, 'score' | 'latent'>;
  readonly encoding: FeatureEncoding;
  readonly statistic: Statistic | null;
}

/** Signal and progress of the scoring of many rows. */
export interface LongScoring {
  readonly signal?: AbortSignal | undefined;
  /** Called with the share of the rows that are scored, 0 to 1. */
  readonly onShare?: (share: number) => void;
}

/**
 * Computes log p and the missing pattern of every row of a table, by {@link densityChunks}, with a
 * turn of the event loop after each chunk.
 */
export async function logDensities(
  scorer: Pick<Scorer, 'score'>,
  encoding: FeatureEncoding,
  table: FeatureTable | ColumnTable,
  { signal, onShare }: LongScoring = {},
  onChunk: (chunk: DensityChunk) => Promise<void> = () => Promise.resolve(),
): Promise<LogDensities> {
  const logDensityNats = new Float64Array(table.size);
  const logLevels = new Float64Array(table.size);
  const missingPattern = new Int32Array(table.size);
  for await (const chunk of densityChunks(scorer, encoding, table)) {
    logDensityNats.set(chunk.logDensityNats, chunk.start);
    logLevels.set(chunk.batch.logDiscrete, chunk.start);
    missingPattern.set(chunk.batch.missingPattern, chunk.start);
    await onChunk(chunk);
    onShare?.((chunk.start + chunk.batch.size) / table.size);
    await turn(signal);
  }
  return { logDensityNats, logLevels, missingPattern };
}

/** Computes log p, the missing pattern and the deciding score of every row of a table. */
export async function decidedDensities(
  { scorer, encoding, statistic }: DecidingParts,
  table: FeatureTable | ColumnTable,
  traits: RowTraits,
  scoring: LongScoring = {},
): Promise<DecidedDensities> {
  const scores = new Float64Array(table.size);
  const densities = await logDensities(scorer, encoding, table, scoring, async ({ start, batch, logDensityNats }) => {
    const { missingPattern } = batch;
    const decided = await decidingScores(statistic, scorer, batch, logDensityNats, { missingPattern, traits, start });
    scores.set(decided.scores, start);
  });
  return { ...densities, scores };
}
