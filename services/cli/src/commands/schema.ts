import { alertMessageJsonSchema } from '@flowline/alerts';
import { detectorJsonSchema } from '@flowline/config';
import { FlowlineError } from '@flowline/events';
import type { Command } from 'commander';

import { action, command } from '../command.ts';

/** JSON Schemas by kind of document. */
const schemas: Readonly<Record<string, () => Record<string, unknown>>> = {
  detector: detectorJsonSchema,
  'alert-message': alertMessageJsonSchema,
};

interface SchemaOptions {
  readonly json?: true;
  readonly kind: string;
}

/**
 * `flowline schema`: prints the JSON Schema of a detector file, for editors and checks, or of the
 * messages that sinks send.
 */
export function schemaCommand(): Command {
  return command('schema', 'Print the JSON Schema of a detector file, for editors, or of alert messages.', [
    'flowline schema > detector.schema.json',
    '# then, as the first line of a detector file: # yaml-language-server: $schema=detector.schema.json',
    'flowline schema --kind alert-message > alert-message.schema.json',
  ])
    .option('--kind <kind>', Object.keys(schemas).join(' or '), 'detector')
    .action(
      action(({ kind, json }: SchemaOptions) => {
        const schema = schemas[kind]?.();
        if (schema === undefined) {
          const remedy = `Name one of ${Object.keys(schemas).join(', ')}.`;
          throw new FlowlineError('FLOWLINE_USAGE', `There is no schema "${kind}".`, { where: '--kind', remedy });
        }
        process.stdout.write(`${json === true ? JSON.stringify(schema) : JSON.stringify(schema, null, 2)}\n`);
        return Promise.resolve();
      }),
    );
}
