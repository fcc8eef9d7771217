import { readFileSync } from 'node:fs';
import { arch, cpus } from 'node:os';
import { createRequire } from 'node:module';

import type { FrozenFlow } from '../frozen-flow.ts';
import type { BackendEntry, BackendOptions } from '../targets/backend-entry.ts';

/** Cache key of a verdict: everything that the verdict depends on. */
export const verdictKey = (
  flows: readonly FrozenFlow[],
  options: BackendOptions,
  batch: number,
  candidates: readonly BackendEntry[],
): string =>
  JSON.stringify({
    engine: engineVersion(),
    node: process.version,
    host: [arch(), cpus()[0]?.model ?? '', cpus().length],
    backends: candidates.map((entry) => [entry.name, entry.fingerprint()]),
    options,
    batch,
    flows: flows.map(({ flow }) => flow.config),
  });

let version: string | null = null;

const engineVersion = (): string => {
  if (version === null) {
    const file = createRequire(import.meta.url).resolve('@flowline/engine/package.json');
    version = (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
  }
  return version;
};
