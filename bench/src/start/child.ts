// One start of a detector, or a stream through hot swaps, in a fresh process, so that its code is
// cold.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Detector, loadBundle, type ModelBundle } from '@flowline/detector';
import { folderCache } from '@flowline/engine';
import { at } from '@flowline/events';
import type { ScoringBackend } from '@flowline/events';
import { initBackend } from '@flowline/flows';

import { normalTable } from './reference-bundle.ts';

/** Task of a child, as JSON in its only argument. */
export interface ChildTask {
  readonly kind: 'start' | 'swap';
  readonly bundleFile: string;
  readonly features: number;
  readonly backend: ScoringBackend | 'auto';
  /** Folder of the cached verdicts. */
  readonly cacheFolder: string;
}

/** Times of a start, from the bytes of a model to the score of the first event, in milliseconds. */
export interface StartTimes {
  /** The backend that was chosen. */
  readonly backend: string;
  /** Parsing and checking the model's bytes. */
  readonly bundleMs: number;
  /** Starting the tensor library, whose arrays hold the weights. */
  readonly tensorsMs: number;
  /**
   * Loading the flow, lowering, emission, compilation, verification, and measurements if there is
   * no cached verdict.
   */
  readonly scorerMs: number;
  /** A warm-up of 64 events, then one event. */
  readonly firstScoreMs: number;
  readonly totalMs: number;
}

/** Times of a swap and its effects on the concurrent stream, in milliseconds. */
export interface SwapTimes {
  readonly backend: string;
  readonly swapMs: number;
  /** Longest time that the event loop was blocked. */
  readonly longestHoldMs: number;
  /** Longest call that scored a batch. */
  readonly longestBatchMs: number;
}

/**
 * Times of a stream without a swap, with swaps whose verdict is cached, and with swaps whose
 * verdict is not.
 */
export interface SwapReport {
  readonly without: readonly SwapTimes[];
  readonly known: readonly SwapTimes[];
  readonly first: readonly SwapTimes[];
}

/** The scorer's batch size. */
const BATCH_ROWS = 2_048;
const WARM_UP_ROWS = 64;
const SWAPS = 3;
/** Warm-up of a stream. */
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

/** A continuous stream: it scores batch after batch with the current detector. */
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

  /** Times of the stream during `run`. */
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
      // Between two batches, a stream waits for its store.
      await sleep(1);
    }
  }
}

async function swap(task: ChildTask, bytes: Uint8Array): Promise<SwapReport> {
  // A backend off the event loop: on it, the stream's own batches would block the loop for longer
  // than any swap.
  const first = await create(loadBundle(bytes), { ...task, backend: 'wasm-pool' });
  const stream = new Stream(first, task.features);
  const report: Record<keyof SwapReport, SwapTimes[]> = { without: [], known: [], first: [] };
  const replaced: Detector[] = [];
  const folders: string[] = [];
  const warmUp = normalTable(task.features, WARM_UP_ROWS, 6);
  const swapWith = async (cacheFolder: string): Promise<void> => {
    const next = await create(loadBundle(bytes), { ...task, cacheFolder });
    await next.score(warmUp);
    // For the same reason, a detector on the event loop does not join the stream.
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

const task = JSON.parse(at(process.argv, 2)) as ChildTask;
const bytes = readFileSync(task.bundleFile);
process.stdout.write(`${JSON.stringify(await (task.kind === 'start' ? start : swap)(task, bytes))}\n`);
process.exit(0);
