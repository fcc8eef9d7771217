import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, describe, expect, it } from '@jest/globals';
import { PNG } from 'pngjs';

import { digits } from './image-set.ts';
import { pngGrid } from './png-grid.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'flowline-images-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the images example', () => {
  it('trains a little, prints bits per dimension below those of uniform pixels, and writes pictures', () => {
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      ['--conditions=flowline:source', '--import', 'tsx', path.join(import.meta.dirname, 'main.ts')].concat(
        ['--out', folder, '--steps', '10', '--batch', '32', '--levels', '2', '--couplings', '1', '--hidden', '8'],
        ['--learning-rate', '0.01'],
      ),
      { cwd: import.meta.dirname, encoding: 'utf8' },
    );
    expect([status, stderr.replace(/^Platform node.*\n/m, '')]).toEqual([0, '']);
    const bits = Number(/^([\d.]+) ± [\d.]+ bits\/dim on 270 test images/m.exec(stdout)?.[1]);
    expect(bits).toBeLessThan(Math.log2(17));
    expect(bits).toBeGreaterThan(1);
    for (const name of ['samples.png', 'interpolations.png']) {
      const { height, width } = PNG.sync.read(readFileSync(path.join(folder, name)));
      expect([height, width]).toEqual([8 * 33 + 1, 16 * 33 + 1]);
    }
  });

  it('has digits of 17 grey levels, one row each', () => {
    const { train, validation, test } = digits();
    expect([train, validation, test].map(({ size, x }) => [size, x.length / size])).toEqual([
      [1347, 64],
      [180, 64],
      [270, 64],
    ]);
    expect([Math.min(...train.x), Math.max(...train.x)]).toEqual([0, 16]);
  });

  it('draws images line by line, 0 in white and the largest value in black', () => {
    const options = { height: 1, width: 2, values: 5, columns: 1, zoom: 1 };
    const { data, height, width } = PNG.sync.read(Buffer.from(pngGrid(Uint8Array.from([0, 4, 2, 1]), options)));
    const grey = Array.from({ length: height * width }, (_, i) => data[4 * i]);
    expect([height, width]).toEqual([5, 4]);
    const edge = 192;
    expect(grey).toEqual(
      [
        [edge, edge, edge, edge],
        [edge, 255, 0, edge],
        [edge, edge, edge, edge],
        [edge, 127, 191, edge],
        [edge, edge, edge, edge],
      ].flat(),
    );
  });
});
