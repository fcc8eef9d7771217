/** A record of a CSV text, and the line it began on. */
export interface CsvRecord {
  readonly line: number;
  /** null: a cell of nothing, not even quotes, which is how COPY writes NULL; "" is empty text. */
  readonly cells: readonly (string | null)[];
}

/**
 * Reads CSV (RFC 4180: comma, double quotes, CRLF or LF) as it arrives: memory holds one record. Empty lines are skipped; what is
 * wrong with a record's width is for the caller to say.
 */
export async function* csvRecords(chunks: AsyncIterable<string>): AsyncGenerator<CsvRecord> {
  let cells: (string | null)[] = [];
  let cell = '';
  let hasQuotes = false;
  let quoted = false;
  let wasQuote = false;
  let line = 1;
  let began = 1;
  let first = true;
  for await (const chunk of chunks) {
    const text = first ? chunk.replace(/^\uFEFF/, '') : chunk;
    first = false;
    for (const character of text) {
      if (character === '\n') line++;
      if (quoted) {
        if (character === '"') {
          quoted = false;
          wasQuote = true;
        } else cell += character;
        continue;
      }
      if (character === '"') {
        // A second quote right after the first is a quote itself.
        if (wasQuote) cell += '"';
        quoted = true;
        hasQuotes = true;
        wasQuote = false;
        continue;
      }
      wasQuote = false;
      if (character === ',') {
        cells.push(cell === '' && !hasQuotes ? null : cell);
        cell = '';
        hasQuotes = false;
      } else if (character === '\n') {
        cells.push(cell === '' && !hasQuotes ? null : cell);
        if (cells.length > 1 || cells[0] !== null) yield { line: began, cells };
        cells = [];
        cell = '';
        hasQuotes = false;
        began = line;
      } else if (character !== '\r') cell += character;
    }
  }
  const last = cell === '' && !hasQuotes ? null : cell;
  if (last !== null || cells.length > 0) yield { line: began, cells: [...cells, last] };
}
