import type { Grid } from './grid.ts';

/** Quantity that colours show. */
export type Shade = 'density' | 'surprise';

/** Nats below the greatest density at which the colour ends. */
const NATS = 12;
/** Bits beyond which colours do not change. */
const MOST_BITS = 20;
/** Strength of the colour there: most of a map may be that surprising. */
const MOST_STRENGTH = 0.8;

/** Strength of the colour of each cell, 0 to 1. */
export function strengths({ logDensityNats, bits }: Pick<Grid, 'logDensityNats' | 'bits'>, shade: Shade): Float64Array {
  if (shade === 'surprise') return bits.map((value) => MOST_STRENGTH * Math.min(1, Math.max(0, value / MOST_BITS)));
  const greatest = logDensityNats.reduce((most, value) => Math.max(most, value), -Infinity);
  return logDensityNats.map((value) =>
    Number.isFinite(greatest) ? Math.max(0, 1 - (greatest - value) / NATS) ** 1.6 : 0,
  );
}

/** Red, green and blue, 0 to 255. */
export type Colour = readonly [number, number, number];

/** Reads a colour as browsers compute it: rgb(52, 80, 200). */
export function parsedColour(text: string): Colour {
  const [red, green, blue] = (/^rgba?\(([^)]+)\)$/.exec(text)?.[1] ?? '').split(/[\s,/]+/).map(Number);
  if (red === undefined || green === undefined || blue === undefined || Number.isNaN(red + green + blue)) {
    throw new TypeError(`${text} is no colour of the form rgb(red, green, blue)`);
  }
  return [red, green, blue];
}

/** Pixels of a grid between the colours of nothing and of the greatest strength; rows downwards. */
export function pixelsOf(
  strength: Float64Array,
  { columns, rows }: Pick<Grid, 'columns' | 'rows'>,
  [none, full]: readonly [Colour, Colour],
): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(4 * columns * rows);
  strength.forEach((value, cell) => {
    const [column, row] = [cell % columns, Math.floor(cell / columns)];
    const at = 4 * ((rows - 1 - row) * columns + column);
    for (const channel of [0, 1, 2] as const) {
      pixels[at + channel] = none[channel] + value * (full[channel] - none[channel]);
    }
    pixels[at + 3] = 255;
  });
  return pixels;
}
