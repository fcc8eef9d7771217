import { type FlowlineDocument, parseDocuments } from '@flowline/config';
import { checkDocuments } from '@flowline/rules';
import { z } from 'zod';

import { tool } from './tool.ts';

const MOST_CHARACTERS = 500_000;

/** Tool that checks documents as `flowline validate` does; it opens no file that they name. */
export const validateTool = tool({
  ...{ name: 'validate', title: 'Check a document', holdsData: false, scope: 'read', changes: false },
  description:
    'Checks a YAML or JSON document (a detector, rule, calendar or sink; several are separated by ---) and changes nothing. An error lists every finding with its path and a remedy.',
  input: z.strictObject({ document: z.string().min(1).max(MOST_CHARACTERS).describe('Text of the document.') }),
  run: ({ document }) => {
    const documents = parseDocuments(document, 'the document');
    checkDocuments(documents, null);
    return Promise.resolve({ valid: true, documents: documents.map(validated) });
  },
});

function validated(document: FlowlineDocument): object {
  const { kind, name } = document;
  if (kind !== 'Detector') return { kind, name };
  return { kind, name, features: document.definition.features.map((feature) => feature.name) };
}
