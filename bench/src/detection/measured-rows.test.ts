import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { DetectionRow } from './measure.ts';
import { type MeasurementKey, MeasuredRows } from './measured-rows.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'flowline-measured-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const key = (more: Partial<MeasurementKey> = {}): MeasurementKey => ({
  ...{ data: 'wdbc', protocol: 'one-class', method: 'kNN5', seed: 0, code: 'c', file: 'f' },
  ...more,
});
const row = (auroc: number): DetectionRow => ({
  ...{ data: 'wdbc', protocol: 'one-class', method: 'kNN5', seed: 0, auroc },
  ...{ averagePrecision: 0.5, recallAt1Percent: 0.5, seconds: 1, alarmRate: null },
});
const never = () => Promise.reject(new Error('measured again'));

describe('MeasuredRows', () => {
  it('goes on where a run was ended, and measures again what other code or data gave', async () => {
    const file = path.join(folder, 'kept/rows.ndjson');
    const first = await MeasuredRows.open(file);
    await first.of(key(), () => Promise.resolve(row(0.9)));
    await first.of(key({ method: 'LOF' }), () => Promise.resolve(null));
    const second = await MeasuredRows.open(file);
    expect(await second.of(key(), never)).toEqual(row(0.9));
    expect(await second.of(key({ method: 'LOF' }), never)).toBeNull();
    for (const other of [
      { code: 'd' },
      { file: 'g' },
      { seed: 1 },
      { protocol: 'contaminated' },
      { data: 'wilt' },
    ] as const)
      expect(await second.of(key(other), () => Promise.resolve(row(0.1)))).toEqual(row(0.1));
    expect((await MeasuredRows.open(file)).size).toBe(7);
  });

  it('passes over half of a line that a killed run has left, and refuses another file', async () => {
    const file = path.join(folder, 'half.ndjson');
    await (await MeasuredRows.open(file)).of(key(), () => Promise.resolve(row(0.9)));
    await appendFile(file, '{"key":{"data":"wi');
    const again = await MeasuredRows.open(file);
    expect(await again.of(key(), never)).toEqual(row(0.9));
    await again.of(key({ seed: 5 }), () => Promise.resolve(row(0.8)));
    expect(await (await MeasuredRows.open(file)).of(key({ seed: 5 }), never)).toEqual(row(0.8));
    expect((await readFile(file, 'utf8')).split('\n')).toHaveLength(4);
    await writeFile(file, '{"a":{}}\n');
    await expect(MeasuredRows.open(file)).rejects.toThrow(/half\.ndjson holds no measured rows/);
  });
});
