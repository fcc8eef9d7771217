import { type DetectorDefinition, loadDetectorFile, storedDefinition } from '@flowline/config';
import { applyDetector } from '@flowline/db';
import { changesForNextModel } from '@flowline/operations';
import type { Command } from 'commander';

import { action, command } from '../command.ts';
import { printResult } from '../output.ts';
import { withDatabase } from '../with-database.ts';

interface ApplyOptions {
  readonly json?: true;
}

/** `flowline apply FILE`: stores a detector. Applying the same file again changes nothing. */
export function applyCommand(): Command {
  return command('apply <file>', 'Check a detector file and put it in force. Applying it again changes nothing.', [
    'flowline apply detector.yaml',
    'flowline apply detector.yaml && flowline train checkout-latency',
  ]).action(
    action(async (file: string, options: ApplyOptions) => {
      const definition = await loadDetectorFile(file);
      const applied = await withDatabase(async (db) => {
        const done = await applyDetector(db, storedDefinition(definition));
        return { ...done, nextModel: await changesForNextModel(db, definition) };
      });
      printResult({ detector: definition.name, ...applied }, options.json === true, (result) =>
        [
          `${result.detector}: version ${result.version} ${result.changed ? 'is in force now' : 'is already in force; nothing changed'}`,
          ...(result.nextModel.length === 0 ? [] : [takesEffectLater(definition, result.nextModel)]),
        ].join('\n'),
      );
    }),
  );
}

function takesEffectLater({ name, training }: DetectorDefinition, changes: readonly string[]): string {
  const when =
    training.schedule === null
      ? `train it with \`flowline train ${name}\``
      : `a running trainer trains it soon; \`flowline train ${name}\` trains it at once`;
  return `  ${changes.join(', ')}: takes effect with the next model; ${when}`;
}
