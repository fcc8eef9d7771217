import { alertMessageJsonSchema } from '@flowline/alerts';
import { documentJsonSchema, documentKinds } from '@flowline/config';
import type { Command } from 'commander';

import { action, choice, command } from '../command.ts';
import { parseChoice } from '../parse-options.ts';

/** Kind whose schema is that of messages, not of documents. */
const MESSAGE = 'alert-message';
const kinds = [...documentKinds, MESSAGE] as const;

interface SchemaOptions {
  readonly json?: true;
  readonly kind: string;
}

/** `flowline schema`: prints the JSON Schema of a kind of document, or of alert messages. */
export function schemaCommand(): Command {
  return command('schema', 'Print the JSON Schema of a detector file, or of another document or message.', [
    'flowline schema > detector.schema.json',
    'flowline schema --kind Rule > rule.schema.json',
    'flowline schema --kind alert-message > alert-message.schema.json',
    '# then, as the first line of a detector file: # yaml-language-server: $schema=detector.schema.json',
  ])
    .addOption(choice('--kind <kind>', 'kind of document, or the message of an alert', kinds, 'Detector'))
    .action(
      action(({ json, kind }: SchemaOptions) => {
        const wanted = parseChoice('--kind', kind, kinds);
        const schema = wanted === MESSAGE ? alertMessageJsonSchema() : documentJsonSchema(wanted);
        const text = json === true ? JSON.stringify(schema) : JSON.stringify(schema, null, 2);
        process.stdout.write(`${text}\n`);
        return Promise.resolve();
      }),
    );
}
