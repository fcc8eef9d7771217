import { at, type FeatureSpec, FlowlineError, Numeral } from '@flowline/events';
import { type FeatureTable, isLevelFeature, tableOfValues } from '@flowline/features';
import {
  type Cell,
  type DataTable,
  isIdColumn,
  isUnnamed,
  listed,
  numbersOf,
  type TableColumn,
} from '@flowline/tables';

/** Rows of a labelled table as features, and their labels. */
export interface LabelledRows {
  readonly schema: readonly FeatureSpec[];
  readonly table: FeatureTable;
  /** 1 for an anomaly. */
  readonly labels: Uint8Array;
  /** Columns that are no features, with the reason. */
  readonly leftOut: readonly { readonly name: string; readonly reason: string }[];
  /** Rows without a label, which are left out. */
  readonly unlabelled: number;
}

/** Names of the label and of its normal values. */
export interface LabelOptions {
  /** Column of the labels. */
  readonly label: string;
  /** Value of the label of normal rows; by default 0, or false. */
  readonly normal?: string | undefined;
}

/** Most labels of a column that looks like one of labels. */
const MOST_CLASSES = 20;
/** Most levels of text that is a feature. */
const MOST_LEVELS = 64;

/**
 * Takes a labelled table as rows of features: numbers as they are (`real`), few texts as levels.
 * @throws FlowlineError FLOWLINE_USAGE for a label that is absent or not one of two classes,
 *   FLOWLINE_FEATURES_INVALID for a table with one class only, or without numbers.
 */
export function labelledRows(table: DataTable, { label, normal }: LabelOptions): LabelledRows {
  const column = table.columns.find(({ name }) => name === label);
  if (column === undefined) throw noLabel(table, label);
  const labelOf = labelReader(table, column, normal);
  const rows = Array.from(column.cells.keys()).filter((row) => at(column.cells, row) !== null);
  const labels = Uint8Array.from(rows, (row) => (labelOf(at(column.cells, row)) ? 1 : 0));
  checkClasses(table, label, labels);
  const leftOut: { name: string; reason: string }[] = [];
  const used = table.columns.flatMap((each) => {
    if (each === column) return [];
    const use = featureOf(each);
    if ('reason' in use) leftOut.push({ name: each.name, reason: use.reason });
    return 'reason' in use ? [] : [{ ...use, column: each }];
  });
  const schema = used.map(({ spec }) => spec);
  if (!schema.some((spec) => !isLevelFeature(spec))) {
    const reasons = leftOut.slice(0, 5).map(({ name, reason }) => ` ${name}: ${reason};`);
    throw new FlowlineError('FLOWLINE_FEATURES_INVALID', `${table.where} has no column of numbers besides the label.`, {
      where: table.where,
      remedy: `Name the file of the features, or the column of the labels (--label).${reasons.join('').replace(/;$/, '.')}`,
    });
  }
  const unlabelled = table.size - rows.length;
  return {
    schema,
    table: featureTable(
      schema,
      used.map((each) => each.column),
      rows,
    ),
    labels,
    leftOut,
    unlabelled,
  };
}

function noLabel({ where, columns }: DataTable, label: string): FlowlineError {
  // A label is often the last column.
  const names = columns.map(({ name }) => name).toReversed();
  return new FlowlineError('FLOWLINE_USAGE', `${where} has no column "${label}", which --label names.`, {
    where: '--label',
    remedy: `Name one of ${listed(names)}.`,
  });
}

/** True for the label of an anomaly. */
function labelReader(
  { where }: DataTable,
  { name, cells }: TableColumn,
  normal: string | undefined,
): (cell: Cell) => boolean {
  const counts = new Map<string, number>();
  for (const cell of cells) if (cell !== null) counts.set(textOf(cell), (counts.get(textOf(cell)) ?? 0) + 1);
  const found = [...counts.keys()].sort((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0));
  if (normal !== undefined) {
    if (found.includes(normal)) return (cell) => textOf(cell) !== normal;
    throw unclear(where, name, found, `none is "${normal}", which --normal names`);
  }
  const isKnown = found.every((text) => CLASSES.has(text));
  if (isKnown) return (cell) => CLASSES.get(textOf(cell)) === true;
  throw unclear(where, name, found, 'not 0 and 1');
}

const textOf = (cell: Cell): string => {
  if (cell instanceof Numeral) return String(cell.valueOf());
  return typeof cell === 'object' ? JSON.stringify(cell) : String(cell);
};

/** Labels that need no explanation: true is an anomaly. */
const CLASSES: ReadonlyMap<string, boolean> = new Map([
  ['0', false],
  ['1', true],
  ['false', false],
  ['true', true],
]);

/** @param found labels, the most frequent first. */
function unclear(where: string, name: string, found: readonly string[], finding: string): FlowlineError {
  const shown = found.slice(0, 5).map((text) => `"${text.slice(0, 40)}"`);
  const values = `${shown.join(', ')}${found.length > 5 ? `, … (${found.length} values)` : ''}`;
  return new FlowlineError('FLOWLINE_USAGE', `The labels of ${where} in "${name}" are ${values}: ${finding}.`, {
    where: '--label',
    remedy:
      found.length > MOST_CLASSES
        ? 'Name a column of few labels, or say which label is normal (--normal); every other one is then an anomaly.'
        : `Say which label is normal, such as --normal ${JSON.stringify(found.at(0) ?? '0')}; every other one is then an anomaly.`,
  });
}

function checkClasses({ where }: DataTable, label: string, labels: Uint8Array): void {
  const anomalies = labels.reduce((sum, each) => sum + each, 0);
  if (anomalies > 0 && anomalies < labels.length) return;
  const only =
    labels.length === 0 ? 'No row has a label' : anomalies === 0 ? 'Every row is normal' : 'Every row is an anomaly';
  throw new FlowlineError(
    'FLOWLINE_FEATURES_INVALID',
    `${only} by the column "${label}" of ${where}: nothing can be ranked.`,
    {
      where: `${where}, ${label}`,
      remedy: 'Both classes must occur: 0 for a normal row, 1 for an anomaly (or name the normal one with --normal).',
    },
  );
}

/** Feature of a column, as evaluations take it, or the reason why it is none. */
function featureOf(column: TableColumn): { readonly spec: FeatureSpec } | { readonly reason: string } {
  const { name, kind, cells } = column;
  if (isUnnamed(name)) return { reason: 'without a name' };
  if (kind === 'number' && isIdColumn(column)) return { reason: 'an id: no value occurs twice' };
  const spec = (type: FeatureSpec['type'], nullable: boolean): { readonly spec: FeatureSpec } => ({
    spec: { ...{ name, type, from: name, role: 'score' }, ...{ nullable, maxLevels: MOST_LEVELS, period: null } },
  });
  if (kind === 'number') return spec('real', !numbersOf(column).every(Number.isFinite));
  if (kind === 'boolean') return spec('boolean', cells.includes(null));
  if (kind === 'time') return { reason: 'a time' };
  if (kind !== 'text') return { reason: kind === 'empty' ? 'no value' : 'values of several kinds' };
  const levels = new Set(cells).size;
  return levels > MOST_LEVELS ? { reason: `${levels} different texts` } : spec('categorical', cells.includes(null));
}

function featureTable(
  schema: readonly FeatureSpec[],
  columns: readonly TableColumn[],
  rows: readonly number[],
): FeatureTable {
  const read = columns.map((column, i) => {
    if (isLevelFeature(at(schema, i))) return (row: number) => levelOf(at(column.cells, row));
    const numbers = numbersOf(column);
    return (row: number) => {
      const value = at(numbers, row);
      return Number.isFinite(value) ? value : null;
    };
  });
  const names = schema.map(({ name }) => name);
  return tableOfValues(
    schema,
    rows.map((row) => Object.fromEntries(names.map((name, i) => [name, at(read, i)(row)]))),
  );
}

const levelOf = (cell: Cell): string | null => (cell === null ? null : textOf(cell));
