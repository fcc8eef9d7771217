import { type CellFormat, CellTexts } from './history-cells.ts';

/** Values of a column that is read as numbers. */
export interface NumberCells {
  readonly kind: 'numbers';
  readonly values: Float64Array;
  /** 1 for each null. */
  readonly isNull: Uint8Array;
}

/** Values of any other column, as in the JSON of an event. */
export interface ValueCells {
  readonly kind: 'values';
  readonly values: unknown[];
}

/** Format of a column, or of a time: milliseconds since the epoch, rounded down. */
export type RowFormat = CellFormat | 'time';

/** Signature, flags and length of the extension in the header of COPY … BINARY. */
const HEADER_BYTES = 19;
/** Milliseconds from the Unix epoch to the Postgres epoch (2000-01-01). */
const POSTGRES_EPOCH_MS = 946_684_800_000;
const TWO_TO_32 = 2 ** 32;

interface Column {
  readonly format: RowFormat;
  readonly numbers: NumberCells;
  readonly others: unknown[];
  /** Decoder of the texts of a column; null for one of numbers. */
  readonly texts: CellTexts | null;
}

/**
 * Decodes the rows of COPY … TO STDOUT BINARY into columns, batch by batch. The arrays of a batch
 * are those of the next one.
 */
export class BinaryRows {
  readonly cells: readonly (NumberCells | ValueCells)[];
  readonly #columns: readonly Column[];
  readonly #batchRows: number;
  #buffer: Buffer = Buffer.alloc(0);
  #position = HEADER_BYTES;
  #rows = 0;

  constructor(formats: readonly RowFormat[], batchRows: number) {
    this.#batchRows = batchRows;
    this.#columns = formats.map((format) => {
      const isText = format === 'text' || format === 'list' || format === 'json';
      const size = isText ? 0 : batchRows;
      return {
        format,
        numbers: { kind: 'numbers', values: new Float64Array(size), isNull: new Uint8Array(size) },
        others: [],
        texts: isText ? new CellTexts(format) : null,
      };
    });
    this.cells = this.#columns.map(({ texts, numbers, others }) =>
      texts === null ? numbers : { kind: 'values', values: others },
    );
  }

  /** Adds bytes that follow those added before. */
  add(bytes: Buffer): void {
    const rest = this.#buffer.length - this.#position;
    if (rest <= 0) {
      this.#position = -rest;
      this.#buffer = bytes;
    } else {
      this.#buffer = Buffer.concat([this.#buffer.subarray(this.#position), bytes]);
      this.#position = 0;
    }
  }

  /** Decodes rows until a batch is full or the bytes end. Returns its rows if it is full, or 0. */
  fill(): number {
    const view = new DataView(this.#buffer.buffer, this.#buffer.byteOffset, this.#buffer.byteLength);
    while (this.#rows < this.#batchRows) {
      const end = this.#decodeRow(view, this.#position);
      if (end < 0) return 0;
      this.#position = end;
      this.#rows++;
    }
    return this.take();
  }

  /** Rows of the batch so far; the next row begins a new one. */
  take(): number {
    const rows = this.#rows;
    this.#rows = 0;
    return rows;
  }

  /** Decodes a row. Returns the position after it, or −1 if its bytes are not all there. */
  #decodeRow(view: DataView, start: number): number {
    const size = view.byteLength;
    if (start + 2 > size || view.getInt16(start) < 0) return -1;
    let position = start + 2;
    for (const column of this.#columns) {
      if (position + 4 > size) return -1;
      const length = view.getInt32(position);
      position += 4;
      if (length > 0 && position + length > size) return -1;
      if (column.texts === null) putNumber(column, this.#rows, view, position, length);
      else
        column.others[this.#rows] = length < 0 ? null : column.texts.value(this.#buffer, position, position + length);
      if (length > 0) position += length;
    }
    return position;
  }
}

function putNumber({ format, numbers }: Column, row: number, view: DataView, position: number, length: number): void {
  numbers.isNull[row] = length < 0 ? 1 : 0;
  numbers.values[row] =
    length < 0 ? NaN : format === 'float8' ? view.getFloat64(position) : numberAt(view, position, format);
}

function numberAt(view: DataView, position: number, format: RowFormat): number {
  switch (format) {
    case 'int2':
      return view.getInt16(position);
    case 'int4':
      return view.getInt32(position);
    case 'int8':
      return view.getInt32(position) * TWO_TO_32 + view.getUint32(position + 4);
    case 'time':
      return millisecondsOf(view.getInt32(position), view.getUint32(position + 4));
    default:
      return view.getFloat64(position);
  }
}

/**
 * Milliseconds since the epoch of high · 2³² + low microseconds since 2000, rounded down. 2³² =
 * 4,294,967 · 1,000 + 296, so that no digit is lost.
 */
function millisecondsOf(high: number, low: number): number {
  return POSTGRES_EPOCH_MS + high * 4_294_967 + Math.floor((high * 296 + low) / 1_000);
}
