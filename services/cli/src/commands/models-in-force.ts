import { championVersion, promote, rollBack } from '@flowline/db';
import type { Command } from 'commander';

import { action, command } from '../command.ts';
import { printResult } from '../output.ts';
import { parseCount } from '../parse-options.ts';
import { withDatabase } from '../with-database.ts';

interface ModelsOptions {
  readonly json?: true;
}

/**
 * `flowline models promote DETECTOR VERSION`: makes another model the champion. Running scorers use
 * it in under a second.
 */
export function promoteCommand(): Command {
  return command('promote <detector> <version>', 'Put a model version in force; running scorers take it over.', [
    'flowline models promote checkout-latency 7',
  ]).action(
    action(async (detector: string, text: string, options: ModelsOptions) => {
      const version = parseCount('<version>', text);
      const replaced = await withDatabase(async (db) => {
        const champion = await championVersion(db, detector);
        await promote(db, detector, version);
        return champion;
      });
      printResult({ detector, champion: version, replaced }, options.json === true, () => {
        const before = replaced === null || replaced === version ? '' : `, in place of version ${replaced}`;
        return `${detector}: model version ${version} is the champion now${before}`;
      });
    }),
  );
}

/**
 * `flowline models rollback DETECTOR`: makes the previous champion score again. A second rollback
 * undoes the first.
 */
export function rollbackCommand(): Command {
  return command(
    'rollback <detector>',
    'Put the previous champion in force again. A second rollback undoes the first.',
    ['flowline models rollback checkout-latency'],
  ).action(
    action(async (detector: string, options: ModelsOptions) => {
      const { from, to } = await withDatabase((db) => rollBack(db, detector));
      printResult(
        { detector, champion: to, replaced: from },
        options.json === true,
        () => `${detector}: model version ${to} is the champion again, in place of version ${from}`,
      );
    }),
  );
}
