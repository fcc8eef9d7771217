import { acknowledgeAlert, type Database, findAlert, getAlert, type ListedAlertRow, snoozeAlert } from '@flowline/db';
import { FlowlineError } from '@flowline/events';
import { LONGEST_SNOOZE_MS, resolveByHand } from '@flowline/operations';
import type { Command } from 'commander';

import { shortId } from '../alerts/short-id.ts';
import { action, command } from '../command.ts';
import { formatTime, printResult } from '../output.ts';
import { parseFuture } from '../parse-options.ts';
import { withDatabase } from '../with-database.ts';

interface Options {
  readonly json?: true;
}

/** `flowline alerts ack ID`: notes that somebody has seen an alert. */
export function acknowledgeCommand(): Command {
  return command('ack <id>', 'Note that you have seen an alert. The first name stays.', [
    'flowline alerts ack 0f3a1b2c --by ann',
  ])
    .option('--by <name>', 'who has seen it (default: the database user)')
    .action(
      action(async (id: string, { by, json }: Options & { readonly by?: string }) => {
        const name = by === undefined ? null : nameOf(by, 'ack');
        const alert = await answered(id, (db, { alertId }) => acknowledgeAlert(db, alertId, name));
        printResult(alert, json === true, ({ alertId, acknowledgedBy, acknowledgedAt }) =>
          acknowledgedAt === null
            ? `alert ${shortId(alertId)} is not acknowledged`
            : `alert ${shortId(alertId)} is acknowledged by ${acknowledgedBy ?? ''} (${formatTime(acknowledgedAt)})`,
        );
      }),
    );
}

/** `flowline alerts snooze ID`: holds back the messages about an alert for a time. */
export function snoozeCommand(): Command {
  return command('snooze <id>', 'Hold back the messages about an alert for a time; its resolution is still told.', [
    'flowline alerts snooze 0f3a1b2c --for 2h',
    'flowline alerts snooze 0f3a1b2c --for 2031-05-01T08:00:00Z',
    'flowline alerts snooze 0f3a1b2c --end',
  ])
    .option('--for <duration>', 'its length, or the time at which it ends; at most a year')
    .option('--end', 'end it now')
    .action(
      action(async (id: string, options: Options & { readonly for?: string; readonly end?: true }) => {
        const until = snoozeEnd(options);
        const alert = await answered(id, (db, { alertId }) => snoozeAlert(db, alertId, until));
        printResult(alert, options.json === true, ({ alertId, snoozedUntil }) =>
          snoozedUntil === null
            ? `alert ${shortId(alertId)} is not snoozed`
            : `alert ${shortId(alertId)} is snoozed until ${formatTime(snoozedUntil)}`,
        );
      }),
    );
}

/** `flowline alerts resolve ID`: resolves an alert by hand, and tells its sinks. */
export function resolveCommand(): Command {
  return command(
    'resolve <id>',
    'Resolve an open alert by hand, and tell its sinks. An anomaly soon after reopens it.',
    ['flowline alerts resolve 0f3a1b2c --by ann'],
  )
    .option('--by <name>', 'who resolves it: acknowledges it too, unless somebody has')
    .action(
      action(async (id: string, { by, json }: Options & { readonly by?: string }) => {
        const name = by === undefined ? null : nameOf(by, 'resolve');
        let wasOpen = false;
        const alert = await answered(id, async (db, found) => {
          if (name !== null) await acknowledgeAlert(db, found.alertId, name);
          wasOpen = await resolveByHand(db, found);
        });
        printResult(alert, json === true, ({ alertId }) =>
          wasOpen ? `alert ${shortId(alertId)} is resolved` : `alert ${shortId(alertId)} was resolved before`,
        );
      }),
    );
}

/** Does something with an alert. @returns the alert as it is afterwards. */
function answered(
  id: string,
  work: (db: Database, alert: ListedAlertRow) => Promise<unknown>,
): Promise<ListedAlertRow> {
  return withDatabase(async (db) => {
    const alert = await findAlert(db, id);
    await work(db, alert);
    return (await getAlert(db, alert.alertId)) ?? alert;
  });
}

/** End of a snooze; null to end it now. @throws FlowlineError FLOWLINE_USAGE. */
function snoozeEnd({ for: length, end }: { readonly for?: string; readonly end?: true }): Date | null {
  if ((length === undefined) === (end === undefined)) {
    throw usage('snooze', 'Expected exactly one of --for and --end.', 'Say for how long: --for 2h.');
  }
  if (length === undefined) return null;
  const until = parseFuture('--for', length);
  if (until.getTime() - Date.now() <= LONGEST_SNOOZE_MS) return until;
  throw usage('snooze', `--for is "${length}", which is more than a year.`, 'Resolve the alert, or write a rule.');
}

/** Name of a person. @throws FlowlineError FLOWLINE_USAGE. */
function nameOf(by: string, command: string): string {
  const name = by.trim();
  if (name !== '' && name.length <= MOST_CHARACTERS) return name;
  throw usage(
    command,
    `--by has ${name.length} characters; expected 1 to ${MOST_CHARACTERS}.`,
    'Name a person: --by ann.',
  );
}

const MOST_CHARACTERS = 200;

const usage = (name: string, message: string, remedy: string): FlowlineError =>
  new FlowlineError('FLOWLINE_USAGE', message, { where: `flowline alerts ${name}`, remedy });
