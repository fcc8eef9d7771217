import { inflateSync } from 'node:zlib';

import { at } from '@flowline/events';

/** Image with three bytes per pixel, row by row; an alpha channel is left out. */
export interface Image {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

const SIGNATURE = '89504e470d0a1a0a';
/** Bytes per pixel of the colour types that are read: RGB, places in a palette, and RGBA. */
const CHANNELS: Readonly<Record<number, number>> = { 2: 3, 3: 1, 6: 4 };

/**
 * Decodes a PNG as browsers write it, or with a palette: 8 bits per channel, not interlaced (W3C,
 * PNG, third edition).
 * @throws Error for any other.
 */
export function decodePng(bytes: Buffer): Image {
  if (bytes.subarray(0, 8).toString('hex') !== SIGNATURE) throw new Error('it is no PNG');
  const { header, palette, data } = chunksOf(bytes);
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const [depth, type, interlace] = [header.readUInt8(8), header.readUInt8(9), header.readUInt8(12)];
  const channels = CHANNELS[type];
  if (depth !== 8 || interlace !== 0 || channels === undefined)
    throw new Error(`a PNG of ${depth} bits, colour type ${type} and interlacing ${interlace} is not read`);
  const found = unfilter(inflateSync(data), width, height, channels);
  const rgb = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    const colour = channels === 1 ? palette.subarray(3 * at(found, i)) : found.subarray(i * channels);
    rgb.set(colour.subarray(0, 3), 3 * i);
  }
  return { width, height, rgb };
}

function chunksOf(bytes: Buffer): { readonly header: Buffer; readonly palette: Buffer; readonly data: Buffer } {
  const data: Buffer[] = [];
  let header: Buffer = Buffer.alloc(13);
  let palette: Buffer = Buffer.alloc(0);
  for (let place = 8; place + 8 <= bytes.length;) {
    const length = bytes.readUInt32BE(place);
    const kind = bytes.toString('latin1', place + 4, place + 8);
    const content = bytes.subarray(place + 8, place + 8 + length);
    if (kind === 'IHDR') header = content;
    if (kind === 'PLTE') palette = content;
    if (kind === 'IDAT') data.push(content);
    place += length + 12;
  }
  return { header, palette, data: Buffer.concat(data) };
}

/** Undoes the filter of each row, which predicts a byte from those to its left and above. */
function unfilter(lines: Buffer, width: number, height: number, channels: number): Uint8Array {
  const stride = width * channels;
  const all = new Uint8Array(stride * height);
  let above = new Uint8Array(stride);
  for (let y = 0; y < height; y++) {
    const filter = at(lines, y * (stride + 1));
    const row = new Uint8Array(stride);
    for (let i = 0; i < stride; i++) {
      const left = i < channels ? 0 : at(row, i - channels);
      const corner = i < channels ? 0 : at(above, i - channels);
      row[i] = at(lines, y * (stride + 1) + 1 + i) + predicted(filter, left, at(above, i), corner);
    }
    all.set(row, y * stride);
    above = row;
  }
  return all;
}

function predicted(filter: number, left: number, up: number, corner: number): number {
  switch (filter) {
    case 0:
      return 0;
    case 1:
      return left;
    case 2:
      return up;
    case 3:
      return (left + up) >> 1;
    case 4:
      return paeth(left, up, corner);
    default:
      throw new Error(`a PNG has no filter ${filter}`);
  }
}

function paeth(left: number, up: number, corner: number): number {
  const [toLeft, toUp, toCorner] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}
