import { at, blocksOf, inTurns, type Steps, type TestComponent, testComponents, turn } from '@flowline/events';
import { ColumnTable, type FeatureEncoding } from '@flowline/features';
import { Random } from '@flowline/flows';

import { type CalibrationSet, fitCalibrationSetSteps } from '../calibration/calibration-set.ts';
import { encodedRows, spacedRows } from '../history/spaced-rows.ts';
import { historyChunkRows } from '../log-densities.ts';
import { minimumRowsOf } from '../minimum-rows.ts';
import { quantileOfSorted, valueAt } from '../sorted.ts';
import { ordinaryRows } from '../training/ordinary-rows.ts';
import { isRobust } from '../training/recipe.ts';
import type { DetectorTrainingSpec } from '../training/training-spec.ts';
import { flat, type ScoredRows, usualScores } from '../training/usual-scores.ts';
import { componentPValues, type ComponentScores, joinedScores } from './combined-scores.ts';
import { mostHistoryRows } from './history-rows.ts';
import { fitLinearConditionals } from './linear-conditionals.ts';
import { NearestRows } from './nearest-rows.ts';
import {
  gatedRows,
  noSecondStage,
  placeScores,
  type SecondStage,
  secondStage,
  type SecondStageParts,
  type StageScorer,
} from './second-stage.ts';
import { type CombinedStatistic, type Component, componentShares, gates, type TrainedParts } from './statistic.ts';

/** Share of the rows with a distance that are near enough, and rows from which it is known. */
const [NEAR_SHARE, NEAR_ROWS] = [0.75, 500];

/** Parts of a training that a combined statistic is fitted with. */
export interface CombinedParts {
  readonly spec: Pick<DetectorTrainingSpec, 'data' | 'seed' | 'family' | 'minimumRows'>;
  readonly encoding: FeatureEncoding;
  readonly scorer: StageScorer;
  /** Training rows, or what an earlier model knows from them. */
  readonly train: ColumnTable | TrainedParts;
  readonly calibration: ColumnTable;
  readonly signal: AbortSignal | undefined;
}

/** Combined statistic, and the calibration rows with their joined scores as −log p. */
export interface FittedStatistic {
  readonly statistic: CombinedStatistic;
  readonly rows: ScoredRows;
}

/**
 * Fits a combined statistic: each component is calibrated on the calibration rows. Their joined
 * scores, to which the components agree more or less, are left to be calibrated in the same way, so
 * that whatever the components' dependence is, the rate asked for holds.
 */
export async function fitCombined(parts: CombinedParts, rows: ScoredRows): Promise<FittedStatistic> {
  const densities = await densityComponents(parts, rows);
  const scores = rows.logDensityNats.map((logP) => -logP);
  const pValues = componentPValues(at(densities, 0), scores, { ...rows, start: 0 });
  const stage = await stageParts(parts, pValues);
  const later = await laterScores(parts, stage, pValues);
  const components = [...densities, ...(await laterComponents(parts, rows, { stage, later, pValues }))];
  const values: ComponentScores = { low_density: scores, high_density: rows.logDensityNats, ...later };
  const joined = joinedScores({ components }, values, { ...rows, start: 0 }).scores;
  const { linear, history, nearEnough } = stage;
  return {
    statistic: { test: 'combined', components, linear, history, nearEnough },
    rows: { ...rows, ...flat(joined) },
  };
}

/** Components that are scores of the density alone: the first is low density. */
async function densityComponents(
  { spec, signal }: CombinedParts,
  rows: ScoredRows,
): Promise<readonly [Component, Component]> {
  const hasOutliers = isRobust(spec.data);
  const low = await inTurns(calibrated(spec, 'low_density', rows, hasOutliers), signal);
  const high = await inTurns(calibrated(spec, 'high_density', mirrored(rows), hasOutliers), signal);
  return [component('low_density', low), component('high_density', high)];
}

/** Parts of the second stage, fitted with p-values of the calibration rows by low density. */
async function stageParts(parts: CombinedParts, pValues: Float64Array): Promise<SecondStageParts> {
  const { linear, history } = parts.train instanceof ColumnTable ? await trainedParts(parts, parts.train) : parts.train;
  const nearEnough = history === null ? 0 : await nearEnoughOf(parts, history, pValues);
  return { scorer: parts.scorer, linear, history, nearEnough };
}

/** Calibrates the components of the second stage. */
async function laterComponents(
  { spec, signal }: CombinedParts,
  rows: ScoredRows,
  { stage, later, pValues }: { stage: SecondStageParts; later: SecondStage; pValues: Float64Array },
): Promise<readonly Component[]> {
  // Where most scores are 0, their tail cannot be told from outliers. These are told by their
  // densities, as the rarest that so many rows should not have.
  const kept = isRobust(spec.data) ? withoutRarest(rows, pValues) : rows;
  const found: Component[] = [];
  for (const name of ['extreme_latent', 'extreme_value', 'distant'] as const) {
    if (name === 'distant' && stage.history === null) continue;
    const own = { ...kept, ...flat(later[name]) };
    found.push(component(name, await inTurns(calibrated(spec, name, own, false), signal)));
  }
  return found;
}

function component(name: TestComponent, calibration: CalibrationSet): Component {
  return { name, share: componentShares[name], calibration };
}

function* calibrated(
  spec: CombinedParts['spec'],
  name: TestComponent,
  rows: ScoredRows,
  hasOutliers: boolean,
): Steps<CalibrationSet> {
  const usual = yield* usualScores(rows, hasOutliers);
  const random = new Random(spec.seed).fork(`component ${testComponents.indexOf(name)}`);
  const least = (spec.minimumRows ?? minimumRowsOf(spec.family)).calibration;
  return yield* fitCalibrationSetSteps(usual, random, least);
}

/** Rows whose scores are log p instead of −log p. */
function mirrored(rows: ScoredRows): ScoredRows {
  return {
    ...rows,
    logDensityNats: rows.logDensityNats.map((logP) => -logP),
    logLevels: rows.logLevels.map((logP) => -logP),
    missingNats: Object.fromEntries(Object.entries(rows.missingNats).map(([name, nats]) => [name, -nats])),
  };
}

/** Rows of which those with a p-value below 1/n are left out. */
function withoutRarest(rows: ScoredRows, pValues: Float64Array): ScoredRows {
  const { stray } = rows;
  return { ...rows, stray: stray.map((one, row) => (valueAt(pValues, row) < 1 / stray.length ? 1 : one)) };
}

/** Scores of all rows in the second stage, from the rows that it takes. */
async function laterScores(
  { encoding, calibration, signal }: CombinedParts,
  parts: SecondStageParts,
  pValues: Float64Array,
): Promise<SecondStage> {
  const later = noSecondStage(pValues.length);
  const asked = gatedRows(pValues);
  for (const [start, end] of blocksOf(asked.length, historyChunkRows(calibration))) {
    await turn(signal);
    const rows = asked.subarray(start, end);
    const found = await secondStage(
      parts,
      encoding.encode(calibration.select(rows)),
      Float64Array.from(rows, (row) => valueAt(pValues, row)),
    );
    placeScores(later, rows, found);
  }
  return later;
}

/**
 * Distance within which most of the rows lie whose distances count: the search of their nearest
 * rows may end there.
 */
async function nearEnoughOf(
  { encoding, calibration, signal }: CombinedParts,
  history: NearestRows,
  pValues: Float64Array,
): Promise<number> {
  const counted = Int32Array.from(pValues.keys())
    .filter((row) => valueAt(pValues, row) <= gates.distance)
    .slice(0, NEAR_ROWS);
  await turn(signal);
  const { rows } = encoding.encode(calibration.select(counted));
  const distances = Float64Array.from(counted, (_, i) => history.distance(rows, i)).sort();
  return distances.length === 0 ? 0 : quantileOfSorted(distances, NEAR_SHARE);
}

/** Learns from ordinary training rows, evenly spaced in time. */
async function trainedParts({ spec, encoding, signal }: CombinedParts, train: ColumnTable): Promise<TrainedParts> {
  const ordinary = await inTurns(ordinaryRows(spec, encoding, train), signal);
  const chosen = spacedRows(ordinary, mostHistoryRows(encoding));
  const { rows, width } = await encodedRows(encoding, train, chosen, signal);
  const linear = await inTurns(
    fitLinearConditionals({ rows, size: chosen.length, width }, encoding.dimensions),
    signal,
  );
  // Of unlabelled rows, the nearest to an anomaly may be another one.
  return { linear, history: spec.data === 'clean' ? new NearestRows(rows, width) : null };
}
