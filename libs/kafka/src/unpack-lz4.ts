import lz4 from 'lz4js';

import { UnpackedTooLarge } from './unpacked-too-large.ts';

const MAGIC = 0x184d2204;
const VERSION_BITS = 0xc0;
const VERSION = 0x40;
const INDEPENDENT_BLOCKS = 0x20;
const BLOCK_CHECKSUMS = 0x10;
const CONTENT_SIZE = 0x08;
const NOT_PACKED = 0x80000000;
/** Maximum bytes per block, by the code in the frame descriptor. */
const BLOCK_BYTES: Readonly<Record<number, number>> = { 4: 0x1_0000, 5: 0x4_0000, 6: 0x10_0000, 7: 0x40_0000 };

/**
 * Decompresses one LZ4 frame of independent blocks, as Kafka clients write it, block by block and
 * never to more than `maxBytes`. Checksums are not verified: Kafka has its own over the batch.
 * @throws UnpackedTooLarge, or Error for bytes that are not such a frame.
 */
export function unpackLz4(frame: Buffer, maxBytes: number): Buffer {
  if (frame.length < 7 || frame.readUInt32LE(0) !== MAGIC) throw new Error('it is no LZ4 frame');
  const flags = frame.readUInt8(4);
  const blockBytes = BLOCK_BYTES[frame.readUInt8(5) >> 4];
  if ((flags & VERSION_BITS) !== VERSION || blockBytes === undefined)
    throw new Error('its LZ4 frame is of another version');
  if ((flags & INDEPENDENT_BLOCKS) === 0) throw new Error('the blocks of its LZ4 frame depend on one another');
  const checksumBytes = (flags & BLOCK_CHECKSUMS) === 0 ? 0 : 4;
  const blocks: Uint8Array[] = [];
  let length = 0;
  for (let at = (flags & CONTENT_SIZE) === 0 ? 7 : 15; ;) {
    const size = frame.readUInt32LE(at);
    if (size === 0) return Buffer.concat(blocks);
    at += 4;
    const isPacked = size < NOT_PACKED;
    const end = at + (isPacked ? size : size - NOT_PACKED);
    if (end > frame.length) throw new Error('an LZ4 block ends too early');
    const block = isPacked ? unpackBlock(frame.subarray(at, end), blockBytes) : frame.subarray(at, end);
    length += block.length;
    if (length > maxBytes) throw new UnpackedTooLarge(maxBytes);
    blocks.push(block);
    at = end + checksumBytes;
  }
}

function unpackBlock(block: Buffer, maxBytes: number): Uint8Array {
  const unpacked = new Uint8Array(Math.min(maxBytes, block.length * 255));
  const length = lz4.decompressBlock(block, unpacked, 0, block.length, 0);
  if (length > unpacked.length) throw new Error('an LZ4 block is longer than its frame allows');
  return unpacked.subarray(0, length);
}
