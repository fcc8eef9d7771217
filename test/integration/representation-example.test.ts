import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

import { expect, it } from '@jest/globals';

const repository = path.resolve(import.meta.dirname, '../..');

it('examples/representation runs, and its figures are better than chance', async () => {
  const program = path.join(repository, 'examples/representation/main.ts');
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=flowline:source', '--import', 'tsx', program, '--steps', '30', '--draws', '2', '--json'],
    { cwd: repository },
  );
  const { steps, rows } = JSON.parse(stdout) as {
    steps: number;
    rows: { representation: string; labelsPerClass: number | null; nearestNeighbour: number; linearProbe: number }[];
  };
  expect(steps).toBe(30);
  expect(rows.map(({ representation, labelsPerClass }) => `${representation} ${labelsPerClass ?? 'all'}`)).toEqual(
    ['pixels', 'latents'].flatMap((representation) => ['1', '5', '20', 'all'].map((n) => `${representation} ${n}`)),
  );
  // With ten classes, chance is 0.1. Pixels with all labels are known to reach 0.98 and 0.95.
  for (const { nearestNeighbour, linearProbe } of rows) {
    expect(Math.min(nearestNeighbour, linearProbe)).toBeGreaterThan(0.25);
  }
  expect(rows[3]!.nearestNeighbour).toBeGreaterThan(0.96);
  expect(rows[3]!.linearProbe).toBeGreaterThan(0.92);
}, 240_000);
