import { type Change, loadDocuments } from '@flowline/config';
import { printable } from '@flowline/events';
import { diffDocument, type DocumentDiff } from '@flowline/operations';
import { knownNames, shownUrl } from '@flowline/operations/documents';
import { checkDocuments } from '@flowline/rules';
import { reportError } from '@flowline/telemetry';
import type { Command } from 'commander';

import { action, command } from '../command.ts';
import { exitCodes, printResult } from '../output.ts';
import { withDatabase } from '../with-database.ts';

interface DiffOptions {
  readonly json?: true;
}

/** Exit codes of `flowline diff`, as those of diff: a script tells a difference from an error. */
const exits = { same: exitCodes.ok, changed: 1, failed: 2 } as const;

/** `flowline diff FILE`: what `flowline apply FILE` would change. */
export function diffCommand(): Command {
  return command(
    'diff <file>',
    'Show what `flowline apply` of a file would change. Exit code 0: nothing, 1: something, 2: an error.',
    ['flowline diff detector.yaml', 'flowline diff flowline.yaml --json | jq ".[].changes"'],
  ).action(
    action(async (file: string, { json }: DiffOptions) => {
      try {
        const diffs = await differences(file);
        printResult(diffs, json === true, () => diffs.map(formatDiff).join('\n'));
        return diffs.some(({ isNew, changes }) => isNew || changes.length > 0) ? exits.changed : exits.same;
      } catch (error) {
        reportError(error, json === true);
        return exits.failed;
      }
    }),
  );
}

async function differences(file: string): Promise<DocumentDiff[]> {
  const documents = await loadDocuments(file);
  return withDatabase(async (db) => {
    checkDocuments(documents, await knownNames(db, documents));
    const diffs: DocumentDiff[] = [];
    for (const document of documents) diffs.push(withoutAddresses(await diffDocument(db, document)));
    return diffs;
  });
}

/** Differences in which addresses of sinks are shown without what may be a secret. */
function withoutAddresses(diff: DocumentDiff): DocumentDiff {
  if (diff.kind !== 'Sink') return diff;
  const hidden = (value: unknown): unknown => (typeof value === 'string' ? shownUrl(value) : value);
  const changes = diff.changes.map(({ path, ...values }) =>
    path.endsWith('.url')
      ? { path, ...Object.fromEntries(Object.entries(values).map(([side, value]) => [side, hidden(value)])) }
      : { path, ...values },
  );
  return { ...diff, changes };
}

function formatDiff({ kind, name, isNew, changes, nextModel }: DocumentDiff): string {
  const subject = kind === 'Detector' ? name : `${kind.toLowerCase()} ${name}`;
  if (isNew) return `${subject}: new`;
  if (changes.length === 0) return `${subject}: no change`;
  return [
    `${subject}: ${changes.length === 1 ? '1 change' : `${changes.length} changes`}`,
    ...changes.map(formatChange),
    ...(nextModel.length === 0 ? [] : [`  ${nextModel.join(', ')}: takes effect with the next model`]),
  ].join('\n');
}

const formatChange = ({ path, from, to }: Change): string =>
  `  ${printable(path)}: ${shownValue(from)} → ${shownValue(to)}`;

function shownValue(value: unknown): string {
  return value === undefined ? '(none)' : printable(typeof value === 'string' ? value : JSON.stringify(value));
}
