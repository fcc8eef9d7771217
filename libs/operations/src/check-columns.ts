import { type DetectorDefinition, entityOf, nearest } from '@flowline/config';
import type { HistorySummary } from '@flowline/db';
import { FlowlineError } from '@flowline/events';
import { compareColumns } from '@flowline/features';

/**
 * Rejects a history that lacks a column the detector reads, or has one that no event can match.
 * @throws FlowlineError FLOWLINE_HISTORY_INVALID naming them.
 */
export function checkColumns(definition: DetectorDefinition, { columns }: Pick<HistorySummary, 'columns'>): void {
  const names = columns.map(({ name }) => name);
  const { missing, unmatchable } = compareColumns(definition.features, entityOf(definition)?.key ?? [], columns);
  if (missing.length > 0) {
    const listed = missing.map((name) => {
      const near = nearest(name, names);
      return near === undefined ? `"${name}"` : `"${name}" (did you mean "${near}"?)`;
    });
    throw invalid(
      `The history has no column ${listed.join(', ')}.`,
      `Add it to the query, or correct the features; the query has ${names.join(', ')}.`,
    );
  }
  const [first] = unmatchable;
  if (first === undefined) return;
  const what = first.type === 'timestamp' ? 'a timestamp' : 'a JSON document';
  throw invalid(
    `The column "${first.name}" of the history is ${what}, and is used as a level or key: its text differs between a history, a JSON event and a CSV file.`,
    first.type === 'timestamp'
      ? 'Use a part of the time (timePart), or cast the column in the query to the date or text that events have.'
      : 'Name a field within it, or make it the text that events have in the query (->>).',
  );
}

function invalid(message: string, remedy: string): FlowlineError {
  return new FlowlineError('FLOWLINE_HISTORY_INVALID', message, { where: 'spec.history.query', remedy });
}
