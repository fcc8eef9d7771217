import { type EvaluationData, reportHtml, type ReportData } from '@flowline/charts/report';
import { type InspectedSplit, type LabelledRows, rankingCurves } from '@flowline/evaluation';
import { at, printable } from '@flowline/events';

import {
  type Evaluation,
  type EvaluationObserver,
  type EvaluationRequest,
  type MethodRanking,
  OURS,
} from '../evaluate/evaluate-table.ts';
import { formatCount } from '../output.ts';
import { measuredAlarms } from './alarms.ts';
import {
  bySurprise,
  distributions,
  explainedEvents,
  learntFeatures,
  modelFacts,
  pValueParts,
  worstEvents,
} from './model-parts.ts';
import { trainingCurves } from './training-curves.ts';

/** Seeds whose curves are drawn. */
const MOST_SEEDS = 4;

/** Parts of a report that need the detector of the first seed. */
type SplitParts = Pick<
  ReportData,
  'facts' | 'features' | 'training' | 'alarms' | 'pValues' | 'distributions' | 'events' | 'hidden'
>;

/** Curves of one method on one split. */
interface RankedCurves extends Pick<MethodRanking, 'method' | 'seed'> {
  readonly curves: ReturnType<typeof rankingCurves>;
}

/** Record of an evaluation while it runs, from which its report is made. */
export class EvaluationRecord implements EvaluationObserver {
  readonly #alpha: number;
  /** Name of a row of the labelled rows. */
  readonly #nameOf: (row: number, label: number) => string;
  readonly #curves: RankedCurves[] = [];
  #parts: SplitParts | null = null;

  constructor({ alpha, label }: Pick<EvaluationRequest, 'alpha' | 'label'>) {
    this.#alpha = alpha;
    this.#nameOf = (row, isAnomaly) =>
      `labelled row ${formatCount(row + 1)}: ${isAnomaly === 1 ? 'an anomaly' : 'normal'} by ${printable(label)}`;
  }

  ranked({ method, seed, scores, labels }: MethodRanking): void {
    const isDrawn = method === OURS ? seed < MOST_SEEDS : seed === 0;
    if (isDrawn) this.#curves.push({ method, seed, curves: rankingCurves(scores, labels) });
  }

  async inspect(seed: number, split: InspectedSplit, labelled: LabelledRows): Promise<void> {
    if (seed === 0) this.#parts = await this.#partsOf(split, labelled);
  }

  /** The report on the evaluation that was recorded, as one page of HTML. */
  html(evaluation: Evaluation, command: string): string {
    if (this.#parts === null) throw new Error('nothing was evaluated');
    const { data, rows, anomalies, features, protocol, seeds } = evaluation;
    return reportHtml({
      ...this.#parts,
      title: `Detection on ${data}`,
      lead: `${formatCount(anomalies)} of ${formatCount(rows)} rows are anomalies; ${features} features. Protocol ${protocol}${seeds.length === 1 ? '' : `, ${seeds.length} seeds; what follows the table is of seed 0`}.`,
      ...{ command, madeAtMs: Date.now(), leftOut: evaluation.leftOut, candidates: [] },
      evaluation: this.#evaluationData(evaluation),
      missing: [],
      warnings: evaluation.warnings,
    });
  }

  #evaluationData(evaluation: Evaluation): EvaluationData {
    const { seeds, baselines, alarms, anomalies, rows, protocol } = evaluation;
    const others = baselines ?? [];
    const curves = (of: 'roc' | 'precision'): EvaluationData['roc'] =>
      this.#curves
        // Beside other methods, one curve of ours is enough.
        .filter(({ method, seed }) => method !== OURS || others.length === 0 || seed === 0)
        .map(({ method, seed, curves: each }) => ({
          name: others.length > 0 || seeds.length === 1 ? method : `seed ${seed}`,
          points: each[of],
          isOurs: method === OURS,
        }));
    return {
      methods: [
        { ...evaluation, name: OURS, isOurs: true },
        ...others.map((other) => ({ ...other, name: other.method, isOurs: false })),
      ],
      seeds: seeds.map((each) => ({ ...each, name: `seed ${each.seed}`, isOurs: true })),
      ...{ roc: curves('roc'), precision: curves('precision') },
      anomalyShare: testedShare(protocol, anomalies, rows),
      alarms,
    };
  }

  async #partsOf(split: InspectedSplit, labelled: LabelledRows): Promise<SplitParts> {
    const { detector, report, scores, table, labels, rows, trained } = split;
    const alpha = this.#alpha;
    const nameOf = (row: number): string => this.#nameOf(at(rows, row), at(labels, row));
    const normal = scores.pValues.filter((_, row) => labels[row] === 0);
    const leastSurprising = bySurprise(scores).toReversed();
    const isClean = detector.bundle.metadata.data === 'clean';
    const of = 'normal rows that the model never saw';
    return {
      facts: [
        ...modelFacts(detector).filter(({ name }) => name !== 'held-out −log p'),
        { name: 'tested on', value: `${formatCount(table.size)} of ${formatCount(labelled.labels.length)} rows` },
      ],
      features: learntFeatures(detector),
      training: trainingCurves(report.members),
      alarms: measuredAlarms({
        ...{ of, pValues: normal, alpha, expectedRate: alpha, order: 'random' },
        // Anomalies among the calibration rows of the contaminated protocol move its range.
        expected: isClean ? report.alarms.interval : { low: alpha, high: alpha },
      }),
      pValues: pValueParts(normal, of),
      distributions: await distributions(detector, trained),
      events: await worstEvents(detector, table, scores, nameOf),
      hidden: await explainedEvents(detector, table, {
        ...{ scores, nameOf },
        rows: leastSurprising.filter((row) => labels[row] === 1),
      }),
    };
  }
}

/** Share of anomalies among the rows that are tested on: the precision of a random ranking. */
function testedShare(protocol: Evaluation['protocol'], anomalies: number, rows: number): number {
  const normal = rows - anomalies;
  return protocol === 'contaminated' ? anomalies / rows : anomalies / (anomalies + Math.ceil(normal / 2));
}
