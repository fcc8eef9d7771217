import { documentInForce, documentsInForce } from '@flowline/operations';
import type { Command } from 'commander';

import { action, choice, command } from '../command.ts';
import { printWarning } from '../output.ts';
import { parseChoice } from '../parse-options.ts';
import { withDatabase } from '../with-database.ts';
import { documentFormats, printDocuments } from '../written.ts';

interface ExportOptions {
  readonly json?: true;
  readonly output: string;
}

/** Options that have their defaults are left out, as people leave them out. */
const SHORT = { defaults: false };

/** `flowline export [DETECTOR…]`: everything in force, or some detectors, as documents. */
export function exportCommand(): Command {
  return command('export [detector...]', 'Print what is in force as documents that `flowline apply` takes back.', [
    'flowline export > flowline.yaml                 # detectors, rules, calendars and sinks',
    'flowline export checkout-latency > detector.yaml',
  ])
    .addOption(choice('-o, --output <format>', 'json prints one document per line', documentFormats, 'yaml'))
    .action(
      action(async (detectors: readonly string[], { output, json }: ExportOptions) => {
        const format = json === true ? 'json' : parseChoice('--output', output, documentFormats);
        const documents = await withDatabase((db) =>
          detectors.length === 0
            ? documentsInForce(db, SHORT)
            : Promise.all([...new Set(detectors)].map((name) => documentInForce(db, 'Detector', name, SHORT))),
        );
        if (documents.length === 0) printWarning('nothing is in force; the output is empty');
        printDocuments(documents, format);
      }),
    );
}
