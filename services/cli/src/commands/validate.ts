import { type FlowlineDocument, loadDocuments } from '@flowline/config';
import { checkDocuments } from '@flowline/rules';
import type { Command } from 'commander';

import { action, command } from '../command.ts';
import { printResult } from '../output.ts';

interface ValidateOptions {
  readonly json?: true;
}

/** `flowline validate FILE`: checks a file of documents and changes nothing. */
export function validateCommand(): Command {
  return command(
    'validate <file>',
    'Check a file of detectors, rules, calendars and sinks: every error at once, with line, finding and remedy.',
    ['flowline validate detector.yaml', 'flowline validate detector.yaml --json | jq .features'],
  ).action(
    action(async (file: string, options: ValidateOptions) => {
      const documents = await loadDocuments(file);
      checkDocuments(documents, null);
      const valid = documents.map(validated);
      printResult(valid.length === 1 ? valid[0] : valid, options.json === true, () =>
        documents.map((document) => `${file} is valid: ${described(document)}`).join('\n'),
      );
    }),
  );
}

const featuresOf = (document: FlowlineDocument & { readonly kind: 'Detector' }): string[] =>
  document.definition.features.map(({ name }) => name);

function validated(document: FlowlineDocument) {
  const { kind, name } = document;
  if (kind !== 'Detector') return { valid: true, kind, name };
  return { valid: true, detector: name, features: featuresOf(document) };
}

function described(document: FlowlineDocument): string {
  if (document.kind !== 'Detector') return `${document.kind.toLowerCase()} ${document.name}`;
  const features = featuresOf(document);
  return `detector ${document.name}, ${features.length} features (${features.join(', ')})`;
}
