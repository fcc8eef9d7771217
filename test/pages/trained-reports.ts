import { writeFileSync } from 'node:fs';
import path from 'node:path';

import { startCli } from '../support/scorer-process.ts';

const ROWS = 1_000;

/** Rows near y = 2x, of which every 20th is an anomaly; a column has a hostile name. */
function labelled(): string {
  const wave = (i: number, step: number): number => ((i * step) % 997) / 997;
  const lines = Array.from({ length: ROWS }, (_, i) => {
    const x = 5 + wave(i, 389) + wave(i, 631);
    const y = i % 40 === 0 ? 60 : 2 * x + wave(i, 271);
    return `${x.toFixed(3)},${y.toFixed(3)},${wave(i, 173).toFixed(3)},${i % 20 === 0 ? 1 : 0}`;
  });
  return `x,y,<script>alert(1)</script>,fraud\n${lines.join('\n')}\n`;
}

/**
 * Writes the reports that the command makes of a labelled file and of a training to a folder, and
 * returns their paths.
 */
export async function trainedReports(folder: string): Promise<readonly string[]> {
  writeFileSync(path.join(folder, 'labelled.csv'), labelled());
  const runs = [
    [...['report', 'labelled.csv', '--label', 'fraud', '--steps', '60', '--baselines'], '-o', 'labelled.html'],
    ['report', 'labelled.csv', '--ignore', 'fraud', '-o', 'file.html'],
    ['fit', 'labelled.csv', '--ignore', 'fraud', '-o', 'm.safetensors', '--report', 'fit.html'],
  ];
  for (const args of runs) {
    const cli = startCli(args, { FLOWLINE_DATABASE_URL: '', FLOWLINE_KAFKA_BROKERS: '' }, { cwd: folder });
    if ((await cli.ended) !== 0) throw new Error(`flowline ${args.join(' ')} failed: ${cli.stderr()}`);
  }
  return ['labelled.html', 'file.html', 'fit.html'].map((name) => path.join(folder, name));
}
