import { loadDetectorFile } from '@flowline/config';
import type { Command } from 'commander';

import { action, command } from '../command.ts';
import { printResult } from '../output.ts';

interface ValidateOptions {
  readonly json?: true;
}

/** `flowline validate FILE`: checks a detector file and changes nothing. */
export function validateCommand(): Command {
  return command('validate <file>', 'Check a detector file: every error at once, with line, finding and remedy.', [
    'flowline validate detector.yaml',
    'flowline validate detector.yaml --json | jq .features',
  ]).action(
    action(async (file: string, options: ValidateOptions) => {
      const { name, features } = await loadDetectorFile(file);
      printResult(
        { valid: true, detector: name, features: features.map((feature) => feature.name) },
        options.json === true,
        (result) =>
          `${file} is valid: detector ${name}, ${result.features.length} features (${result.features.join(', ')})`,
      );
    }),
  );
}
