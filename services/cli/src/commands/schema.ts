import { detectorJsonSchema } from '@flowline/config';
import type { Command } from 'commander';

import { action, command } from '../command.ts';

/** `flowline schema`: prints the JSON Schema of a detector file, for editors and checks. */
export function schemaCommand(): Command {
  return command('schema', 'Print the JSON Schema of a detector file, for editors.', [
    'flowline schema > detector.schema.json',
    '# then, as the first line of a detector file: # yaml-language-server: $schema=detector.schema.json',
  ]).action(
    action((options: { readonly json?: true }) => {
      const schema = detectorJsonSchema();
      const text = options.json === true ? JSON.stringify(schema) : JSON.stringify(schema, null, 2);
      process.stdout.write(`${text}\n`);
      return Promise.resolve();
    }),
  );
}
