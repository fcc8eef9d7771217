import { type WrittenDocument, yamlOf } from '@flowline/config';
import { printableJson } from '@flowline/events';

import { printWarning } from './output.ts';

/** Formats of documents. */
export const documentFormats = ['yaml', 'json'] as const;
export type DocumentFormat = (typeof documentFormats)[number];

/** Prints documents as `flowline apply` takes them; one line per document in JSON. */
export function printDocuments(documents: readonly WrittenDocument[], format: DocumentFormat): void {
  const json = documents.map((document) => `${printableJson(JSON.stringify(document))}\n`).join('');
  process.stdout.write(format === 'yaml' ? yamlOf(documents) : json);
  for (const document of documents) {
    if (document.kind === 'Sink' && addressPattern.test(JSON.stringify(document.spec))) {
      printWarning(`sink ${document.metadata.name} is written with its whole address, which may be a secret`);
    }
  }
}

/** An address with a path or a query, which may be a secret. */
const addressPattern = /"url":"https?:\/\/[^/"]+\/[^"]/;
