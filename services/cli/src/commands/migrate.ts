import { encodingFault, migrate, migrationStatus } from '@flowline/db';
import { at } from '@flowline/events';
import type { Command } from 'commander';

import { action, command } from '../command.ts';
import { printResult } from '../output.ts';
import { withDatabase } from '../with-database.ts';

interface MigrateOptions {
  readonly json?: true;
  readonly dryRun?: true;
}

/** `flowline migrate`: brings the schema of the database up to date. */
export function migrateCommand(): Command {
  return command('migrate', 'Create or update the schema `flowline` in the database FLOWLINE_DATABASE_URL names.', [
    'flowline migrate --dry-run',
    'flowline migrate',
  ])
    .option('--dry-run', 'only list the pending migrations')
    .action(
      action(async (options: MigrateOptions) => {
        const result = await withDatabase(
          async (db) => ({
            database: db.address,
            dryRun: options.dryRun === true,
            migrations: options.dryRun === true ? (await migrationStatus(db)).pending : await migrate(db),
            encoding: await encodingFault(db),
          }),
          { migrated: false },
        );
        printResult(result, options.json === true, ({ database, dryRun, migrations, encoding }) => {
          const warning = encoding === null ? '' : `\nwarning: ${encoding.message}\n  remedy  ${encoding.remedy}`;
          if (migrations.length === 0) return `${database} is up to date${warning}`;
          return `${database}: ${dryRun ? 'would apply' : 'applied'} ${named(migrations)}${warning}`;
        });
      }),
    );
}

/** Short form of a list of migrations: one by its name, several by their number, first and last. */
function named(migrations: readonly string[]): string {
  if (migrations.length === 1) return at(migrations, 0);
  return `${String(migrations.length)} migrations, ${at(migrations, 0)} to ${at(migrations, migrations.length - 1)}`;
}
