import { at } from '@flowline/events';
import { type Database, getDetector, listAnomalies, mostSurprising, type StoredAnomaly } from '@flowline/db';
import type { Command } from 'commander';

import { action, choice, command } from '../command.ts';
import { formatNumber, formatTable, formatTime, printResult } from '../output.ts';
import { parseChoice, parseCount, parseMoment } from '../parse-options.ts';
import { barsOf, hasTextCharts } from '../text-charts.ts';
import { withDatabase } from '../with-database.ts';

const orders = ['time', 'surprise'] as const;

interface AnomaliesOptions {
  readonly json?: true;
  readonly detector?: string;
  readonly entity?: string;
  readonly feature?: string;
  readonly event?: string;
  readonly since?: string;
  readonly limit: string;
  readonly order: string;
  readonly explain?: true;
}

/** `flowline anomalies`: lists anomalies, the latest or the most surprising first. */
export function anomaliesCommand(): Command {
  return command('anomalies', 'List anomalies with the observed and the expected values.', [
    'flowline anomalies --since 1h',
    'flowline anomalies --detector checkout-latency --since 2026-05-01 --order surprise',
    'flowline anomalies --entity berlin --feature latency_ms',
    'flowline anomalies --limit 1 --explain             # every feature: observed, expected, closest usual value',
    'flowline anomalies --limit 1000 --json | jq -r ".[] | [.eventTime, .summary] | @tsv"',
  ])
    .option('--detector <name>', 'only this detector')
    .option('--entity <name>', 'only this entity')
    .option('--feature <name>', 'only anomalies to which this feature contributes most')
    .option('--event <id>', 'only the event with this id')
    .option('--since <when>', 'earliest event time: a duration before now, or a time')
    .option('--limit <count>', 'at most so many', '20')
    .addOption(choice('--order <by>', 'time: the latest first; surprise: the most surprising first', orders, 'time'))
    .option(
      '--explain',
      'show every feature: the observed value, the expected one, and that of the closest usual event',
    )
    .action(
      action(async (options: AnomaliesOptions) => {
        const filter = {
          limit: parseCount('--limit', options.limit),
          ...(options.detector === undefined ? {} : { detector: options.detector }),
          ...(options.entity === undefined ? {} : { entity: options.entity }),
          ...(options.feature === undefined ? {} : { feature: options.feature }),
          ...(options.event === undefined ? {} : { eventId: options.event }),
          ...(options.since === undefined ? {} : { from: parseMoment('--since', options.since) }),
        };
        const order = parseChoice('--order', options.order, orders);
        const { anomalies, blocks } = await withDatabase(async (db) => {
          if (options.detector !== undefined) await getDetector(db, options.detector);
          const found = order === 'time' ? (await listAnomalies(db, filter)).items : await mostSurprising(db, filter);
          return { anomalies: found, blocks: options.explain === true ? await explanations(db, found) : null };
        });
        printResult(anomalies, options.json === true, () =>
          blocks === null || anomalies.length === 0 ? formatAnomalies(anomalies) : blocks.join('\n\n'),
        );
      }),
    );
}

async function explanations(db: Database, anomalies: readonly StoredAnomaly[]): Promise<string[]> {
  const { explainAnomaly, featuresOf } = await import('../anomalies/explain-anomalies.ts');
  const features = await featuresOf(db, anomalies);
  return anomalies.map((anomaly, i) => explainAnomaly(anomaly, at(features, i)));
}

function formatAnomalies(anomalies: readonly StoredAnomaly[]): string {
  if (anomalies.length === 0) return 'no anomalies';
  const haveEntities = anomalies.some(({ entity }) => entity !== null);
  const bars = hasTextCharts() ? barsOf(anomalies.map(({ surpriseBits }) => surpriseBits)) : null;
  return formatTable(
    [
      ...['event time', 'detector', 'event', ...(haveEntities ? ['entity'] : [])],
      ...['bits', ...(bars === null ? [] : ['']), 'p-value', 'what'],
    ],
    anomalies.map((anomaly, i) => [
      formatTime(anomaly.eventTime),
      anomaly.detector,
      anomaly.eventId,
      ...(haveEntities ? [anomaly.entity ?? ''] : []),
      anomaly.surpriseBits.toFixed(1),
      ...(bars === null ? [] : [at(bars, i)]),
      formatNumber(anomaly.pValue, 2),
      anomaly.summary,
    ]),
  );
}
