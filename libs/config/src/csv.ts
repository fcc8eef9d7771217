import { FlowlineError } from '@flowline/events';

/** A CSV text: its header, and its rows as texts of the same width. */
export interface CsvTable {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/**
 * Reads CSV as RFC 4180 has it (comma, double quotes, CRLF or LF), with a header line.
 * @throws FlowlineError FLOWLINE_CONFIG_INVALID where a row is wider or narrower than the header, or a quote stays open.
 */
export function parseCsv(text: string, where: string): CsvTable {
  const [header, ...rows] = readRecords(text.replace(/^\uFEFF/, ''), where);
  if (header === undefined) throw invalid('the file is empty', where, 1);
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

interface CsvRecord {
  readonly line: number;
  readonly cells: readonly string[];
}

function readRecords(text: string, where: string): CsvRecord[] {
  // One cell, quoted or plain, with what ends it.
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y;
  const records: CsvRecord[] = [];
  let cells: string[] = [];
  let line = 1;
  let startLine = 1;
  while (cell.lastIndex < text.length || cells.length > 0) {
    const match = cell.exec(text);
    if (match === null) throw invalid('a double quote is not closed, or stands inside a cell', where, line);
    const [whole, quoted, plain = '', end] = match;
    cells.push(quoted?.replaceAll('""', '"') ?? plain);
    line += whole.match(/\r\n|\n|\r/g)?.length ?? 0;
    if (end === ',') continue;
    const blank = cells.length === 1 && cells[0] === '' && quoted === undefined;
    if (!blank) records.push({ line: startLine, cells });
    cells = [];
    startLine = line;
    if (cell.lastIndex >= text.length) break;
  }
  return records;
}

function invalid(finding: string, where: string, line: number): FlowlineError {
  return new FlowlineError('FLOWLINE_CONFIG_INVALID', `${where}, line ${line}: ${finding}`, {
    where: `${where}:${line}`,
    remedy: 'Correct the file: comma-separated cells with one header line, and double quotes around cells with commas.',
  });
}
