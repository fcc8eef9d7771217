import { getDetector, listModels, type ModelSummary } from '@flowline/db';
import { Command } from 'commander';

import { action, command } from '../command.ts';
import { formatCount, formatNumber, formatTable, formatTime, printResult } from '../output.ts';
import { candidatesCommand } from './models-candidates.ts';
import { exportCommand } from './models-export.ts';
import { promoteCommand, rollbackCommand } from './models-in-force.ts';
import { showCommand } from './models-show.ts';
import { verifyCommand } from './models-verify.ts';
import { withDatabase } from '../with-database.ts';

interface ModelsOptions {
  readonly json?: true;
}

/**
 * `flowline models ls|show|candidates|promote|rollback|verify|export`: manages the model versions
 * in the database.
 */
export function modelsCommand(): Command {
  const ls = command('ls [detector]', 'List model versions, newest first. The champion is the one that scores.', [
    'flowline models ls',
    'flowline models ls checkout-latency --json | jq ".[] | select(.champion)"',
  ]).action(
    action(async (detector: string | undefined, options: ModelsOptions) => {
      const models = await withDatabase(async (db) => {
        if (detector !== undefined) await getDetector(db, detector);
        return listModels(db, detector);
      });
      printResult(models, options.json === true, formatModels);
    }),
  );
  return new Command('models')
    .description('Inspect trained models, and choose the one that scores.')
    .addCommand(ls)
    .addCommand(showCommand())
    .addCommand(candidatesCommand())
    .addCommand(promoteCommand())
    .addCommand(rollbackCommand())
    .addCommand(verifyCommand())
    .addCommand(exportCommand());
}

function formatModels(models: readonly ModelSummary[]): string {
  if (models.length === 0) return 'no model yet: train one with `flowline train <detector>`';
  return formatTable(
    ['detector', 'version', '', 'trained', 'alpha', 'kB', 'sha256'],
    models.map((model) => [
      model.detector,
      model.version,
      model.aliases.join(', '),
      formatTime(model.createdAt),
      formatNumber(model.alpha),
      formatCount(model.bytes / 1000),
      model.sha256.slice(0, 12),
    ]),
  );
}
