/** Cell of the numbers behind a chart; null is missing. */
export type ChartCell = string | number | null;

/**
 * Formats rows as CSV by RFC 4180. A text that a spreadsheet would take for a formula begins with
 * an apostrophe.
 */
export function chartCsv(columns: readonly string[], rows: readonly (readonly ChartCell[])[]): string {
  const cellOf = (cell: ChartCell): string => {
    if (cell === null) return '';
    if (typeof cell === 'number') return String(cell);
    const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns, ...rows].map((row) => `${row.map(cellOf).join(',')}\r\n`).join('');
}
