import { loadDocuments } from '@flowline/config';
import { knownNames } from '@flowline/operations/documents';
import { checkDocuments } from '@flowline/rules';
import type { Command } from 'commander';

import { applyDocument, type ApplyResult } from '../apply-document.ts';
import { action, command } from '../command.ts';
import { historyFindings } from '../history-findings.ts';
import { printResult, printWarning } from '../output.ts';
import { withDatabase } from '../with-database.ts';

interface ApplyOptions {
  readonly json?: true;
}

/**
 * `flowline apply FILE`: stores detectors, rules, calendars and sinks. Applying the same file again
 * changes nothing.
 */
export function applyCommand(): Command {
  return command(
    'apply <file>',
    'Check a file of detectors, rules, calendars and sinks, and put it in force. Applying it again changes nothing.',
    [
      'flowline apply detector.yaml',
      'flowline apply detector.yaml && flowline train checkout-latency',
      'flowline apply rules.yaml         # documents of any kind, separated by ---',
    ],
  ).action(
    action(async (file: string, options: ApplyOptions) => {
      const documents = await loadDocuments(file);
      const { done: results, findings } = await withDatabase(async (db) => {
        checkDocuments(documents, await knownNames(db, documents));
        const done: ApplyResult[] = [];
        for (const document of documents) done.push(await applyDocument(db, document));
        return { done, findings: await historyFindings(db, documents) };
      });
      // In force nevertheless: the table may come later.
      for (const { detector, message } of findings) printWarning(`${detector}: ${message}`);
      const applied = results.map((result) => result.applied);
      printResult(applied.length === 1 ? applied[0] : applied, options.json === true, () =>
        results.flatMap(({ lines }) => lines).join('\n'),
      );
    }),
  );
}
