import { deleteDetector, type DroppedData, pauseDetector, resumeDetector } from '@flowline/db';
import { FlowlineError } from '@flowline/events';
import type { Command } from 'commander';

import { action, command } from '../command.ts';
import { formatCount, printResult } from '../output.ts';
import { withDatabase } from '../with-database.ts';

interface StateOptions {
  readonly json?: true;
}

/**
 * `flowline pause NAME`: running scorers finish the current batch and leave the detector alone
 * until it is resumed.
 */
export function pauseCommand(): Command {
  return command('pause <detector>', 'Pause a detector: no scoring, no scheduled training, nothing is lost.', [
    'flowline pause checkout-latency',
  ]).action(
    action(async (detector: string, options: StateOptions) => {
      const changed = await withDatabase((db) => pauseDetector(db, detector));
      printResult({ detector, state: 'paused', changed }, options.json === true, () =>
        changed ? `${detector} is paused: running scorers stop within seconds` : `${detector} is already paused`,
      );
    }),
  );
}

/** `flowline resume NAME`: scoring continues where it stopped. */
export function resumeCommand(): Command {
  return command('resume <detector>', 'End a pause: scoring resumes at the event where it stopped.', [
    'flowline resume checkout-latency',
  ]).action(
    action(async (detector: string, options: StateOptions) => {
      const changed = await withDatabase((db) => resumeDetector(db, detector));
      printResult({ detector, state: 'active', changed }, options.json === true, () =>
        changed ? `${detector} is active again` : `${detector} is already active`,
      );
    }),
  );
}

interface DeleteOptions extends StateOptions {
  readonly keepData?: true;
  readonly dropData?: true;
}

/** `flowline delete NAME`: deletes a detector. Its data must be explicitly kept or dropped. */
export function deleteCommand(): Command {
  return command(
    'delete <detector>',
    'Delete a detector; running services let it go. Applying its file again revives it.',
    [
      'flowline delete checkout-latency --keep-data   # scores, anomalies and models stay',
      'flowline delete checkout-latency --drop-data   # removes them for good',
    ],
  )
    .option('--keep-data', 'keep its events, anomalies, alerts, dead letters, models and offsets')
    .option('--drop-data', 'remove all of them')
    .action(
      action(async (detector: string, options: DeleteOptions) => {
        if ((options.keepData === true) === (options.dropData === true)) {
          throw new FlowlineError('FLOWLINE_USAGE', 'Exactly one of --keep-data and --drop-data must be given.', {
            where: 'flowline delete',
            remedy: 'Choose what happens to the data: --keep-data, or --drop-data, which cannot be undone.',
          });
        }
        const dropData = options.dropData === true;
        const dropped = await withDatabase((db) => deleteDetector(db, detector, { dropData }));
        printResult({ detector, state: 'deleted', dropped }, options.json === true, () =>
          [`${detector} is deleted`, dropData ? describe(dropped) : 'its data stay'].join('; '),
        );
      }),
    );
}

function describe(dropped: DroppedData): string {
  const parts = Object.entries(dropped).map(([table, rows]) => `${formatCount(rows)} ${table}`);
  return parts.length === 0 ? 'it had no data' : `removed: ${parts.join(', ')}`;
}
