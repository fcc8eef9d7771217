import {
  baselines,
  evaluateBaseline,
  evaluateDetector,
  type LabelledRows,
  preparedRows,
  type Protocol,
  type RankingMetrics,
  type SplitRows,
  splitRows,
} from '@flowline/evaluation';
import { type DecisionTest, entry } from '@flowline/events';

/** Name of our detector in tables. */
export const OURS = 'flowline';
/** Names of our detector with a test that is not the default of `evaluate`. */
export const OURS_OTHERS = ['flowline-density', 'flowline-combined'] as const;

/** Test that decides, by the name of the method. */
const tests: Readonly<Record<string, DecisionTest>> = {
  [OURS]: 'outlying',
  'flowline-density': 'density',
  'flowline-combined': 'combined',
};

/** Quality of a method on one split of a set. */
export interface DetectionRow extends RankingMetrics {
  readonly data: string;
  readonly protocol: Protocol;
  readonly method: string;
  readonly seed: number;
  /** CPU seconds of fitting and scoring. */
  readonly seconds: number;
  /** Our false alarms per normal row, where 1 % were asked for; null for others. */
  readonly alarmRate: number | null;
}

/** Split of a set that is measured. */
export type MeasuredSplit = Pick<DetectionRow, 'data' | 'protocol' | 'seed'>;

/** False alarms asked for, per normal row. */
export const ASKED_ALARMS = 0.01;

/** Measures a method on one split; null if it needs more rows. */
export type Measure = (method: string) => Promise<DetectionRow | null>;

/** Prepares the measurement of methods on one split of a set. */
export function measureOn(set: LabelledRows, split: MeasuredSplit): Measure {
  const { protocol, seed } = split;
  const rows: SplitRows = { ...set, protocol, ...splitRows(set.labels, protocol, seed) };
  let prepared: ReturnType<typeof preparedRows> | null = null;
  return async (method) => {
    const test = tests[method];
    if (test !== undefined) return { ...split, method, ...(await ours(rows, seed, test)) };
    const baseline = entry(baselinesByName, method);
    prepared ??= preparedRows(rows);
    const evaluated = evaluateBaseline(baseline, rows, prepared, seed);
    if (evaluated === null) return null;
    const { auroc, averagePrecision, recallAt1Percent, seconds } = evaluated;
    return { ...split, method, auroc, averagePrecision, recallAt1Percent, seconds, alarmRate: null };
  };
}

const baselinesByName = new Map(baselines.map((baseline) => [baseline.name, baseline]));

async function ours(
  rows: SplitRows,
  seed: number,
  test: DecisionTest,
): Promise<Omit<DetectionRow, keyof MeasuredSplit | 'method'>> {
  const found = await evaluateDetector(rows, { seed, alpha: ASKED_ALARMS, test });
  const { auroc, averagePrecision, recallAt1Percent, seconds, alarms } = found;
  return { auroc, averagePrecision, recallAt1Percent, seconds, alarmRate: alarms.realised };
}
