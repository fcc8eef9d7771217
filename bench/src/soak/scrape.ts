import type { Sample } from './verdicts.ts';

const MEGABYTE = 1e6;

/**
 * Reads a scorer's figures from /metrics. @throws Error if it does not answer, or lacks a metric.
 */
export async function scrape(port: number): Promise<Omit<Sample, 'seconds'>> {
  const startMs = performance.now();
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(10_000) });
  const text = await answer.text();
  return { answerMs: performance.now() - startMs, ...readSample(text) };
}

/** Parses a sample from Prometheus exposition text. */
export function readSample(text: string): Omit<Sample, 'seconds' | 'answerMs'> {
  const values = (name: string): number[] =>
    [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))].map((match) => Number(match[1]));
  const one = (name: string): number => {
    const [value] = values(name);
    if (value === undefined) throw new Error(`/metrics has no ${name}`);
    return value;
  };
  return {
    residentMb: one('process_resident_memory_bytes') / MEGABYTE,
    heapMb: one('nodejs_heap_size_used_bytes') / MEGABYTE,
    externalMb: one('nodejs_external_memory_bytes') / MEGABYTE,
    tensors: one('flowline_tensors'),
    lagRecords: values('flowline_consumer_lag_records').reduce((sum, records) => sum + records, 0),
    lagSeconds: Math.max(0, ...values('flowline_consumer_lag_seconds')),
    stored: values('flowline_events_scored_total').reduce((sum, events) => sum + events, 0),
  };
}
