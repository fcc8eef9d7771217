import { FlowlineError } from '@flowline/events';

import { type CsvRecord, CsvScanner } from './csv-scanner.ts';

/** A CSV table: its header, and its rows with one text cell per column. */
export interface CsvTable {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/**
 * Parses CSV by RFC 4180 (comma, double quotes, CRLF or LF) with a header line.
 * @throws FlowlineError FLOWLINE_CONFIG_INVALID if a row is wider or narrower than the header, a
 *   column is repeated, or a quote is never closed.
 */
export function parseCsv(text: string, where: string): CsvTable {
  const [header, ...rows] = readRecords(text, where);
  if (header === undefined) throw invalid('the file is empty', where, 1);
  const twice = header.cells.find((name, column) => header.cells.indexOf(name) !== column);
  if (twice !== undefined) throw invalid(`the column "${twice}" appears twice`, where, header.line);
  for (const [index, row] of rows.entries()) {
    if (row.cells.length !== header.cells.length) {
      throw invalid(
        `row ${index + 1} has ${row.cells.length} cells, the header ${header.cells.length}`,
        where,
        row.line,
      );
    }
  }
  return { header: header.cells, rows: rows.map((row) => row.cells) };
}

interface TextRecord {
  readonly line: number;
  readonly cells: readonly string[];
}

function readRecords(text: string, where: string): TextRecord[] {
  const scanner = new CsvScanner(',');
  const records: CsvRecord[] = [...scanner.push(text), ...scanner.end()];
  if (scanner.pending > 0) throw invalid('a double quote is not closed', where, scanner.line);
  return records.map(({ line, cells }) => ({ line, cells: cells.map((cell) => cell ?? '') }));
}

function invalid(finding: string, where: string, line: number): FlowlineError {
  return new FlowlineError('FLOWLINE_CONFIG_INVALID', `${where}, line ${line}: ${finding}`, {
    where: `${where}:${line}`,
    remedy: 'Correct the file: comma-separated cells with one header line, and double quotes around cells with commas.',
  });
}
