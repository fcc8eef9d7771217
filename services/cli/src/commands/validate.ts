import { type FlowlineDocument, loadDocuments, loadSettings } from '@flowline/config';
import { FlowlineError } from '@flowline/events';
import { checkDocuments } from '@flowline/rules';
import type { Command } from 'commander';

import { action, command } from '../command.ts';
import type { HistoryFinding } from '../history-findings.ts';
import { plural, printResult, printWarning } from '../output.ts';

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
      await checkAgainstDatabase(documents);
      const valid = documents.map(validated);
      printResult(valid.length === 1 ? valid[0] : valid, options.json === true, () =>
        documents.map((document) => `${file} is valid: ${described(document)}`).join('\n'),
      );
    }),
  );
}

/**
 * Checks what only a database can tell, if one is at hand: the columns of the history queries.
 * @throws FlowlineError FLOWLINE_HISTORY_INVALID naming every detector whose history does not fit.
 */
async function checkAgainstDatabase(documents: readonly FlowlineDocument[]): Promise<void> {
  const queries = documents.filter((each) => each.kind === 'Detector' && each.definition.history.query !== null);
  if (loadSettings().database.url === null || queries.length === 0) return;
  const { historyFindings } = await import('../history-findings.ts');
  const { withDatabase } = await import('../with-database.ts');
  let findings: readonly HistoryFinding[];
  try {
    findings = await withDatabase((db) => historyFindings(db, queries), { migrated: false });
  } catch (error) {
    if (!(error instanceof FlowlineError) || error.code !== 'FLOWLINE_DATABASE_UNREACHABLE') throw error;
    printWarning(`The history queries are not checked: ${error.message}`);
    return;
  }
  const [first] = findings;
  if (first === undefined) return;
  throw new FlowlineError(
    'FLOWLINE_HISTORY_INVALID',
    findings.map(({ detector, message }) => `${detector}: ${message}`).join(' '),
    { where: 'spec.history.query', ...(first.remedy === undefined ? {} : { remedy: first.remedy }) },
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
  return `detector ${document.name}, ${plural(features.length, 'feature')} (${features.join(', ')})`;
}
