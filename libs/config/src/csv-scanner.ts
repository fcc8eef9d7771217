import { at } from '@flowline/events';

/** A CSV record and the line on which it begins. */
export interface CsvRecord {
  readonly line: number;
  /** Null is an empty cell without quotes, which is how COPY writes NULL; "" is empty text. */
  readonly cells: readonly (string | null)[];
}

/** Record that the text has whole, and the place after it. */
interface Scanned {
  readonly cells: (string | null)[];
  readonly end: number;
  /** Line breaks within it and at its end. */
  readonly lines: number;
}

const [QUOTE, RETURN, NEWLINE] = ['"', '\r', '\n'];
const LINE_BREAK = /[\r\n]/;

/**
 * Takes CSV apart that arrives in pieces: RFC 4180, and lenient where it is silent, as csv-parse is
 * with `relax_quotes`. A quote within a cell that does not begin with one is literal, and so are
 * both quotes of a cell that goes on after the second.
 */
export class CsvScanner {
  readonly #delimiter: string;
  #text = '';
  #line = 1;
  #isStart = true;

  constructor(delimiter: string) {
    this.#delimiter = delimiter;
  }

  /** Line on which the record begins that is not whole yet. */
  get line(): number {
    return this.#line;
  }

  /** Characters of that record so far. */
  get pending(): number {
    return this.#text.length;
  }

  /** Records that are whole with the next piece of the text. */
  *push(piece: string): Generator<CsvRecord> {
    this.#text += piece;
    if (this.#isStart && this.#text !== '') {
      this.#isStart = false;
      if (this.#text.startsWith('\ufeff')) this.#text = this.#text.slice(1);
    }
    // Without a line break no record ends: a long one is not scanned with every piece.
    if (LINE_BREAK.test(piece)) yield* this.#records(false);
  }

  /** Records that are whole with the end of the text; what is pending then is an open quote. */
  *end(): Generator<CsvRecord> {
    yield* this.#records(true);
  }

  *#records(isEnd: boolean): Generator<CsvRecord> {
    let start = 0;
    while (start < this.#text.length) {
      const scanned = this.#plainRecord(start) ?? this.#anyRecord(start, isEnd);
      if (scanned === null) break;
      const line = this.#line;
      this.#line += scanned.lines;
      const isBlank = scanned.cells.length === 1 && at(scanned.cells, 0) === null;
      start = scanned.end;
      if (!isBlank) yield { line, cells: scanned.cells };
    }
    this.#text = this.#text.slice(start);
  }

  /** A record on a line without quotes, as nearly all are; null for any other. */
  #plainRecord(start: number): Scanned | null {
    const newline = this.#text.indexOf(NEWLINE, start);
    if (newline < 0) return null;
    const end = newline > start && this.#text[newline - 1] === RETURN ? newline - 1 : newline;
    const text = this.#text.slice(start, end);
    if (text.includes(QUOTE) || text.includes(RETURN)) return null;
    const cells: (string | null)[] = text.split(this.#delimiter);
    for (let i = 0; i < cells.length; i++) if (cells[i] === '') cells[i] = null;
    return { cells, end: newline + 1, lines: 1 };
  }

  /** A record cell by cell; null if its end has not arrived. */
  #anyRecord(start: number, isEnd: boolean): Scanned | null {
    const cells: (string | null)[] = [];
    for (let place = start; ;) {
      const cell = this.#text[place] === QUOTE ? this.#quoted(place) : { text: '', end: place, isQuoted: false };
      if (cell === null) return null;
      const end = this.#cellEnd(cell.end);
      const rest = this.#text.slice(cell.end, end);
      // What follows a closing quote makes both quotes characters of the cell.
      const text = cell.isQuoted && rest !== '' ? `"${cell.text}"${rest}` : cell.text + rest;
      cells.push(text === '' && !cell.isQuoted ? null : text);
      if (this.#text[end] === this.#delimiter) place = end + 1;
      else return this.#recordEnd(cells, { start, end }, isEnd);
    }
  }

  /** Ends a record at the end of a line, or of the text. */
  #recordEnd(
    cells: (string | null)[],
    { start, end }: { readonly start: number; readonly end: number },
    isEnd: boolean,
  ): Scanned | null {
    const isLast = end >= this.#text.length;
    // A carriage return that arrived last may be half of a line break.
    const isHalf = this.#text[end] === RETURN && end + 1 === this.#text.length;
    if ((isLast || isHalf) && !isEnd) return null;
    const next = end + (this.#text.startsWith('\r\n', end) ? 2 : isLast ? 0 : 1);
    return { cells, end: next, lines: linesOf(this.#text, start, next) };
  }

  /** Text between quotes, and the place after them; null if they do not close. */
  #quoted(start: number): { readonly text: string; readonly end: number; readonly isQuoted: boolean } | null {
    const parts: string[] = [];
    for (let from = start + 1; ;) {
      const quote = this.#text.indexOf(QUOTE, from);
      if (quote < 0) return null;
      if (this.#text[quote + 1] !== QUOTE) {
        parts.push(this.#text.slice(from, quote));
        return { text: parts.join(''), end: quote + 1, isQuoted: true };
      }
      parts.push(this.#text.slice(from, quote + 1));
      from = quote + 2;
    }
  }

  /** Place of the delimiter or line break that ends a cell without quotes, or of the text's end. */
  #cellEnd(start: number): number {
    const [text, delimiter] = [this.#text, this.#delimiter];
    for (let place = start; place < text.length; place++) {
      const character = text[place];
      if (character === delimiter || character === NEWLINE || character === RETURN) return place;
    }
    return text.length;
  }
}

/** Line breaks of a part of a text. */
function linesOf(text: string, start: number, end: number): number {
  let lines = 0;
  for (let place = start; place < end; place++) {
    const character = text[place];
    if (character === NEWLINE || (character === RETURN && text[place + 1] !== NEWLINE)) lines++;
  }
  return lines;
}
