import { promisify } from 'node:util';
import { unzip } from 'node:zlib';
import { at } from '@flowline/events';

import zstd from '@mongodb-js/zstd';
import { Decompress as ZstdStream } from 'fzstd';
import snappy from 'snappyjs';

import { unpackLz4 } from './unpack-lz4.ts';
import { UnpackedTooLarge } from './unpacked-too-large.ts';
import { zstdBound } from './zstd-bound.ts';

/** Codecs of record batches, indexed by Kafka's codec number. */
const codecNames = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;

const unzipped = promisify(unzip);
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
const XERIAL_HEADER_BYTES = 16;
/** Maximum bits of a snappy length varint, which has up to five bytes. */
const SNAPPY_LENGTH_BITS = 35;

/**
 * Decompresses bytes of a record batch, never to more than `maxBytes`: memory is bounded by that
 * limit, not by the compressed data.
 * @param codec the lowest three bits of a batch's attributes.
 * @throws UnpackedTooLarge, or Error for an unknown codec or invalid data.
 */
export async function unpack(codec: number, packed: Buffer, maxBytes: number): Promise<Buffer> {
  switch (codecNames[codec]) {
    case 'none':
      return packed;
    case 'gzip':
      return unpackGzip(packed, maxBytes);
    case 'snappy':
      return unpackSnappy(packed, maxBytes);
    case 'lz4':
      return unpackLz4(packed, maxBytes);
    case 'zstd':
      return unpackZstd(packed, maxBytes);
    default:
      throw new Error(`codec ${codec} is unknown`);
  }
}

async function unpackGzip(packed: Buffer, maxBytes: number): Promise<Buffer> {
  try {
    return await unzipped(packed, { maxOutputLength: maxBytes });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new UnpackedTooLarge(maxBytes, { cause });
    throw cause;
  }
}

/** Decompresses raw snappy, or the framing of the Java library. */
function unpackSnappy(packed: Buffer, maxBytes: number): Buffer {
  if (!packed.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) return unpackSnappyBlock(packed, maxBytes);
  const blocks: Buffer[] = [];
  let left = maxBytes;
  for (let at = XERIAL_HEADER_BYTES; at < packed.length;) {
    const end = at + 4 + packed.readUInt32BE(at);
    if (end > packed.length) throw new Error('a snappy block ends too early');
    const block = unpackSnappyBlock(packed.subarray(at + 4, end), left, maxBytes);
    blocks.push(block);
    left -= block.length;
    at = end;
  }
  return Buffer.concat(blocks);
}

function unpackSnappyBlock(block: Buffer, left: number, maxBytes = left): Buffer {
  // The length is checked first: the library allocates whatever length a block claims.
  let length = 0;
  for (let i = 0, bits = 0; bits < SNAPPY_LENGTH_BITS; i++, bits += 7) {
    const byte = at(block, i);
    length += (byte & 0x7f) * 2 ** bits;
    if (byte < 0x80) break;
  }
  if (length > left) throw new UnpackedTooLarge(maxBytes);
  return Buffer.from(snappy.uncompress(block));
}

/**
 * Decompresses with the native library if the blocks cannot exceed the limit, else block by block
 * until they do.
 */
async function unpackZstd(packed: Buffer, maxBytes: number): Promise<Buffer> {
  if (zstdBound(packed) <= maxBytes) return zstd.decompress(packed);
  const blocks: Uint8Array[] = [];
  let length = 0;
  const stream = new ZstdStream((block) => {
    length += block.length;
    if (length > maxBytes) throw new UnpackedTooLarge(maxBytes);
    blocks.push(block);
  });
  stream.push(packed, true);
  return Buffer.concat(blocks);
}
