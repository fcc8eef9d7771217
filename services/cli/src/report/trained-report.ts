import { reportHtml, type ReportData } from '@flowline/charts/report';
import type { Detector, TrainingReport } from '@flowline/detector';
import type { ColumnTable } from '@flowline/features';

import { formatCount } from '../output.ts';
import { measuredAlarms } from './alarms.ts';
import {
  distributions,
  evenly,
  learntFeatures,
  modelFacts,
  modelWords,
  pValueParts,
  worstEvents,
} from './model-parts.ts';
import { trainingCurves } from './training-curves.ts';

/** Most rows of a history among which the most surprising are looked for. */
const MOST_ROWS = 100_000;

/** Model as it comes from a training, with its history. */
export interface TrainedModel {
  readonly detector: Detector;
  readonly report: TrainingReport;
  /** History in time order. */
  readonly table: ColumnTable;
  /** The newest rows of it, which the model was not made from. */
  readonly test: ColumnTable;
}

/** Words of a report on a training. */
export interface TrainedWords {
  readonly title: string;
  /** Name of the history, such as its file. */
  readonly where: string;
  readonly leftOut: ReportData['leftOut'];
  readonly warnings: readonly string[];
  readonly command: string;
}

/**
 * Report on a model that was just trained, as one page of HTML: its alarms and p-values on the test
 * rows, samples beside the history, the most surprising rows of the history, and how it was
 * trained.
 */
export async function trainedReport({ detector, report, table, test }: TrainedModel, words: TrainedWords) {
  const { metadata } = detector.bundle;
  const rows = table.select(evenly(table.size, MOST_ROWS));
  const scores = await detector.score(rows);
  const { pValues } = await detector.score(test.rows(0, test.size));
  const { expectedRate, interval } = report.alarms;
  const training = trainingCurves(report.members);
  const of = 'newest rows, which the model was not made from';
  return reportHtml({
    title: words.title,
    lead: `${modelWords(metadata)}, trained on ${words.where} and tested on the newest ${formatCount(test.size)} rows of it.`,
    ...{ command: words.command, madeAtMs: Date.now() },
    facts: [...modelFacts(detector), { name: 'tested on', value: `${formatCount(test.size)} rows` }],
    features: learntFeatures(detector),
    ...{ leftOut: words.leftOut, training, evaluation: null, hidden: [], candidates: report.candidates },
    alarms:
      test.size === 0
        ? null
        : measuredAlarms({
            ...{ of, pValues, alpha: detector.alpha, order: 'time' },
            ...{ expectedRate, expected: interval },
          }),
    pValues: test.size === 0 ? null : pValueParts(pValues, of),
    distributions: await distributions(detector, rows),
    events: await worstEvents(detector, rows, scores, (row) => historyRow(row, rows.size, table.size)),
    missing: missingParts(training.length > 0),
    warnings: words.warnings,
  });
}

/** Name of a row of a history, of which every n-th was taken. */
const historyRow = (row: number, taken: number, of: number): string =>
  `row ${formatCount(row * Math.max(1, Math.ceil(of / MOST_ROWS)) + 1)} of the history in time order${taken < of ? ` (${formatCount(taken)} of ${formatCount(of)} rows looked at)` : ''}`;

const missingParts = (hasCurves: boolean): readonly string[] => [
  'The most surprising events are those of the whole history, most of which the model was trained on: such rows look more normal than new ones. Rates and p-values are of rows that it never saw.',
  ...(hasCurves ? [] : ['There are no training curves: no flow took gradient steps in this run.']),
];
