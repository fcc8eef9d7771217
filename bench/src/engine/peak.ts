import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Measures this machine's f32 peak on one thread in GFLOP/s, with a multiply-add loop in C. Null
 * without a C compiler.
 */
export function peakGflops(): number | null {
  const folder = mkdtempSync(path.join(tmpdir(), 'flowline-peak-'));
  try {
    const program = path.join(folder, 'peak');
    const source = fileURLToPath(new URL('peak.c', import.meta.url));
    const compiled = spawnSync('cc', ['-O3', '-march=native', '-ffp-contract=fast', '-o', program, source]);
    if (compiled.status !== 0) return null;
    const rate = Number(spawnSync(program, { encoding: 'utf8' }).stdout);
    return rate > 0 ? rate : null;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
