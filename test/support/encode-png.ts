import { crc32, deflateSync } from 'node:zlib';

import { at } from '@flowline/events';

import type { Image } from './png.ts';

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');
const MOST_COLOURS = 256;
/** Bits per pixel, and the colour type of a palette. */
const [DEPTH, PALETTE] = [8, 3];

/** Colour of an image, and how many pixels have it. */
interface Colour {
  readonly rgb: number;
  readonly pixels: number;
}

/**
 * Encodes an image as a PNG with a palette of at most 256 colours, chosen by median cut (Heckbert,
 * 1982). Each stands for a box of colours and is the most frequent one of it, so that even areas
 * keep their colour.
 */
export function encodePng({ width, height, rgb }: Image): Buffer {
  const counts = new Map<number, number>();
  const pixels = Uint32Array.from({ length: width * height }, (_, i) => {
    const colour = (at(rgb, 3 * i) << 16) | (at(rgb, 3 * i + 1) << 8) | at(rgb, 3 * i + 2);
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
    return colour;
  });
  const boxes = boxesOf([...counts].map(([colour, count]) => ({ rgb: colour, pixels: count })));
  const places = new Map(boxes.flatMap((box, place) => box.map((colour) => [colour.rgb, place] as const)));
  const rows = Buffer.alloc((width + 1) * height);
  for (const [i, colour] of pixels.entries()) {
    rows[Math.floor(i / width) * (width + 1) + 1 + (i % width)] = places.get(colour) ?? 0;
  }
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', headerOf(width, height)),
    chunk('PLTE', Buffer.from(boxes.flatMap((box) => channelsOf(frequentOf(box))))),
    chunk('IDAT', deflateSync(rows, { level: 9, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function headerOf(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.writeUInt8(DEPTH, 8);
  header.writeUInt8(PALETTE, 9);
  return header;
}

function chunk(kind: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(kind, 'latin1'), content]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

const channelsOf = (rgb: number): [number, number, number] => [rgb >> 16, (rgb >> 8) & 255, rgb & 255];

const frequentOf = (box: readonly Colour[]): number =>
  box.reduce((best, each) => (each.pixels > best.pixels ? each : best)).rgb;

/** Divides colours until there are as many boxes as places, the one with the most to lose first. */
function boxesOf(colours: readonly Colour[]): readonly (readonly Colour[])[] {
  const boxes = [weighed(colours)];
  while (boxes.length < MOST_COLOURS) {
    const worst = boxes.reduce((found, box, i) => (box.loss > at(boxes, found).loss ? i : found), 0);
    const { box, channel, loss } = at(boxes, worst);
    if (loss === 0) break;
    boxes.splice(worst, 1, ...halvesOf(box, channel).map(weighed));
  }
  return boxes.map(({ box }) => box);
}

interface Weighed {
  readonly box: readonly Colour[];
  /** Channel with the greatest range. */
  readonly channel: number;
  /** Greatest range, by the root of the pixels; 0 for a single colour. */
  readonly loss: number;
}

function weighed(box: readonly Colour[]): Weighed {
  const low = [255, 255, 255];
  const high = [0, 0, 0];
  let pixels = 0;
  for (const each of box) {
    pixels += each.pixels;
    for (const [i, value] of channelsOf(each.rgb).entries()) {
      low[i] = Math.min(at(low, i), value);
      high[i] = Math.max(at(high, i), value);
    }
  }
  const ranges = high.map((value, i) => value - at(low, i));
  const range = Math.max(...ranges);
  return { box, channel: ranges.indexOf(range), loss: box.length < 2 ? 0 : range * pixels ** 0.5 };
}

/** Colours below and above the middle of a channel. */
function halvesOf(box: readonly Colour[], channel: number): readonly (readonly Colour[])[] {
  const valueOf = ({ rgb }: Colour): number => at(channelsOf(rgb), channel);
  const sorted = [...box].sort((a, b) => valueOf(a) - valueOf(b));
  const middle = (valueOf(at(sorted, 0)) + valueOf(at(sorted, sorted.length - 1))) / 2;
  const cut = sorted.findIndex((colour) => valueOf(colour) > middle);
  return [sorted.slice(0, cut), sorted.slice(cut)];
}
