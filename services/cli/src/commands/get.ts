import { type DocumentKind, documentKinds } from '@flowline/config';
import { documentInForce } from '@flowline/operations';
import type { Command } from 'commander';

import { action, choice, choicesOfArgument, command } from '../command.ts';
import { parseChoice } from '../parse-options.ts';
import { withDatabase } from '../with-database.ts';
import { documentFormats, printDocuments } from '../written.ts';

interface GetOptions {
  readonly json?: true;
  readonly output: string;
}

const kinds = documentKinds.map((kind) => kind.toLowerCase());

/** `flowline get KIND NAME`: the document in force, with every default. */
export function getCommand(): Command {
  const created = command('get <kind> <name>', 'Print a document in force, with every default; apply takes it back.', [
    'flowline get detector checkout-latency',
    'flowline get sink oncall -o json',
  ]);
  return choicesOfArgument(created, 'kind', kinds)
    .addOption(choice('-o, --output <format>', 'its format', documentFormats, 'yaml'))
    .action(
      action(async (written: string, name: string, { output, json }: GetOptions) => {
        const format = json === true ? 'json' : parseChoice('--output', output, documentFormats);
        const kind = kindOf(written);
        const document = await withDatabase((db) => documentInForce(db, kind, name, { defaults: true }));
        printDocuments([document], format);
      }),
    );
}

/** Kind by its name in lower case. @throws FlowlineError FLOWLINE_USAGE. */
function kindOf(written: string): DocumentKind {
  const named = parseChoice('<kind>', written.toLowerCase().replace(/s$/, ''), kinds);
  return documentKinds.find((kind) => kind.toLowerCase() === named) ?? 'Detector';
}
