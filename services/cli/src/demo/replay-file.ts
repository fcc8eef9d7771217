import { runForResult } from './run-for-result.ts';

/** How long a replay took, from its first record to its last commit. */
export interface Replayed {
  readonly seconds: number;
}

/** Replays a file of events through the scorer's own process: the pipeline that serves Kafka, from another source. */
export async function replayFile(
  file: string,
  detector: string,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Replayed> {
  const startedMs = performance.now();
  const totals = await runForResult(
    'scorer',
    ['--detector', detector, '--source', `ndjson:${file}`, '--alerts', 'none', '--json'],
    env,
    signal,
  );
  const seconds = totals.seconds;
  return { seconds: typeof seconds === 'number' ? seconds : (performance.now() - startedMs) / 1000 };
}
