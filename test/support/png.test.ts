import { deflateSync } from 'node:zlib';

import { describe, expect, it } from '@jest/globals';

import { compareImages } from './compare-images.ts';
import { encodePng } from './encode-png.ts';
import { decodePng, type Image } from './png.ts';

/** Chunk of a PNG; its checksum is not read. */
function chunk(kind: string, content: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, Buffer.from(kind, 'latin1'), content, Buffer.alloc(4)]);
}

/** PNG of lines, each of which begins with its filter. */
function pngOf(width: number, lines: readonly (readonly number[])[], { depth = 8, type = 2 } = {}): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(lines.length, 4);
  header.writeUInt8(depth, 8);
  header.writeUInt8(type, 9);
  const data = deflateSync(Buffer.from(lines.flat()));
  const [first, second] = [data.subarray(0, 5), data.subarray(5)];
  const chunks = [chunk('IHDR', header), chunk('IDAT', first), chunk('IDAT', second), chunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), ...chunks]);
}

const plain = (width: number, height: number, grey: number): Image => ({
  ...{ width, height },
  rgb: new Uint8Array(3 * width * height).fill(grey),
});

/** Image with a rectangle of another grey. */
function marked(image: Image, left: number, top: number, right: number, bottom: number): Image {
  const rgb = Uint8Array.from(image.rgb);
  for (let y = top; y < bottom; y++) rgb.fill(0, 3 * (y * image.width + left), 3 * (y * image.width + right));
  return { ...image, rgb };
}

describe('decodePng', () => {
  it('undoes every filter', () => {
    const lines = [
      [0, 10, 20, 30, 40, 50, 60],
      [1, 10, 20, 30, 1, 1, 1],
      [2, 1, 1, 1, 255, 255, 255],
      [3, 5, 5, 5, 5, 5, 5],
      [4, 1, 2, 3, 4, 5, 6],
    ];
    const { width, height, rgb } = decodePng(pngOf(2, lines));
    expect([width, height]).toEqual([2, 5]);
    // By hand, of the first colour: 10 40 | 10 11 | 11 10 | 5+11/2=10 5+(10+10)/2=15 | 11 19.
    expect([...rgb].filter((_, i) => i % 3 === 0)).toEqual([10, 40, 10, 11, 11, 10, 10, 15, 11, 19]);
  });

  it('leaves an alpha channel out', () => {
    expect([...decodePng(pngOf(1, [[0, 1, 2, 3, 255]], { type: 6 })).rgb]).toEqual([1, 2, 3]);
  });

  it('refuses what browsers do not write', () => {
    expect(() => decodePng(Buffer.from('GIF89a  '))).toThrow('no PNG');
    expect(() => decodePng(pngOf(1, [[0, 1]], { type: 0 }))).toThrow('colour type 0');
    expect(() => decodePng(pngOf(1, [[0, 1, 2, 3]], { depth: 16 }))).toThrow('16 bits');
    expect(() => decodePng(pngOf(1, [[9, 1, 2, 3]]))).toThrow('filter 9');
  });
});

describe('encodePng', () => {
  /** Image of a colour per pixel. */
  const imageOf = (width: number, colours: readonly (readonly [number, number, number])[]): Image => ({
    ...{ width, height: colours.length / width },
    rgb: Uint8Array.from(colours.flat()),
  });

  it('keeps every colour of an image that has few', () => {
    const image = imageOf(2, [
      [0, 0, 0],
      [255, 254, 253],
      [1, 2, 3],
      [0, 0, 0],
    ]);
    expect(decodePng(encodePng(image))).toEqual(image);
  });

  it('keeps the colour of even areas, and others nearly, where there are too many', () => {
    const shades = Array.from({ length: 4_096 }, (_, i): [number, number, number] => [i % 256, i >> 4, 128]);
    const even = Array.from({ length: 4_096 }, (): [number, number, number] => [247, 248, 250]);
    const image = imageOf(64, [...even, ...shades]);
    const { rgb } = decodePng(encodePng(image));
    const differences = rgb.map((value, i) => Math.abs(value - (image.rgb.at(i) ?? NaN)));
    expect(Math.max(...differences.subarray(0, 3 * even.length))).toBe(0);
    expect(Math.max(...differences)).toBeLessThanOrEqual(24);
    expect(new Set(Array.from({ length: 8_192 }, (_, i) => rgb.subarray(3 * i, 3 * i + 3).join())).size).toBe(256);
  });
});

describe('compareImages', () => {
  it('sees a change, and where it is', () => {
    const image = plain(64, 40, 255);
    expect(compareImages(image, image)).toEqual({ share: 0, where: null });
    const changed = compareImages(image, marked(image, 16, 8, 32, 16));
    expect(changed).toEqual({ share: 2 / 40, where: { left: 16, top: 8, right: 32, bottom: 16 } });
  });

  it('takes smoothed edges for the same', () => {
    const image = plain(64, 64, 240);
    expect(compareImages(image, plain(64, 64, 250)).share).toBe(0);
    expect(compareImages(image, marked(image, 8, 8, 9, 9)).share).toBe(0);
  });

  it('refuses images of other sizes', () => {
    expect(() => compareImages(plain(8, 8, 0), plain(8, 9, 0))).toThrow('8 × 9 pixels where 8 × 8 were expected');
  });
});
