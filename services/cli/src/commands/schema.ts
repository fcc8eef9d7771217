import { documentJsonSchema, documentKinds } from '@flowline/config';
import type { Command } from 'commander';

import { action, command } from '../command.ts';
import { parseChoice } from '../parse-options.ts';

interface SchemaOptions {
  readonly json?: true;
  readonly kind: string;
}

/** `flowline schema`: prints the JSON Schema of a kind of document, for editors and checks. */
export function schemaCommand(): Command {
  return command('schema', 'Print the JSON Schema of a detector file, or of another document, for editors.', [
    'flowline schema > detector.schema.json',
    'flowline schema --kind Rule > rule.schema.json',
    '# then, as the first line of a detector file: # yaml-language-server: $schema=detector.schema.json',
  ])
    .option('--kind <kind>', documentKinds.join(', '), 'Detector')
    .action(
      action(({ json, kind }: SchemaOptions) => {
        const schema = documentJsonSchema(parseChoice('--kind', kind, documentKinds));
        const text = json === true ? JSON.stringify(schema) : JSON.stringify(schema, null, 2);
        process.stdout.write(`${text}\n`);
        return Promise.resolve();
      }),
    );
}
