import {
  type Baseline,
  evaluateBaseline,
  evaluateDetector,
  type LabelledRows,
  preparedRows,
  type Protocol,
  type RankingMetrics,
  type SplitRows,
  splitRows,
} from '@flowline/evaluation';
import type { DecisionTest } from '@flowline/events';

/** Name of our detector in tables. */
export const OURS = 'flowline';
/** Name of our detector with `decision.test: combined`. */
export const OURS_COMBINED = 'flowline-combined';

/** Test that decides, by the name of the method. */
const tests: Readonly<Record<string, DecisionTest>> = { [OURS]: 'density', [OURS_COMBINED]: 'combined' };

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
export interface MeasuredSplit {
  readonly data: string;
  readonly protocol: Protocol;
  readonly seed: number;
}

/** False alarms asked for, per normal row. */
export const ASKED_ALARMS = 0.01;

/** Measures our detector and baselines on one split. Baselines that need more rows are left out. */
export async function* measureSplit(
  set: LabelledRows,
  { data, protocol, seed }: MeasuredSplit,
  methods: { readonly ours: readonly string[]; readonly baselines: readonly Baseline[] },
): AsyncGenerator<DetectionRow> {
  const rows: SplitRows = { ...set, protocol, ...splitRows(set.labels, protocol, seed) };
  for (const method of methods.ours) {
    const { auroc, averagePrecision, recallAt1Percent, seconds, alarms } = await evaluateDetector(rows, {
      seed,
      alpha: ASKED_ALARMS,
      test: tests[method] ?? 'density',
    });
    const measured = { auroc, averagePrecision, recallAt1Percent, seconds, alarmRate: alarms.realised };
    yield { data, protocol, method, seed, ...measured };
  }
  if (methods.baselines.length === 0) return;
  const prepared = preparedRows(rows);
  for (const baseline of methods.baselines) {
    const evaluated = evaluateBaseline(baseline, rows, prepared, seed);
    if (evaluated !== null) yield { data, protocol, method: baseline.name, seed, ...evaluated, alarmRate: null };
  }
}
