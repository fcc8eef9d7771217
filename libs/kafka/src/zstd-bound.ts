const MAGIC = 0xfd2fb528;
const BLOCK_MAX_BYTES = 131_072;
/**
 * Bytes of a frame's content size, by its flag. Flag 0 means one byte if the frame is a single
 * segment.
 */
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;
const DICTIONARY_BYTES = [0, 1, 2, 4] as const;
const RAW = 0;
const RUN = 1;

/**
 * Upper bound of the decompressed size of zstd data, found without decompressing: the sum over its
 * blocks, with 128 KiB for each compressed one. Infinity if the data is not one or more frames of
 * RFC 8878.
 */
export function zstdBound(packed: Buffer): number {
  let bytes = 0;
  let at = 0;
  const read = (length: number): number => {
    if (at + length > packed.length) return NaN;
    const value = length === 0 ? 0 : packed.readUIntLE(at, length);
    at += length;
    return value;
  };
  while (at < packed.length) {
    if (read(4) !== MAGIC) return Infinity;
    const descriptor = read(1);
    const isSingleSegment = (descriptor & 0x20) !== 0;
    at += isSingleSegment ? 0 : 1;
    at += DICTIONARY_BYTES[(descriptor & 3) as 0 | 1 | 2 | 3];
    const sizeBytes = CONTENT_SIZE_BYTES[(descriptor >> 6) as 0 | 1 | 2 | 3];
    at += sizeBytes === 0 && isSingleSegment ? 1 : sizeBytes;
    for (let isLast = false; !isLast;) {
      const header = read(3);
      if (Number.isNaN(header)) return Infinity;
      isLast = (header & 1) === 1;
      const kind = (header >> 1) & 3;
      const size = header >> 3;
      bytes += kind === RAW || kind === RUN ? size : BLOCK_MAX_BYTES;
      at += kind === RUN ? 1 : size;
    }
    if ((descriptor & 4) !== 0) at += 4; // frame checksum
  }
  return bytes;
}
