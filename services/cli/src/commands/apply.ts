import { loadDetectorFile } from '@flowline/config';
import { applyDetector } from '@flowline/db';
import type { Command } from 'commander';

import { action, command } from '../command.ts';
import { printResult } from '../output.ts';
import { withDatabase } from '../with-database.ts';

interface ApplyOptions {
  readonly json?: true;
}

/** `flowline apply FILE`: stores a detector; running it again changes nothing. */
export function applyCommand(): Command {
  return command('apply <file>', 'Check a detector file and put it in force; the same file again changes nothing.', [
    'flowline apply detector.yaml',
    'flowline apply detector.yaml && flowline train checkout-latency',
  ]).action(
    action(async (file: string, options: ApplyOptions) => {
      const definition = await loadDetectorFile(file);
      const applied = await withDatabase((db) => applyDetector(db, definition));
      printResult(
        { detector: definition.name, ...applied },
        options.json === true,
        ({ detector, version, changed }) =>
          `${detector}: version ${version} ${changed ? 'is in force now' : 'was in force already; nothing changed'}`,
      );
    }),
  );
}
