import { at } from '@flowline/events';

/** A column of a printed table: its title, and its text per row. */
export interface Column<Row> {
  readonly title: string;
  /** Alignment (default left). Numbers read best aligned on the right. */
  readonly align?: 'left' | 'right';
  text(row: Row): string;
}

/** Prints rows under aligned titles. */
export function printTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): void {
  console.log(formatTable(columns, rows).join('\n'));
}

/** Lines of a table. */
export function formatTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => columns.map((column) => column.text(row)))];
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => line[i]?.length ?? 0)));
  return cells.map((line) =>
    line
      .map((cell, i) => (columns[i]?.align === 'right' ? cell.padStart(at(widths, i)) : cell.padEnd(at(widths, i))))
      .join('  ')
      .trimEnd(),
  );
}

/** Machine-readable result of a benchmark, which may have more parts than rows. */
export interface BenchResult {
  readonly bench: string;
  readonly rows: readonly object[];
  readonly [part: string]: unknown;
}

/** Prints the machine-readable result: one line of JSON, the last line of a benchmark. */
export function printJson(result: BenchResult): void {
  console.log(JSON.stringify(result));
}
