import { nearest } from '@flowline/config';
import { FlowlineError } from '@flowline/events';
import { listed, otherSeparator } from '@flowline/tables';

import type { CellReading, FieldKind } from './field-kinds.ts';

/** A header, and the fields that a model reads. */
export interface HeaderParts {
  readonly file: string;
  readonly model: Pick<CellReading, 'schema'>;
  /** Every field that the model reads, and the objects that contain them. */
  readonly kinds: ReadonlyMap<string, FieldKind>;
  /** Optional fields that are read if present. */
  readonly others: readonly string[];
  /** Separator of the cells of CSV. */
  readonly delimiter?: string;
}

/**
 * Compares the columns of a file with the fields of a model: a missing column must not pass for a
 * column of missing values.
 * @returns warnings: fields of nullable features that the file lacks, with no similar column.
 * @throws FlowlineError FLOWLINE_FILE_UNREADABLE if a field is missing that is required or that
 * another column was probably meant to be.
 */
export function checkHeader(
  header: readonly string[],
  { file, model, kinds, others, delimiter }: HeaderParts,
): readonly string[] {
  const refuse = (finding: string, remedy: string): FlowlineError =>
    new FlowlineError('FLOWLINE_FILE_UNREADABLE', `${file}: ${finding}`, { where: file, remedy });
  const columns = new Set(header);
  const isThere = (field: string): boolean =>
    columns.has(field) || header.some((name) => name.startsWith(`${field}.`) || field.startsWith(`${name}.`));
  const wanted = [...kinds.keys()].filter((field) => kinds.get(field) !== 'object' || !hasInner(kinds, field));
  const missing = wanted.filter((field) => !isThere(field));
  if (missing.length === 0) return [];

  const separator = delimiter === undefined ? null : otherSeparator(header, delimiter);
  if (separator !== null) {
    throw refuse(
      `none of its columns belongs to the detector; it seems to be separated by ${separator}.`,
      `Say --delimiter ${separator}.`,
    );
  }
  const spare = header.filter((name) => !kinds.has(name) && !others.includes(name));
  const nullable = new Set(
    model.schema.flatMap(({ from, nullable: may }) => (may && typeof from === 'string' ? [from] : [])),
  );
  const findings = missing.map((field) => ({ field, meant: nearest(field, spare), isNeeded: !nullable.has(field) }));
  const refused = findings.filter(({ meant, isNeeded }) => isNeeded || meant !== undefined);
  if (refused.length > 0) {
    const words = refused.map(
      ({ field, meant }) => `"${field}"${meant === undefined ? '' : ` (is "${meant}" meant?)`}`,
    );
    throw refuse(
      `the header lacks ${words.join(', ')}; it has ${listed(header)}.`,
      "Name the columns as the detector's fields are named.",
    );
  }
  return missing.map((field) => `${file} has no column "${field}": the feature is missing in every row.`);
}

function hasInner(kinds: ReadonlyMap<string, FieldKind>, field: string): boolean {
  return [...kinds.keys()].some((other) => other.startsWith(`${field}.`));
}
