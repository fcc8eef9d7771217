import {
  type BaselineEvaluation,
  baselines,
  evaluateBaseline,
  evaluateDetector,
  type InspectedSplit,
  labelledRows,
  type LabelledRows,
  preparedRows,
  type Protocol,
  type RankingMetrics,
  type SplitRows,
  splitRows,
} from '@flowline/evaluation';
import { at, type DecisionTest, FlowlineError } from '@flowline/events';
import { type DataTable, listed } from '@flowline/tables';

/** Request of an evaluation. */
export interface EvaluationRequest {
  readonly label: string;
  readonly normal: string | undefined;
  readonly ignore: readonly string[];
  readonly protocol: Protocol;
  /** Number of splits and trainings. */
  readonly seeds: number;
  /** Statistic that decides. */
  readonly test: DecisionTest;
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

/** Ranking of the test rows of one split by one method. */
export interface MethodRanking {
  /** `flowline`, or the name of a baseline. */
  readonly method: string;
  readonly seed: number;
  /** Larger is more anomalous. */
  readonly scores: Float64Array;
  /** Label of each test row: 1 for an anomaly. */
  readonly labels: Uint8Array;
}

/** Observer of an evaluation, for what its measures do not tell. */
export interface EvaluationObserver {
  ranked(ranking: MethodRanking): void;
  /** Called with the detector of each seed, before it is disposed of. */
  inspect(seed: number, split: InspectedSplit, labelled: LabelledRows): Promise<void>;
}

/** Trains and tests on a labelled table, once per seed. */
export async function evaluateTable(
  data: DataTable,
  request: EvaluationRequest,
  onLine: (line: string) => void,
  observer: EvaluationObserver | null = null,
): Promise<Evaluation> {
  const labelled = labelledRows(without(data, request.ignore), request);
  const { protocol, alpha, test, members, steps } = request;
  const seeds: Evaluation['seeds'][number][] = [];
  const others = new Map<string, SeedEvaluation[]>();
  let trainedRows = 0;
  for (let seed = 0; seed < request.seeds; seed++) {
    const rows: SplitRows = { ...labelled, protocol, ...splitRows(labelled.labels, protocol, seed) };
    const inspect = observer === null ? undefined : (split: InspectedSplit) => observer.inspect(seed, split, labelled);
    const found = await evaluateDetector(rows, { seed, alpha, test, members, steps, inspect });
    const { scores } = found;
    observer?.ranked({ method: OURS, seed, scores, labels: testLabels(rows) });
    const { auroc, averagePrecision, recallAt1Percent, seconds, alarms } = found;
    ({ trainedRows } = found);
    seeds.push({ seed, auroc, averagePrecision, recallAt1Percent, seconds, alarms: { realised: alarms.realised } });
    onLine(`seed ${seed}: AUROC ${auroc.toFixed(4)}, average precision ${averagePrecision.toFixed(4)}`);
    if (request.baselines) compare(rows, seed, others, { onLine, observer });
  }
  return {
    ...{ data: data.where, label: request.label, protocol },
    ...{ rows: labelled.labels.length, anomalies: anomaliesOf(labelled.labels) },
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

/** A table without columns that are not asked for. */
function without(data: DataTable, ignored: readonly string[]): DataTable {
  const names = data.columns.map(({ name }) => name);
  const unknown = ignored.find((name) => !names.includes(name));
  if (unknown === undefined) return { ...data, columns: data.columns.filter(({ name }) => !ignored.includes(name)) };
  throw new FlowlineError('FLOWLINE_USAGE', `${data.where} has no column "${unknown}", which --ignore names.`, {
    where: '--ignore',
    remedy: `It has ${listed(names)}.`,
  });
}

function compare(
  rows: SplitRows,
  seed: number,
  found: Map<string, SeedEvaluation[]>,
  { onLine, observer }: { readonly onLine: (line: string) => void; readonly observer: EvaluationObserver | null },
): void {
  const prepared = preparedRows(rows);
  for (const baseline of baselines) {
    const evaluated: BaselineEvaluation | null = evaluateBaseline(baseline, rows, prepared, seed);
    if (evaluated === null) continue;
    const { scores, ...measured } = evaluated;
    found.set(baseline.name, [...(found.get(baseline.name) ?? []), { seed, ...measured }]);
    observer?.ranked({ method: baseline.name, seed, scores, labels: testLabels(rows) });
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

/** Name of the detector among methods. */
export const OURS = 'flowline';

const testLabels = ({ labels, test }: SplitRows): Uint8Array => Uint8Array.from(test, (row) => at(labels, row));

/** Anomalies below which one of them moves the measures by some per cent. */
const FEWEST_ANOMALIES = 20;

const anomaliesOf = (labels: Uint8Array): number => labels.reduce((sum, label) => sum + label, 0);

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value / values.length, 0);

function warningsOf(
  { unlabelled, labels }: LabelledRows,
  { baselines: compared, label }: EvaluationRequest,
  found: ReadonlyMap<string, readonly SeedEvaluation[]>,
): string[] {
  const anomalies = anomaliesOf(labels);
  const tooFew = compared ? baselines.filter(({ name }) => !found.has(name)) : [];
  const needed = tooFew.map(({ name, fewestRows }) => `${name} (${fewestRows} or more)`);
  return [
    ...(unlabelled === 0 ? [] : [`${unlabelled} rows have no ${label} and are left out.`]),
    ...(anomalies < FEWEST_ANOMALIES
      ? [`Only ${anomalies === 1 ? '1 anomaly' : `${anomalies} anomalies`}: the measures are uncertain.`]
      : []),
    ...(needed.length === 0 ? [] : [`Too few training rows for ${needed.join(', ')}.`]),
  ];
}
