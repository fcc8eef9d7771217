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
  return command('identity', 'Show which database this is to Kafka, or settle what a copy or a moved one is.', [
    'flowline identity',
    'flowline identity --new     # in a copy, beside its original: consumer groups of its own',
    'flowline identity --moved   # the same database at another place, its original gone',
  ])
    .option('--new', 'give this database an identity and consumer groups of its own')
    .option('--moved', 'keep the identity: this is the same database at another place')
    .action(
      action(async (options: IdentityOptions) => {
        if (options.new === true && options.moved === true) {
          throw new FlowlineError('FLOWLINE_USAGE', '--new and --moved exclude each other.', {
            where: 'flowline identity',
            remedy: 'Say --new where the original goes on, --moved where it does not.',
          });
        }
        const identity = await withDatabase(async (db) => {
          if (options.new === true) await settleDatabase(db, 'copy');
          if (options.moved === true) await settleDatabase(db, 'moved');
          return databaseIdentity(db);
        });
        printResult(identity, options.json === true, ({ id, isHere }) =>
          isHere ? id : `${id}, given to this database at another place: it is a copy (--new), or has moved (--moved)`,
        );
      }),
    );
}
