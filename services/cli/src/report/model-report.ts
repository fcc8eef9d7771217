import { reportHtml, type ReportData } from '@flowline/charts/report';
import type { Detector } from '@flowline/detector';
import { FlowlineError, isAnomalous } from '@flowline/events';
import type { EventNames } from '@flowline/operations/scoring';
import type { DataTable } from '@flowline/tables';

import { readHistory } from '../fit/read-history.ts';
import { formatCount, formatNumber } from '../output.ts';
import { distributions, explainedEvents, pValueParts } from './model-parts.ts';

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
  const step = Math.ceil(table.size / MOST_ROWS);
  const rows = table.select(Int32Array.from({ length: Math.floor(table.size / step) }, (_, i) => i * step));
  const scores = await detector.score(rows);
  return reportHtml({
    title: metadata.detector,
    lead: `A ${family} of ${metadata.members} ${metadata.members === 1 ? 'flow' : 'flows'}, measured on ${formatCount(rows.size)} rows of ${data.where}.`,
    ...{ command, madeAtMs: Date.now() },
    facts: factsOf(detector, rows.size),
    features: schema.map(({ name, type, nullable, role }) => ({
      ...{ name, type },
      note: [role === 'context' ? 'context' : '', nullable ? 'may be missing' : '']
        .filter((note) => note !== '')
        .join(', '),
    })),
    ...{ leftOut: [], training: [], evaluation: null },
    candidates: metadata.candidates ?? [],
    alarms: alarmsOf(scores.pValues, alpha),
    pValues: pValueParts(scores.pValues, `rows of ${data.where}`),
    distributions: await distributions(detector, table),
    events: await explainedEvents(detector, rows, scores),
    missing: [
      'Rows that the model was trained on look more normal than new ones: the rates below hold for new data only if the file is new to the model.',
    ],
    warnings:
      rejected.rows === 0 ? [] : [`${rejected.rows} rows do not fit and are left out: ${rejected.example ?? ''}`],
  });
}

function factsOf({ bundle, alpha }: Detector, rows: number): ReportData['facts'] {
  const { history, heldOut, data } = bundle.metadata;
  return [
    { name: 'trained on', value: `${formatCount(history.train.rows)} rows` },
    { name: 'calibrated on', value: `${formatCount(history.calibration.rows)} rows` },
    { name: 'history', value: data },
    {
      name: 'held-out −log p',
      value:
        heldOut === null
          ? 'not measured'
          : `${formatNumber(heldOut.nllNats, 4)} ± ${formatNumber(heldOut.standardError, 2)} nats`,
    },
    { name: 'alpha', value: formatNumber(alpha) },
    { name: 'scored here', value: `${formatCount(rows)} rows` },
  ];
}

/** Alarms among p-values, with the Wilson interval (1927) of their rate at 95 %. */
function alarmsOf(pValues: Float64Array, alpha: number): NonNullable<ReportData['alarms']> {
  const rows = pValues.length;
  const alarms = pValues.filter((p) => isAnomalous(p, alpha)).length;
  const z2 = 1.96 ** 2;
  const centre = (alarms + z2 / 2) / (rows + z2);
  const half = (1.96 / (rows + z2)) * Math.sqrt((alarms * (rows - alarms)) / rows + z2 / 4);
  const measured = { low: Math.max(0, centre - half), high: centre + half };
  const isEnough = alpha * rows >= 3;
  const isKept = isEnough ? alpha >= measured.low && alpha <= measured.high : null;
  const least = formatCount(Math.ceil(3 / alpha));
  return {
    ...{ of: 'rows', rows, alarms, expectedRate: alpha, expected: null, measured, isKept },
    verdict:
      isKept === null
        ? `Not enough rows to tell: ${least} are needed for three expected alarms; there are ${formatCount(rows)}.`
        : isKept
          ? 'The measured rate agrees with the requested one.'
          : `There are ${alarms / rows > alpha ? 'more' : 'fewer'} alarms than requested: beyond chance, if rows are independent.`,
  };
}
