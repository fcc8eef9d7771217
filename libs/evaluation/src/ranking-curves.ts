import { rankingSteps } from './ranking-steps.ts';

/** Point of a curve. */
export interface CurvePoint {
  readonly x: number;
  readonly y: number;
}

/** Curves of a ranking, over all thresholds. */
export interface RankingCurves {
  /** Recall by share of false alarms among the normal rows (ROC), from (0, 0) to (1, 1). */
  readonly roc: readonly CurvePoint[];
  /** Precision by recall, from recall 0 to 1. */
  readonly precision: readonly CurvePoint[];
}

/** Distance between points that are kept: finer ones are not seen. */
const RESOLUTION = 1 / 200;

/**
 * Curves of a ranking. Rows of equal scores enter together; points closer than 1/200 are left out.
 * @param scores larger is more anomalous; NaN ranks highest.
 * @param labels 1 for an anomaly. Both labels must occur.
 */
export function rankingCurves(scores: Float64Array, labels: Uint8Array): RankingCurves {
  const anomalies = labels.reduce((sum, label) => sum + label, 0);
  const normal = labels.length - anomalies;
  const steps = rankingSteps(scores, labels);
  const precision = steps.map((step) => ({
    x: step.anomalies / anomalies,
    y: step.anomalies / (step.anomalies + step.normal),
  }));
  const [first] = precision;
  return {
    roc: thinned([
      { x: 0, y: 0 },
      ...steps.map((step) => ({ x: step.normal / normal, y: step.anomalies / anomalies })),
    ]),
    precision: thinned([...(first === undefined ? [] : [{ x: 0, y: first.y }]), ...precision]),
  };
}

/** The first point, the last, and those between that are far enough from the one before. */
function thinned(points: readonly CurvePoint[]): readonly CurvePoint[] {
  const kept: CurvePoint[] = [];
  for (const [i, point] of points.entries()) {
    const last = kept.at(-1);
    const isFar = last === undefined || Math.abs(point.x - last.x) + Math.abs(point.y - last.y) >= RESOLUTION;
    if (isFar || i === points.length - 1) kept.push(point);
  }
  return kept;
}
