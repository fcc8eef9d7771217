import { databaseIdentity, settleDatabase } from '@flowline/db';
import { FlowlineError } from '@flowline/events';
import type { Command } from 'commander';

import { action, command } from '../command.ts';
import { printResult } from '../output.ts';
import { withDatabase } from '../with-database.ts';

interface IdentityOptions {
  readonly json?: true;
  readonly new?: true;
  readonly moved?: true;
}

/**
 * `flowline identity`: shows or settles the identity of this database among those that share a
 * Kafka. A copy gets an identity of its own.
 */
export function identityCommand(): Command {
  return command('identity', 'Show the identity of this database in Kafka, or settle it after a copy or a move.', [
    'flowline identity',
    'flowline identity --new     # in a copy beside its original: consumer groups of its own',
    'flowline identity --moved   # after a move, with the original gone',
  ])
    .option('--new', 'give this database an identity and consumer groups of its own')
    .option('--moved', 'keep the identity: this is the same database on another server')
    .action(
      action(async (options: IdentityOptions) => {
        if (options.new === true && options.moved === true) {
          throw new FlowlineError('FLOWLINE_USAGE', '--new and --moved exclude each other.', {
            where: 'flowline identity',
            remedy: 'Use --new if the original stays in use, --moved if it does not.',
          });
        }
        const identity = await withDatabase(async (db) => {
          if (options.new === true) await settleDatabase(db, 'copy');
          if (options.moved === true) await settleDatabase(db, 'moved');
          return databaseIdentity(db);
        });
        printResult(identity, options.json === true, ({ id, isHere }) =>
          isHere ? id : `${id}, assigned on another server: this database is a copy (--new), or it was moved (--moved)`,
        );
      }),
    );
}
