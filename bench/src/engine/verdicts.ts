/** One measured rate. */
export interface EngineRow {
  readonly engine: string;
  readonly model: 'd10' | 'd64';
  readonly batch: number;
  readonly threads: number;
  readonly eventsPerSecond: number;
  readonly gflops: number;
}

/** One claim, with the measured and the wanted value. It holds if measured ≥ wanted. */
export interface Verdict {
  readonly claim: string;
  readonly measured: number;
  readonly wanted: number;
}

const peers = ['torch-eager', 'torch-compile', 'jax', 'onnxruntime-node', 'zuko', 'nflows'];

/**
 * Claims that the rows decide, for d = 10 unless they name the size. Claims without a measurement
 * are left out.
 */
export function verdicts(rows: readonly EngineRow[], peakGflops: number | null): readonly Verdict[] {
  const rate = (engine: string, batch: number, threads = 1, model: EngineRow['model'] = 'd10'): number =>
    rows.find((row) => row.model === model && row.engine === engine && row.batch === batch && row.threads === threads)
      ?.eventsPerSecond ?? NaN;
  const fastestPeer = (batch: number, threads = 1, model: EngineRow['model'] = 'd10'): number => {
    const rates = peers.map((peer) => rate(peer, batch, threads, model)).filter((value) => value > 0);
    return rates.length === 0 ? NaN : Math.max(...rates);
  };
  /** Least lead of `auto` over the fastest peer on as many threads, over the batch sizes. */
  const leads = (['d10', 'd64'] as const).flatMap((model) =>
    [1, 2].map((threads) => ({
      claim: `times the fastest peer, auto on ${threads} ${threads === 1 ? 'thread' : 'threads'}, least of all batch sizes, ${model}`,
      measured: Math.min(
        ...[1, 16, 256, 4096].map((n) => rate('auto', n, threads, model) / fastestPeer(n, threads, model)),
      ),
      wanted: 1,
    })),
  );
  const wasm = (batch: number): number => rate('flowline-wasm', batch);
  const shares = [16, 256, 4096].map((batch) => {
    const row = rows.find((r) => r.model === 'd10' && r.engine === 'flowline-wasm' && r.batch === batch);
    return (row?.gflops ?? NaN) / (peakGflops ?? NaN);
  });
  const all: readonly Verdict[] = [
    { claim: 'least share of peak at batch 16 and more', measured: Math.min(...shares), wanted: 0.35 },
    { claim: 'times torch eager at batch 1', measured: wasm(1) / rate('torch-eager', 1), wanted: 50 },
    { claim: 'times the fastest peer at batch 1', measured: wasm(1) / fastestPeer(1), wanted: 5 },
    { claim: 'times the fastest peer at batch 16', measured: wasm(16) / fastestPeer(16), wanted: 1.5 },
    { claim: 'times torch eager at batch 4096', measured: wasm(4096) / rate('torch-eager', 4096), wanted: 1.1 },
    { claim: 'times tfjs wasm at batch 4096', measured: wasm(4096) / rate('tfjs-wasm', 4096), wanted: 4 },
    {
      claim: 'times one thread with two workers at batch 4096',
      measured: rate('flowline-wasm-pool', 4096, 2) / wasm(4096),
      wanted: 1.8,
    },
    {
      claim: 'times the fastest peer at batch 256, both cores on both sides',
      measured: rate('flowline-wasm-pool', 256, 2) / fastestPeer(256, 2),
      wanted: 1.5,
    },
    ...leads,
  ];
  return all.filter(({ measured }) => !Number.isNaN(measured));
}
