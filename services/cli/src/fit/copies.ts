import { countCopies, type HistoryParts, withoutCopies } from '@flowline/detector';
import type { FeatureSpec } from '@flowline/events';
import type { ColumnTable } from '@flowline/features';

/**
 * Warning about rows that are copies of others although a column of theirs hardly repeats a value:
 * calibration would see what it was trained on. Null if there are few, or if values repeat anyway.
 */
export function copiesWarning(where: string, schema: readonly FeatureSpec[], table: ColumnTable): string | null {
  const copies = countCopies(schema, table);
  return copies === 0
    ? null
    : `${countedCopies(copies, table, where)}: the alarm rate holds for events that repeat as these do, and is higher for new ones. Leave copies out unless they are events of their own`;
}

/**
 * Parts of a history as they are used: without copies among the rows that calibrate and test, if
 * there are many and at least `least` rows of both are left, with a warning that says so.
 */
export function calibratedParts(
  {
    where,
    schema,
    table,
  }: { readonly where: string; readonly schema: readonly FeatureSpec[]; readonly table: ColumnTable },
  parts: HistoryParts<ColumnTable>,
  least: number,
): { readonly parts: HistoryParts<ColumnTable>; readonly warning: string | null } {
  const copies = countCopies(schema, table);
  if (copies === 0) return { parts, warning: null };
  const kept = withoutCopies(parts, least);
  if (kept === null) return { parts, warning: copiesWarning(where, schema, table) };
  const leftOut = kept.leftOut.toLocaleString('en');
  const warning = `${countedCopies(copies, table, where)}: ${leftOut} of them calibrate and test nothing, so that the alarm rate holds for new events`;
  return { parts: kept.parts, warning };
}

const countedCopies = (copies: number, { size }: ColumnTable, where: string): string =>
  `${copies.toLocaleString('en')} of ${size.toLocaleString('en')} rows of ${where} are copies of others`;
