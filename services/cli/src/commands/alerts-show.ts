import { findAlert, listAnomalies } from '@flowline/db';
import type { Command } from 'commander';

import { action, command } from '../command.ts';
import { printResult } from '../output.ts';
import { parseCount } from '../parse-options.ts';
import { withDatabase } from '../with-database.ts';

interface ShowOptions {
  readonly json?: true;
  readonly anomalies: string;
}

/** `flowline alerts show ID`: an alert with its most surprising anomaly and its latest ones. */
export function showCommand(): Command {
  return command('show <id>', 'Show an alert: its state, what was expected instead, and its latest anomalies.', [
    'flowline alerts show 0f3a1b2c          # the beginning of an id will do',
    'flowline alerts show 0f3a1b2c --json | jq .peak.contributions',
  ])
    .option('--anomalies <count>', 'at most so many of its latest anomalies', '10')
    .action(
      action(async (id: string, options: ShowOptions) => {
        const limit = parseCount('--anomalies', options.anomalies);
        const { featuresOf } = await import('../anomalies/explain-anomalies.ts');
        const { formatAlert } = await import('../alerts/format-alert.ts');
        const { alert, anomalies, features } = await withDatabase(async (db) => {
          const alert = await findAlert(db, id);
          const { items: anomalies } = await listAnomalies(db, { alertId: alert.alertId, limit });
          const peak = anomalies.find(({ eventId }) => eventId === alert.peak?.event.id) ?? anomalies[0];
          const [features] = await featuresOf(db, peak === undefined ? [] : [peak]);
          return { alert, anomalies, features: features ?? new Map() };
        });
        printResult({ ...alert, anomalies }, options.json === true, () => formatAlert(alert, anomalies, features));
      }),
    );
}
