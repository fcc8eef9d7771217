// One start of a detector, or a stream through hot swaps, in a process of its own: code is as cold as it is in a fresh process.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Detector, loadBundle, type ModelBundle } from '@flowline/detector';
import { folderCache } from '@flowline/engine';
import type { ScoringBackend } from '@flowline/events';
import { initBackend } from '@flowline/flows';

import { normalTable } from './reference-bundle.ts';

/** What a child is told, as JSON in its only argument. */
export interface ChildTask {
  readonly kind: 'start' | 'swap';
  readonly bundleFile: string;
  readonly features: number;
  readonly backend: ScoringBackend | 'auto';
  /** Where verdicts are kept. */
  readonly cacheFolder: string;
}

/** How long a start took, from the bytes of a model to the score of the first event, in milliseconds. */
export interface StartTimes {
  /** The backend that runs. */
  readonly backend: string;
  /** Reading and checking the file. */
  readonly bundleMs: number;
  /** Starting the tensor library, whose arrays hold the weights. */
  readonly tensorsMs: number;
  /** Loading the flow, lowering, emission, compilation, verification, and measurements where there is no verdict. */
  readonly scorerMs: number;
  /** A warm-up of 64 events, then one. */
  readonly firstScoreMs: number;
  readonly totalMs: number;
}

/** How long a swap took, and what the stream beside it noticed, in milliseconds. */
export interface SwapTimes {
  readonly backend: string;
  readonly swapMs: number;
  /** The longest time in which the event loop had no turn. */
  readonly longestHoldMs: number;
  /** The longest call that scores a batch. */
  readonly longestBatchMs: number;
}

/** Of a stream without a swap, of one with swaps whose verdict is known, and with ones whose verdict is not. */
export interface SwapReport {
  readonly without: readonly SwapTimes[];
  readonly known: readonly SwapTimes[];
  readonly first: readonly SwapTimes[];
}

/** As the scorer has them. */
const BATCH_ROWS = 2_048;
const WARM_UP_ROWS = 64;
const SWAPS = 3;
/** A stream is warm after so long. */
const STREAM_MS = 2_000;
const WITHOUT_MS = 300;

const create = (bundle: ModelBundle, { backend, cacheFolder }: Pick<ChildTask, 'backend' | 'cacheFolder'>) =>
  Detector.create(bundle, {
    alpha: 1e-3,
    backend,
    offThread: true,
    batchSize: BATCH_ROWS,
    cache: folderCache(cacheFolder),
  });

async function start(task: ChildTask, bytes: Uint8Array): Promise<StartTimes> {
  const [warmUp, event] = [normalTable(task.features, WARM_UP_ROWS, 3), normalTable(task.features, 1, 4)];
  const startMs = performance.now();
  const bundle = loadBundle(bytes);
  const bundleAtMs = performance.now();
  await initBackend('wasm');
  const tensorsAtMs = performance.now();
  const detector = await create(bundle, task);
  const scorerAtMs = performance.now();
  await detector.score(warmUp);
  await detector.score(event);
  const endMs = performance.now();
  detector.dispose();
  return {
    backend: detector.compute.backend,
    bundleMs: bundleAtMs - startMs,
    tensorsMs: tensorsAtMs - bundleAtMs,
    scorerMs: scorerAtMs - tensorsAtMs,
    firstScoreMs: endMs - scorerAtMs,
    totalMs: endMs - startMs,
  };
}

/** A stream that goes on: batch after batch, with whatever detector is the current one. */
class Stream {
  detector: Detector;
  #longestHoldMs = 0;
  #longestBatchMs = 0;
  #stopped = false;
  readonly #ended: Promise<void>;
  readonly #ticker: NodeJS.Timeout;

  constructor(detector: Detector, features: number) {
    this.detector = detector;
    let lastMs = performance.now();
    this.#ticker = setInterval(() => {
      const now = performance.now();
      this.#longestHoldMs = Math.max(this.#longestHoldMs, now - lastMs - 1);
      lastMs = now;
    }, 1);
    this.#ended = this.#run(normalTable(features, BATCH_ROWS, 5));
  }

  /** What the stream notices while `during` runs. */
  async during(run: () => Promise<unknown>): Promise<SwapTimes> {
    [this.#longestHoldMs, this.#longestBatchMs] = [0, 0];
    const startMs = performance.now();
    await run();
    const swapMs = performance.now() - startMs;
    await sleep(5);
    const [longestHoldMs, longestBatchMs] = [this.#longestHoldMs, this.#longestBatchMs];
    return { backend: this.detector.compute.backend, swapMs, longestHoldMs, longestBatchMs };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#ended;
    clearInterval(this.#ticker);
  }

  async #run(table: ReturnType<typeof normalTable>): Promise<void> {
    while (!this.#stopped) {
      const startMs = performance.now();
      await this.detector.score(table);
      this.#longestBatchMs = Math.max(this.#longestBatchMs, performance.now() - startMs);
      // Between two batches a stream waits for its store.
      await sleep(1);
    }
  }
}

async function swap(task: ChildTask, bytes: Uint8Array): Promise<SwapReport> {
  // What scores beside the event loop: on the loop itself the batches of the stream would hold it for longer than any swap.
  const first = await create(loadBundle(bytes), { ...task, backend: 'wasm-pool' });
  const stream = new Stream(first, task.features);
  const report: Record<keyof SwapReport, SwapTimes[]> = { without: [], known: [], first: [] };
  const replaced: Detector[] = [];
  const folders: string[] = [];
  const warmUp = normalTable(task.features, WARM_UP_ROWS, 6);
  const swapWith = async (cacheFolder: string): Promise<void> => {
    const next = await create(loadBundle(bytes), { ...task, cacheFolder });
    await next.score(warmUp);
    // For the same reason.
    if (next.compute.backend === 'wasm') {
      replaced.push(next);
      return;
    }
    replaced.push(stream.detector);
    stream.detector = next;
  };
  await sleep(STREAM_MS);
  for (let i = 0; i < SWAPS; i++) {
    report.without.push(await stream.during(() => sleep(WITHOUT_MS)));
    report.known.push(await stream.during(() => swapWith(task.cacheFolder)));
    const folder = mkdtempSync(path.join(tmpdir(), 'flowline-start-'));
    folders.push(folder);
    report.first.push(await stream.during(() => swapWith(folder)));
  }
  await stream.stop();
  for (const folder of folders) rmSync(folder, { recursive: true });
  for (const detector of [...replaced, stream.detector]) detector.dispose();
  return report;
}

const task = JSON.parse(process.argv[2] ?? '') as ChildTask;
const bytes = readFileSync(task.bundleFile);
process.stdout.write(`${JSON.stringify(await (task.kind === 'start' ? start : swap)(task, bytes))}\n`);
process.exit(0);
