import { runForResult } from './run-for-result.ts';

/** Result of a replay. */
export interface Replayed {
  /** Seconds from the first record to the last commit. */
  readonly seconds: number;
  /** Backend that scored; null if the scorer was stopped before it could report it. */
  readonly backend: string | null;
}

/**
 * Replays a file of events through the scorer's own process: the pipeline that serves Kafka, with
 * another source.
 */
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
  const { seconds, backend } = totals;
  return {
    seconds: typeof seconds === 'number' ? seconds : (performance.now() - startedMs) / 1000,
    backend: typeof backend === 'string' ? backend : null,
  };
}
