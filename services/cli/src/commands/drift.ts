import { type CheckedDay, getDetector, listDriftDays } from '@flowline/db';
import { hasDrifted, movedOf } from '@flowline/operations';
import type { Command } from 'commander';

import { action, command } from '../command.ts';
import { formatNumber, formatTable, printResult } from '../output.ts';
import { parseCount } from '../parse-options.ts';
import { withDatabase } from '../with-database.ts';

interface DriftOptions {
  readonly json?: true;
  readonly limit: string;
}

/** `flowline drift DETECTOR`: days that were checked for drift, and the features that moved. */
export function driftCommand(): Command {
  return command('drift <detector>', 'List the days that were checked for drift, and the features that moved.', [
    'flowline drift checkout-latency',
    'flowline drift checkout-latency --limit 1 --json | jq ".[0].features"',
  ])
    .option('--limit <count>', 'at most so many days', '20')
    .action(
      action(async (detector: string, { limit, json }: DriftOptions) => {
        const days = await withDatabase(async (db) => {
          await getDetector(db, detector);
          return listDriftDays(db, { detector, limit: parseCount('--limit', limit) });
        });
        printResult(days, json === true, formatDays);
      }),
    );
}

function formatDays(days: readonly CheckedDay[]): string {
  if (days.length === 0) return 'no day was checked yet: `flowline serve trainer` checks each UTC day once it is over';
  return formatTable(
    ['day', 'model', 'events', 'compared with', 'evidence', 'drifted', 'features that moved'],
    days.map((day) => [
      ...[day.day, day.modelVersion, day.events, day.referenceDays === 0 ? 'nothing yet' : `${day.referenceDays} days`],
      ...[formatNumber(day.evidence), hasDrifted(day) ? 'yes' : 'no'],
      movedOf(day)
        .map(({ feature, change }) => `${feature} (${change})`)
        .join(', '),
    ]),
  );
}
