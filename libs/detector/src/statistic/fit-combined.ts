import { at, blocksOf, inTurns, type Steps, type TestComponent, testComponents, turn } from '@flowline/events';
import { ColumnTable, type FeatureEncoding } from '@flowline/features';
import { Random } from '@flowline/flows';

import { type CalibrationSet, fitCalibrationSetSteps } from '../calibration/calibration-set.ts';
import { historyChunkRows } from '../log-densities.ts';
import { quantileOfSorted, valueAt } from '../sorted.ts';
import { isRobust } from '../training/recipe.ts';
import type { DetectorTrainingSpec } from '../training/training-spec.ts';
import { flat, type ScoredRows, usualScores } from '../training/usual-scores.ts';
import { componentPValues, type ComponentScores, joinedScores } from './combined-scores.ts';
import { historyRows } from './history-rows.ts';
import type { NearestRows } from './nearest-rows.ts';
import {
  noSecondStage,
  placeScores,
  type SecondStage,
  secondStage,
  type SecondStageParts,
  type StageScorer,
} from './second-stage.ts';
import { type CombinedStatistic, type Component, componentShares, gates } from './statistic.ts';

/** Share of the calibration rows, the older ones, that the components are calibrated on. */
const COMPONENTS_SHARE = 0.5;
/** Rows from which the usual size of gradients is known. */
const SCALE_ROWS = 2_048;
/** Share of a normal distribution within one standard deviation. */
const WITHIN_DEVIATION = 0.6827;
/** Share of the rows with a distance that are near enough, and rows from which it is known. */
const [NEAR_SHARE, NEAR_ROWS] = [0.75, 500];

/** Parts of a training that a combined statistic is fitted with. */
export interface CombinedParts {
  readonly spec: Pick<DetectorTrainingSpec, 'data' | 'seed' | 'minimumRows'>;
  readonly encoding: FeatureEncoding;
  readonly scorer: StageScorer;
  /** Training rows, or those chosen of them by an earlier model; null for no distances. */
  readonly train: ColumnTable | NearestRows | null;
  readonly calibration: ColumnTable;
  readonly signal: AbortSignal | undefined;
}

/** Combined statistic, and the rows that it has not seen with their joined scores as −log p. */
export interface FittedStatistic {
  readonly statistic: CombinedStatistic;
  readonly rows: ScoredRows;
}

/**
 * Fits a combined statistic: its components are calibrated on the older half of the calibration
 * rows. The newer half, with its joined scores, is left to calibrate the join, so that whatever the
 * components' dependence and errors are, the rate asked for holds.
 */
export async function fitCombined(parts: CombinedParts, rows: ScoredRows): Promise<FittedStatistic> {
  const size = rows.logDensityNats.length;
  const half = Math.floor(size * COMPONENTS_SHARE);
  const older = rowsWithin(rows, 0, half);
  const densities = await densityComponents(parts, older);
  const scores = rows.logDensityNats.map((logP) => -logP);
  const pValues = componentPValues(at(densities, 0), scores, { ...rows, start: 0 });
  const stage = await stageParts(parts, older, pValues.subarray(0, half));
  const later = await laterScores(parts, stage, pValues);
  const components = [...densities, ...(await laterComponents(parts, older, { stage, later, pValues }))];
  const values: ComponentScores = { low_density: scores, high_density: rows.logDensityNats, ...later };
  const joined = joinedScores({ components }, values, { ...rows, start: 0 }).scores;
  const { gradientScales, history, nearEnough } = stage;
  return {
    statistic: { test: 'combined', components, gradientScales, history, nearEnough },
    rows: rowsWithin({ ...rows, ...flat(joined) }, half, size),
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

/** Parts of the second stage, fitted with p-values of the older rows by low density. */
async function stageParts(parts: CombinedParts, older: ScoredRows, pValues: Float64Array): Promise<SecondStageParts> {
  // Of unlabelled rows, the nearest to an anomaly may be another one.
  const history = parts.spec.data === 'clean' ? await historyOf(parts) : null;
  return {
    ...{ scorer: parts.scorer, history },
    gradientScales: await gradientScales(parts, older),
    nearEnough: history === null ? 0 : await nearEnoughOf(parts, history, pValues),
  };
}

/** Calibrates the components of the second stage. */
async function laterComponents(
  { spec, signal }: CombinedParts,
  older: ScoredRows,
  { stage, later, pValues }: { stage: SecondStageParts; later: SecondStage; pValues: Float64Array },
): Promise<readonly Component[]> {
  // Where most scores are 0, their tail cannot be told from outliers. These are told by their
  // densities, as the rarest that so many rows should not have.
  const kept = isRobust(spec.data) ? withoutRarest(older, pValues) : older;
  const found: Component[] = [];
  for (const name of ['extreme_latent', 'extreme_value', 'distant'] as const) {
    if (name === 'distant' && stage.history === null) continue;
    const own = { ...kept, ...flat(later[name].subarray(0, kept.stray.length)) };
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
  return yield* fitCalibrationSetSteps(usual, random, spec.minimumRows?.calibration);
}

/** Rows [start, end) of scored rows. */
function rowsWithin(rows: ScoredRows, start: number, end: number): ScoredRows {
  const { level, missing } = rows.traits;
  return {
    ...rows,
    logDensityNats: rows.logDensityNats.subarray(start, end),
    logLevels: rows.logLevels.subarray(start, end),
    missingPattern: rows.missingPattern.subarray(start, end),
    stray: rows.stray.subarray(start, end),
    traits: { level: (row, context) => level(start + row, context), missing: (row) => missing(start + row) },
  };
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
  const asked = Int32Array.from(pValues.keys()).filter((row) => valueAt(pValues, row) <= gates.latents);
  for (const [start, end] of blocksOf(asked.length, historyChunkRows(calibration))) {
    await turn(signal);
    const rows = asked.subarray(start, end);
    const { rows: encoded } = encoding.encode(calibration.select(rows));
    const found = await secondStage(
      parts,
      encoded,
      Float64Array.from(rows, (row) => valueAt(pValues, row)),
    );
    placeScores(later, rows, found);
  }
  return later;
}

/**
 * Usual size of ∂ log p / ∂ x of each dimension: for a normal distribution its standard deviation,
 * but a few absurd rows do not move it.
 */
async function gradientScales(
  { encoding, scorer, calibration }: CombinedParts,
  { logDensityNats, stray }: ScoredRows,
): Promise<Float64Array> {
  const usable = Int32Array.from(stray.keys()).filter(
    (row) => stray[row] !== 1 && Number.isFinite(logDensityNats[row]),
  );
  const count = Math.min(SCALE_ROWS, usable.length);
  const rows = Int32Array.from({ length: count }, (_, i) => valueAt(usable, Math.floor((i * usable.length) / count)));
  const gradients = await scorer.gradient(encoding.encode(calibration.select(rows)).rows, count);
  const d = encoding.dimensions;
  return Float64Array.from({ length: d }, (_, i) => {
    // The gradient is exactly 0 where the feature is missing.
    const sizes = Float64Array.from(rows, (_row, k) => Math.abs(valueAt(gradients, k * d + i)))
      .filter((value) => value > 0)
      .sort();
    return sizes.length === 0 ? Infinity : valueAt(sizes, Math.floor(WITHIN_DEVIATION * (sizes.length - 1)));
  });
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

/** Training rows from which distances are measured, or those that an earlier model has chosen. */
async function historyOf({ train, ...parts }: CombinedParts): Promise<NearestRows | null> {
  return train instanceof ColumnTable ? (await historyRows(parts, [train])).history : train;
}
