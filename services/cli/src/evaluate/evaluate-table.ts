import {
  type BaselineEvaluation,
  baselines,
  evaluateBaseline,
  evaluateDetector,
  labelledRows,
  type LabelledRows,
  preparedRows,
  type Protocol,
  type RankingMetrics,
  type SplitRows,
  splitRows,
} from '@flowline/evaluation';
import { at } from '@flowline/events';
import type { DataTable } from '@flowline/tables';

/** Request of an evaluation. */
export interface EvaluationRequest {
  readonly label: string;
  readonly normal: string | undefined;
  readonly ignore: readonly string[];
  readonly protocol: Protocol;
  /** Number of splits and trainings. */
  readonly seeds: number;
  readonly members: number;
  /** Maximum training steps; null: those of the recipe. */
  readonly steps: number | null;
  readonly alpha: number;
  readonly baselines: boolean;
}

/** Quality on one split. */
export interface SeedEvaluation extends RankingMetrics {
  readonly seed: number;
  readonly seconds: number;
}

/** Quality of a baseline: means over the seeds, and each seed. */
export interface MethodEvaluation extends RankingMetrics {
  readonly method: string;
  readonly seconds: number;
  readonly seeds: readonly SeedEvaluation[];
}

/** Result of an evaluation: means over the seeds, and each seed. */
export interface Evaluation extends RankingMetrics {
  readonly data: string;
  readonly label: string;
  readonly protocol: Protocol;
  readonly rows: number;
  readonly anomalies: number;
  readonly features: number;
  readonly trainedRows: number;
  /** False alarms per normal row: asked for, and raised, as a mean over the seeds. */
  readonly alarms: { readonly asked: number; readonly realised: number };
  readonly seconds: number;
  readonly seeds: readonly (SeedEvaluation & { readonly alarms: { readonly realised: number } })[];
  /** The detectors compared with; null if none was asked for. */
  readonly baselines: readonly MethodEvaluation[] | null;
  readonly leftOut: LabelledRows['leftOut'];
  readonly warnings: readonly string[];
}

/** Trains and tests on a labelled table, once per seed. */
export async function evaluateTable(
  data: DataTable,
  request: EvaluationRequest,
  onLine: (line: string) => void,
): Promise<Evaluation> {
  const used = { ...data, columns: data.columns.filter(({ name }) => !request.ignore.includes(name)) };
  const labelled = labelledRows(used, request);
  const { protocol, alpha, members, steps } = request;
  const seeds: Evaluation['seeds'][number][] = [];
  const others = new Map<string, SeedEvaluation[]>();
  let trainedRows = 0;
  for (let seed = 0; seed < request.seeds; seed++) {
    const rows: SplitRows = { ...labelled, protocol, ...splitRows(labelled.labels, protocol, seed) };
    const found = await evaluateDetector(rows, { seed, alpha, members, steps });
    const { auroc, averagePrecision, recallAt1Percent, seconds, alarms } = found;
    ({ trainedRows } = found);
    seeds.push({ seed, auroc, averagePrecision, recallAt1Percent, seconds, alarms: { realised: alarms.realised } });
    onLine(`seed ${seed}: AUROC ${auroc.toFixed(4)}, average precision ${averagePrecision.toFixed(4)}`);
    if (request.baselines) compare(rows, seed, others, onLine);
  }
  return {
    ...{ data: data.where, label: request.label, protocol },
    ...{ rows: labelled.labels.length, anomalies: labelled.labels.reduce((sum, label) => sum + label, 0) },
    ...{ features: labelled.schema.length, trainedRows },
    ...means(seeds),
    alarms: { asked: alpha, realised: mean(seeds.map((each) => each.alarms.realised)) },
    seeds,
    baselines: request.baselines
      ? [...others].map(([method, each]) => ({ method, ...means(each), seeds: each }))
      : null,
    leftOut: labelled.leftOut,
    warnings: warningsOf(labelled, request, others),
  };
}

function compare(
  rows: SplitRows,
  seed: number,
  found: Map<string, SeedEvaluation[]>,
  onLine: (line: string) => void,
): void {
  const prepared = preparedRows(rows);
  for (const baseline of baselines) {
    const evaluated: BaselineEvaluation | null = evaluateBaseline(baseline, rows, prepared, seed);
    if (evaluated === null) continue;
    found.set(baseline.name, [...(found.get(baseline.name) ?? []), { seed, ...evaluated }]);
    onLine(`seed ${seed}, ${baseline.name}: AUROC ${evaluated.auroc.toFixed(4)}`);
  }
}

function means(seeds: readonly SeedEvaluation[]): RankingMetrics & { readonly seconds: number } {
  return {
    auroc: mean(seeds.map(({ auroc }) => auroc)),
    averagePrecision: mean(seeds.map(({ averagePrecision }) => averagePrecision)),
    recallAt1Percent: mean(seeds.map(({ recallAt1Percent }) => recallAt1Percent)),
    seconds: mean(seeds.map(({ seconds }) => seconds)),
  };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value / values.length, 0);

function warningsOf(
  { unlabelled }: LabelledRows,
  { baselines: compared, label }: EvaluationRequest,
  found: ReadonlyMap<string, readonly SeedEvaluation[]>,
): string[] {
  const tooFew = compared ? baselines.filter(({ name }) => !found.has(name)) : [];
  return [
    ...(unlabelled === 0 ? [] : [`${unlabelled} rows have no ${label} and are left out.`]),
    ...(tooFew.length === 0
      ? []
      : [`Too few rows for ${tooFew.map(({ name }) => name).join(', ')} (${at(tooFew, 0).fewestRows} or more).`]),
  ];
}
