import { severities } from '@flowline/alerts';
import { getDetector, listAlerts, type ListedAlertRow } from '@flowline/db';
import type { Command } from 'commander';

import { shortId } from '../alerts/short-id.ts';
import { action, choice, command } from '../command.ts';
import { formatTable, formatTime, printResult } from '../output.ts';
import { parseChoice, parseCount, parseMoment } from '../parse-options.ts';
import { withDatabase } from '../with-database.ts';

interface ListOptions {
  readonly json?: true;
  readonly state?: string;
  readonly kind?: string;
  readonly severity?: string;
  readonly detector?: string;
  readonly entity?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit: string;
}

const states = ['open', 'resolved'] as const;
const kinds = ['density', 'out_of_domain', 'absence', 'storm'] as const;

/** `flowline alerts ls`: lists alerts, the one with the latest anomaly first. */
export function listCommand(): Command {
  return command('ls', 'List alerts, the one with the latest anomaly first.', [
    'flowline alerts ls --state open',
    'flowline alerts ls --severity critical --detector checkout-latency',
    'flowline alerts ls --limit 1000 --json | jq -r ".[].alertId"',
  ])
    .addOption(choice('--state <state>', 'only alerts in this state', states))
    .addOption(choice('--kind <kind>', 'only alerts of this kind', kinds))
    .addOption(choice('--severity <severity>', 'only alerts of this severity', severities))
    .option('--detector <name>', 'only this detector')
    .option('--entity <name>', 'only this entity')
    .option('--from <when>', 'last anomaly at this time or later: a time, or a duration before now')
    .option('--to <when>', 'last anomaly before this time')
    .option('--limit <count>', 'at most so many', '20')
    .action(
      action(async ({ state, kind, severity, detector, entity, from, to, limit, json }: ListOptions) => {
        const filter = {
          limit: parseCount('--limit', limit),
          ...(state === undefined ? {} : { state: parseChoice('--state', state, states) }),
          ...(kind === undefined ? {} : { kind: parseChoice('--kind', kind, kinds) }),
          ...(severity === undefined ? {} : { severity: parseChoice('--severity', severity, severities) }),
          ...(detector === undefined ? {} : { detector }),
          ...(entity === undefined ? {} : { entity }),
          ...(from === undefined ? {} : { from: parseMoment('--from', from) }),
          ...(to === undefined ? {} : { to: parseMoment('--to', to) }),
        };
        const { items } = await withDatabase(async (db) => {
          if (detector !== undefined) await getDetector(db, detector);
          return listAlerts(db, filter);
        });
        printResult(items, json === true, formatAlerts);
      }),
    );
}

function formatAlerts(alerts: readonly ListedAlertRow[]): string {
  if (alerts.length === 0) return 'no alerts';
  const haveEntities = alerts.some(({ entity }) => entity !== null);
  return formatTable(
    ['alert', 'last anomaly', 'detector', ...(haveEntities ? ['entity'] : []), 'state', 'severity', 'count', 'what'],
    alerts.map((alert) => [
      shortId(alert.alertId),
      formatTime(alert.lastSeen),
      alert.detector,
      ...(haveEntities ? [alert.entity ?? ''] : []),
      stateOf(alert),
      alert.severity,
      alert.count,
      alert.summary ?? '',
    ]),
  );
}

/** State of an alert in a few words, with what people have said of it. */
function stateOf({ state, acknowledgedBy, snoozedUntil }: ListedAlertRow): string {
  const said = [
    ...(acknowledgedBy === null ? [] : ['acknowledged']),
    ...(snoozedUntil !== null && snoozedUntil > new Date() ? ['snoozed'] : []),
  ];
  return [state, ...said].join(', ');
}
