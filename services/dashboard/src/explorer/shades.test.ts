import { describe, expect, it } from '@jest/globals';

import { parsedColour, pixelsOf, strengths } from './shades.ts';

describe('shades', () => {
  it('are strongest at the greatest density, and nothing where there is none', () => {
    const grid = { logDensityNats: Float64Array.of(-3, -9, -60, -Infinity), bits: Float64Array.of(0, 5, 40, 60) };
    const [most, less, far, none] = strengths(grid, 'density');
    expect(most).toBe(1);
    expect(less).toBeGreaterThan(0);
    expect([far, none]).toEqual([0, 0]);
    const surprise = [...strengths(grid, 'surprise')];
    expect(surprise).toEqual([...surprise].sort((a, b) => a - b));
    expect(surprise[2]).toBe(surprise[3]);
    expect([...strengths({ ...grid, logDensityNats: new Float64Array(4).fill(-Infinity) }, 'density')]).toEqual([
      ...[0, 0, 0, 0],
    ]);
  });

  it('are mixed from the colours of a browser, the first row at the bottom', () => {
    expect(parsedColour('rgb(52, 80, 200)')).toEqual([52, 80, 200]);
    expect(() => parsedColour('blue')).toThrow('no colour');
    const pixels = pixelsOf(Float64Array.of(0, 1), { columns: 1, rows: 2 }, [
      [0, 0, 0],
      [200, 100, 50],
    ]);
    expect([...pixels]).toEqual([200, 100, 50, 255, 0, 0, 0, 255]);
  });
});
