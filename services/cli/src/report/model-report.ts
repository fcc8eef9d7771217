import { reportHtml } from '@flowline/charts/report';
import type { Detector } from '@flowline/detector';
import { FlowlineError } from '@flowline/events';
import type { EventNames } from '@flowline/operations/scoring';
import type { DataTable } from '@flowline/tables';

import { readHistory } from '../fit/read-history.ts';
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

/** Most rows of the data that are scored; a longer file is read evenly. */
const MOST_ROWS = 100_000;

/** Model with the data that a report measures it on. */
export interface ReportedModel {
  readonly detector: Detector;
  readonly names: EventNames;
  readonly data: DataTable;
  /** Command line, for the foot of the page. */
  readonly command: string;
}

/**
 * Report on a model and a file of events, as one page of HTML.
 * @throws FlowlineError FLOWLINE_HISTORY_INVALID if more than 5 % of the rows do not fit.
 */
export async function modelReport({ detector, names, data, command }: ReportedModel): Promise<string> {
  const { bundle, alpha } = detector;
  const { metadata, schema, lookups, entity } = bundle;
  const { family, seed, members } = metadata;
  const spec = { name: metadata.detector, schema, lookups, entity, family, seed, members, data: metadata.data };
  const { table, rejected } = readHistory(data, { spec: { ...spec, family: 'realNVP' }, names });
  if (table.size === 0) {
    throw new FlowlineError('FLOWLINE_HISTORY_INVALID', `${data.where} has no rows that the model can score.`, {
      where: data.where,
      remedy: 'Give a file of events with the columns of the model.',
    });
  }
  const rows = table.select(evenly(table.size, MOST_ROWS));
  const scores = await detector.score(rows);
  return reportHtml({
    title: metadata.detector,
    lead: `${modelWords(metadata)}, measured on ${formatCount(rows.size)} rows of ${data.where}.`,
    ...{ command, madeAtMs: Date.now() },
    facts: [...modelFacts(detector), { name: 'scored here', value: `${formatCount(rows.size)} rows` }],
    features: learntFeatures(detector),
    ...{ leftOut: [], training: [], evaluation: null, hidden: [] },
    candidates: metadata.candidates ?? [],
    alarms: measuredAlarms({
      ...{ of: 'rows', pValues: scores.pValues, alpha, order: 'time' },
      ...{ expectedRate: alpha, expected: { low: alpha, high: alpha } },
    }),
    pValues: pValueParts(scores.pValues, `rows of ${data.where}`),
    distributions: await distributions(detector, rows),
    events: await worstEvents(detector, rows, scores, (row) => `row ${row + 1} of the data in time order`),
    missing: [
      'Rows that the model was trained on look more normal than new ones: the rates below hold for new data only if the file is new to the model.',
    ],
    warnings:
      rejected.rows === 0 ? [] : [`${rejected.rows} rows do not fit and are left out: ${rejected.example ?? ''}`],
  });
}
