import { getDetector, listAnomalies, mostSurprising, type StoredAnomaly } from '@flowline/db';
import type { Command } from 'commander';

import { action, command } from '../command.ts';
import { formatNumber, formatTable, printResult } from '../output.ts';
import { parseChoice, parseCount, parseMoment } from '../parse-options.ts';
import { withDatabase } from '../with-database.ts';

interface AnomaliesOptions {
  readonly json?: true;
  readonly detector?: string;
  readonly since?: string;
  readonly limit: string;
  readonly order: string;
}

/** `flowline anomalies`: what was found, the latest or the most surprising first. */
export function anomaliesCommand(): Command {
  return command('anomalies', 'List anomalies, each with what was found and what was expected.', [
    'flowline anomalies --since 1h',
    'flowline anomalies --detector checkout-latency --since 2026-05-01 --order surprise',
    'flowline anomalies --limit 1000 --json | jq -r ".[] | [.eventTime, .summary] | @tsv"',
  ])
    .option('--detector <name>', 'only those of this detector')
    .option('--since <when>', 'event time from here on: a duration before now, or a time')
    .option('--limit <count>', 'at most so many', '20')
    .option('--order <by>', 'time: the latest first; surprise: the most surprising first', 'time')
    .action(
      action(async (options: AnomaliesOptions) => {
        const filter = {
          limit: parseCount('--limit', options.limit),
          ...(options.detector === undefined ? {} : { detector: options.detector }),
          ...(options.since === undefined ? {} : { from: parseMoment('--since', options.since) }),
        };
        const order = parseChoice('--order', options.order, ['time', 'surprise']);
        const anomalies = await withDatabase(async (db) => {
          if (options.detector !== undefined) await getDetector(db, options.detector);
          return order === 'time' ? (await listAnomalies(db, filter)).items : mostSurprising(db, filter);
        });
        printResult(anomalies, options.json === true, formatAnomalies);
      }),
    );
}

function formatAnomalies(anomalies: readonly StoredAnomaly[]): string {
  if (anomalies.length === 0) return 'no anomalies';
  return formatTable(
    ['event time', 'detector', 'event', 'bits', 'p-value', 'what'],
    anomalies.map((anomaly) => [
      anomaly.eventTime.toISOString().slice(0, 19).replace('T', ' '),
      anomaly.detector,
      anomaly.eventId,
      anomaly.surpriseBits.toFixed(1),
      formatNumber(anomaly.pValue, 2),
      anomaly.summary,
    ]),
  );
}
