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
  /** Bytes that are not decoded yet lie from `#position` to `#end`. */
  #buffer: Buffer = Buffer.alloc(0);
  #view = viewOf(this.#buffer);
  #position = 0;
  #end = 0;
  /** Bytes of the header that are still to come. */
  #header = HEADER_BYTES;
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

  /** Adds bytes that follow those added before. They are copied. */
  add(bytes: Buffer): void {
    const skipped = Math.min(this.#header, bytes.length);
    this.#header -= skipped;
    const rest = this.#end - this.#position;
    const size = rest + bytes.length - skipped;
    if (size > this.#buffer.length) this.#grow(size);
    else this.#buffer.copyWithin(0, this.#position, this.#end);
    bytes.copy(this.#buffer, rest, skipped);
    this.#position = 0;
    this.#end = size;
  }

  /** Moves the bytes that are not decoded yet to a larger buffer. */
  #grow(size: number): void {
    const larger = Buffer.allocUnsafeSlow(2 * size);
    this.#buffer.copy(larger, 0, this.#position, this.#end);
    this.#buffer = larger;
    this.#view = viewOf(larger);
  }

  /** Decodes rows until a batch is full or the bytes end. Returns its rows if it is full, or 0. */
  fill(): number {
    while (this.#rows < this.#batchRows) {
      const end = this.#decodeRow(this.#position);
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
  #decodeRow(start: number): number {
    const [view, size, row] = [this.#view, this.#end, this.#rows];
    if (start + 2 > size || view.getInt16(start) < 0) return -1;
    let position = start + 2;
    for (const { format, texts, others, numbers } of this.#columns) {
      if (position + 4 > size) return -1;
      const length = view.getInt32(position);
      position += 4;
      if (length > 0 && position + length > size) return -1;
      if (texts !== null) {
        others[row] = length < 0 ? null : texts.value(this.#buffer, position, position + length);
      } else {
        numbers.isNull[row] = length < 0 ? 1 : 0;
        if (length < 0) numbers.values[row] = NaN;
        else if (format === 'float8') numbers.values[row] = view.getFloat64(position);
        else numbers.values[row] = numberAt(view, position, format);
      }
      if (length > 0) position += length;
    }
    return position;
  }
}

const viewOf = ({ buffer, byteOffset, byteLength }: Buffer): DataView => new DataView(buffer, byteOffset, byteLength);

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
