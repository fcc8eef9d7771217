import type { Scorer } from '@flowline/engine';
import { at, blocksOf, inTurns, turn } from '@flowline/events';
import { type ColumnTable, columnsOf, sortNumbers } from '@flowline/features';
import { outlierThreshold, Random } from '@flowline/flows';

import { farBeyond } from '../calibration/calibration.ts';
import { encodedRows, spacedRows } from '../history/spaced-rows.ts';
import { historyChunkRows, logDensities } from '../log-densities.ts';
import { quantileOfSorted, valueAt } from '../sorted.ts';
import { ordinaryRows } from '../training/ordinary-rows.ts';
import { isRobust } from '../training/recipe.ts';
import type { DetectorTrainingSpec } from '../training/training-spec.ts';
import { flat, type ScoredRows } from '../training/usual-scores.ts';
import { historyRows, type HistorySource } from './history-rows.ts';
import { IsolationForest } from './isolation-forest.ts';
import {
  comparableScores,
  outlyingScores,
  type OutlyingStatistic,
  type Remoteness,
  type RemotenessMeasure,
  remotenessOf,
  spreadOf,
  spreadOfSorted,
} from './outlying.ts';

/** Share of the events, the least dense ones, whose remoteness is measured. */
const REMOTE_SHARE = 0.1;
/** Calibration rows from which the spread of remoteness is known, and what is usual. */
const SPREAD_ROWS = 2_000;
/** Share of the measured rows whose remoteness is usual: most searches of them end early. */
const USUAL_SHARE = 0.5;
/** Training rows that a forest is grown from. */
const FOREST_ROWS = 10_000;
/** Rows whose remoteness takes some milliseconds. */
const SLICE_ROWS = 64;

/** Measure of an earlier model, from which an outlying statistic goes on. */
export interface EarlierMeasure {
  readonly measure: RemotenessMeasure;
  /** First calibration rows, which may be among the rows that the measure keeps. */
  readonly keptRows: number;
}

/** Parts of a training that an outlying statistic is fitted with. */
export interface OutlyingParts extends HistorySource {
  readonly spec: Pick<DetectorTrainingSpec, 'data' | 'seed' | 'remoteShare'>;
  readonly scorer: Pick<Scorer, 'score'>;
  /** Rows that the flows have seen, or what an earlier model has kept of them. */
  readonly seen: readonly ColumnTable[] | EarlierMeasure;
  readonly calibration: ColumnTable;
}

/** Outlying statistic, and the calibration rows with their outlying scores as −log p. */
export interface FittedOutlying {
  readonly statistic: OutlyingStatistic;
  readonly rows: ScoredRows;
}

/**
 * Fits an outlying statistic. For `clean` rows, remoteness is the distance to the nearest row of
 * the history; that of a calibration row leaves the row itself out, as it would be for a new one.
 * In an unlabelled history the nearest row of an anomaly may be another one: there, remoteness is
 * isolation among the training rows that are no outliers by density.
 */
export async function fitOutlying(parts: OutlyingParts, rows: ScoredRows): Promise<FittedOutlying> {
  const { spec, encoding, calibration, signal } = parts;
  const { logDensityNats, missingNats } = rows;
  const densities = comparableScores(missingNats, logDensityNats, { ...rows, start: 0 });
  const share = spec.remoteShare ?? REMOTE_SHARE;
  const sorted = await inTurns(sortNumbers(densities.filter(Number.isFinite)), signal);
  const gate = share < 1 ? quantileOfSorted(sorted, 1 - share) : -Infinity;
  const all = Int32Array.from(densities.keys());
  const { measure, own } = await measureFrom(parts);
  const sampleOf = (some: Int32Array) => measured(parts, measure, own, spacedRows(some, SPREAD_ROWS));
  const remote = spreadOf(await sampleOf(all));
  const unusual = (await sampleOf(all.filter((row) => valueAt(densities, row) >= gate))).sort();
  // Measured rows go on where the others are, without a gap between them.
  const remoteness: Remoteness = { ...measure, usual: quantileOfSorted(unusual, USUAL_SHARE) };
  const density = spreadOfSorted(sorted);
  const beyond = farBeyond(sorted);
  const statistic: OutlyingStatistic = { test: 'outlying', density, remote, remoteness, missingNats, gate, beyond };
  const scores = new Float64Array(densities.length);
  for (const [start, end] of blocksOf(scores.length, historyChunkRows(calibration))) {
    await turn(signal);
    const encoded = encoding.encode(calibration.rows(start, end));
    const compared = { missingPattern: rows.missingPattern.subarray(start, end), traits: rows.traits, start };
    const nats = logDensityNats.subarray(start, end);
    scores.set(outlyingScores(statistic, encoded, nats, compared, own.subarray(start, end)).scores, start);
  }
  return { statistic, rows: { ...rows, ...flat(scores) } };
}

/** Measure of remoteness, and 1 for each calibration row that distances are measured from. */
async function measureFrom(parts: OutlyingParts): Promise<{ measure: RemotenessMeasure; own: Uint8Array }> {
  const { spec, seen, calibration } = parts;
  const none = new Uint8Array(calibration.size);
  // A new event is none of the kept rows: those that may be leave out the row that equals them.
  if ('measure' in seen) return { measure: seen.measure, own: none.slice().fill(1, 0, seen.keptRows) };
  if (isRobust(spec.data)) {
    const { rows, width } = await usualTrainingRows(parts, at(seen, 0));
    const random = new Random(spec.seed).fork('isolation');
    return { measure: { kind: 'isolation', forest: IsolationForest.grow(rows, width, random) }, own: none };
  }
  const { history, chosen } = await historyRows(parts, [...seen, calibration]);
  return { measure: { kind: 'distance', history }, own: at(chosen, seen.length) };
}

/** Encoded training rows that are no outliers by density. */
async function usualTrainingRows(
  { spec, encoding, scorer, signal }: OutlyingParts,
  train: ColumnTable,
): Promise<{ readonly rows: Float32Array; readonly width: number }> {
  const some = spacedRows(await inTurns(ordinaryRows(spec, encoding, train), signal), FOREST_ROWS);
  const table = columnsOf(train.select(some));
  const { logDensityNats } = await logDensities(scorer, encoding, table, { signal });
  const threshold = outlierThreshold(logDensityNats);
  const usual = some.filter((_, i) => valueAt(logDensityNats, i) >= threshold);
  return encodedRows(encoding, train, usual, signal);
}

/** Remoteness of some calibration rows. */
async function measured(
  { encoding, calibration, signal }: Pick<OutlyingParts, 'encoding' | 'calibration' | 'signal'>,
  measure: RemotenessMeasure,
  own: Uint8Array,
  rows: Int32Array,
): Promise<Float64Array> {
  const exact: Remoteness = { ...measure, usual: -Infinity };
  const found = new Float64Array(rows.length);
  for (const [start, end] of blocksOf(rows.length, SLICE_ROWS)) {
    await turn(signal);
    const { rows: encoded } = encoding.encode(calibration.select(rows.subarray(start, end)));
    for (let i = start; i < end; i++) {
      found[i] = remotenessOf(exact, encoded, i - start, own[valueAt(rows, i)] === 1);
    }
  }
  return found;
}
