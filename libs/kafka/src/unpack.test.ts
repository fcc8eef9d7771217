import { gzipSync } from 'node:zlib';
import { at } from '@flowline/events';

import { describe, expect, it } from '@jest/globals';
import zstd from '@mongodb-js/zstd';
import lz4 from 'lz4js';
import snappy from 'snappyjs';

import { unpack } from './unpack.ts';

/**
 * Sets the flag for independent blocks, which lz4js leaves out although its blocks are independent.
 */
const packLz4 = (bytes: Buffer) => {
  const frame = Buffer.from(lz4.compress(bytes));
  frame[4] = at(frame, 4) | 0x20;
  return frame;
};
/** Frames snappy blocks of 32 KiB, as the Java library does. */
const packXerial = (bytes: Buffer) => {
  const parts = [Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1])];
  for (let at = 0; at < bytes.length; at += 32_768) {
    const block = Buffer.from(snappy.compress(bytes.subarray(at, at + 32_768)));
    const size = Buffer.alloc(4);
    size.writeUInt32BE(block.length);
    parts.push(size, block);
  }
  return Buffer.concat(parts);
};

describe.each([
  ['gzip', 1, gzipSync],
  ['snappy', 2, (bytes: Buffer) => Buffer.from(snappy.compress(bytes))],
  ['snappy in frames', 2, packXerial],
  ['lz4', 3, packLz4],
  ['zstd', 4, (bytes: Buffer) => zstd.compress(bytes, 3)],
] as const)('unpack, %s', (_name, codec, pack) => {
  const bytes = Buffer.from(Array.from({ length: 20_000 }, (_, i) => `{"i":${i % 700}}`).join());

  it('gives the bytes, up to exactly as many as it may', async () => {
    const packed = await pack(bytes);
    expect((await unpack(codec, packed, bytes.length)).equals(bytes)).toBe(true);
    await expect(unpack(codec, packed, bytes.length - 1)).rejects.toThrow('unpacks to more than');
  });

  it('does not take what is cut off for whole', async () => {
    const packed = await pack(bytes);
    const cut = unpack(codec, packed.subarray(0, packed.length >> 1), 1e7);
    const isWhole = cut.then(
      (unpacked) => unpacked.equals(bytes),
      () => false,
    );
    await expect(isWhole).resolves.toBe(false);
  });

  it('does not unpack 20 MB to find that they are too many', async () => {
    const packed = await pack(Buffer.alloc(20_000_000));
    const before = process.memoryUsage.rss();
    await expect(unpack(codec, packed, 1_000_000)).rejects.toThrow('unpacks to more than 1000000 bytes');
    expect(process.memoryUsage.rss() - before).toBeLessThan(15_000_000);
  });
});
