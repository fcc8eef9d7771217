import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { Random } from '@flowline/flows';

import type { DensityRow } from './rows.ts';
import { program } from './run.ts';
import { npy } from './testing.ts';

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'flowline-bench-'));
  const random = new Random(1);
  const save = async (data: string, part: string, file: Buffer) => {
    await mkdir(path.join(folder, data), { recursive: true });
    await writeFile(path.join(folder, data, `${part}.npy`), file);
  };
  for (const [part, size] of Object.entries({ train: 400, val: 80, test: 120 })) {
    await save('toy_banana', part, npy([size, 2], random.normals(2 * size)));
    const pixels = Uint8Array.from({ length: size * 4 }, () => random.integer(17));
    await save('digits8x8', part, npy([size, 2, 2], pixels));
  }
  const manifest = { toy_banana: { true_test_nll: 2.5 }, digits8x8: { levels: 17 } };
  await writeFile(path.join(folder, 'manifest.json'), JSON.stringify(manifest));
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(() => {
  jest.restoreAllMocks();
});

async function printed(...args: string[]): Promise<string[]> {
  const log = jest.spyOn(console, 'log').mockImplementation(() => undefined);
  await program.run(['--from', folder, ...args]);
  return log.mock.calls.flatMap(([text]) => String(text).split('\n'));
}

const resultOf = (lines: readonly string[]) => JSON.parse(lines.at(-1)!) as { bench: string; rows: DensityRow[] };

describe('bench density', () => {
  it('trains the default families and ends with one line of JSON', async () => {
    const lines = await printed('--data', 'toy_banana', '--steps', '3', '--json');
    const { bench, rows } = resultOf(lines);
    expect(bench).toBe('density');
    expect(rows.map(({ family }) => family)).toEqual(['realNVP', 'maf', 'neuralSpline']);
    for (const row of rows) {
      expect(row).toMatchObject({ data: 'toy_banana', library: 'flowline', steps: 3 });
      expect(row.parameters).toBeLessThanOrEqual(37_000);
      expect(row.seconds).toBeGreaterThan(0);
      expect(row.standardError).toBeGreaterThan(0);
      expect([row.nll, row.gap, row.gapStandardError].every(Number.isFinite)).toBe(true);
    }
    expect(lines.find((line) => line.startsWith('library'))).toContain('gap to the truth');
  });

  it('learns: rows of a standard normal end near 1 + log 2π nats', async () => {
    const lines = await printed('--data', 'toy_banana', '--families', 'maf', '--steps', '40', '--json');
    expect(Math.abs(resultOf(lines).rows[0]!.nll - 2.838)).toBeLessThan(0.2);
  });

  it('covers every family, and images in bits per dimension', async () => {
    const lines = await printed('--data', 'digits8x8', '--families', 'all', '--steps', '2', '--json');
    const { rows } = resultOf(lines);
    expect(rows.length).toBeGreaterThanOrEqual(8);
    for (const { nll, bitsPerDim } of rows) expect(bitsPerDim).toBeCloseTo(nll / (4 * Math.LN2), 9);
  });

  it('says which data it misses', async () => {
    await expect(printed('--data', 'magic10')).rejects.toMatchObject({ code: 'FLOWLINE_FILE_UNREADABLE' });
    await expect(printed('--data', 'magic11')).rejects.toMatchObject({ code: 'FLOWLINE_USAGE' });
  });
});
