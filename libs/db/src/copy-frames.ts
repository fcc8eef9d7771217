import { missing } from '@flowline/events';

/** Bytes of a message's type and length. */
const HEADER_BYTES = 5;
/** Types of messages: data, the end of the data, and those that may come between them. */
const [COPY_DATA, COPY_DONE] = ['d', 'c'].map((type) => type.charCodeAt(0));
const BETWEEN: ReadonlySet<number> = new Set(
  ['H', 'S', 'N', 'A'].map((type) => type.charCodeAt(0)), // CopyOutResponse, ParameterStatus, notices
);

/** Data in some bytes of a COPY. */
export interface FramedData {
  readonly data: Buffer;
  /** Bytes that follow the data, from the message after its end on; null before the end. */
  readonly rest: Buffer | null;
  /** True if the data ended as they should; false before that, and at an error of the server. */
  readonly isDone: boolean;
}

/**
 * Takes the data of COPY … TO STDOUT out of the messages of the server, of which every row has one.
 * Messages may be cut anywhere.
 */
export class CopyFrames {
  readonly #header = Buffer.alloc(HEADER_BYTES);
  /** Bytes of a header that is not complete yet. */
  #headerBytes = 0;
  /** Bytes of the open message that are still to come. */
  #left = 0;
  #isData = false;

  /** Takes the data of the next bytes. They are moved within `bytes`, which the data share. */
  take(bytes: Buffer): FramedData {
    let position = 0;
    let length = 0;
    while (position < bytes.length) {
      if (this.#left === 0) {
        const start = position;
        position = this.#takeHeader(bytes, start);
        if (this.#headerBytes > 0) break;
        const type = this.#header[0];
        this.#isData = type === COPY_DATA;
        if (!this.#isData && (type === undefined || !BETWEEN.has(type))) {
          return this.#end(bytes, { start, position, length });
        }
        this.#left = this.#header.readInt32BE(1) - (HEADER_BYTES - 1);
      }
      const end = Math.min(bytes.length, position + this.#left);
      this.#left -= end - position;
      if (this.#isData) {
        bytes.copyWithin(length, position, end);
        length += end - position;
      }
      position = end;
    }
    return { data: bytes.subarray(0, length), rest: null, isDone: false };
  }

  /** Reads the next bytes of a header. Returns the position after them. */
  #takeHeader(bytes: Buffer, start: number): number {
    const end = Math.min(bytes.length, start + HEADER_BYTES - this.#headerBytes);
    for (let i = start; i < end; i++) this.#header[this.#headerBytes++] = bytes[i] ?? missing(bytes, i);
    if (this.#headerBytes === HEADER_BYTES) this.#headerBytes = 0;
    return end;
  }

  /**
   * The data before a message that is none: their end, or a message that is left to the driver,
   * whose header may have begun in earlier bytes.
   */
  #end(
    bytes: Buffer,
    { start, position, length }: { readonly start: number; readonly position: number; readonly length: number },
  ): FramedData {
    const data = bytes.subarray(0, length);
    if (this.#header[0] === COPY_DONE) return { data, rest: bytes.subarray(position), isDone: true };
    const earlier = this.#header.subarray(0, HEADER_BYTES - (position - start));
    return { data, rest: Buffer.concat([earlier, bytes.subarray(start)]), isDone: false };
  }
}
