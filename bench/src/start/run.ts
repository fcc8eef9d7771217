import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import type { ScoringBackend } from '@flowline/events';
import { initBackend } from '@flowline/flows';

import type { ChildTask, StartTimes, SwapReport, SwapTimes } from './child.ts';
import { referenceBundle } from './reference-bundle.ts';
import { type ModelName, modelNames } from '../engine/reference-models.ts';
import { describeMachine } from '../support/machine.ts';
import { parseBenchOptions } from '../support/options.ts';
import type { BenchProgram } from '../support/program.ts';
import { printJson, printTable } from '../support/report.ts';
import { median } from '../support/statistics.ts';

/**
 * Goals: maximum time of a start with a cached verdict, and maximum block of the event loop by a
 * swap.
 */
const GOAL = { startMs: 200, holdMs: 15 };

/** Kinds of starts, by their names in the results. */
const starts: Readonly<Record<string, { readonly backend: ScoringBackend | 'auto'; readonly knowsVerdict: boolean }>> =
  {
    auto: { backend: 'auto', knowsVerdict: true },
    'auto, first time': { backend: 'auto', knowsVerdict: false },
    wasm: { backend: 'wasm', knowsVerdict: false },
    'wasm-pool': { backend: 'wasm-pool', knowsVerdict: false },
  };

/** Median start of one kind, in milliseconds. */
interface StartRow extends StartTimes {
  readonly model: ModelName;
  readonly start: string;
}

/** Median effects of swaps of one kind on a stream, in milliseconds. */
interface SwapRow extends SwapTimes {
  readonly model: ModelName;
  readonly swap: 'none' | 'auto' | 'auto, first time';
}

/**
 * Start benchmark: time from a model's bytes to its first score in fresh processes, and the effects
 * of a hot swap on a stream.
 */
export const program: BenchProgram = {
  async run(args) {
    const options = parseBenchOptions('start', args, {});
    const [processes, streams] = options.quick ? [3, 1] : [9, 3];
    console.log(describeMachine());
    await initBackend('wasm');
    const folder = mkdtempSync(path.join(tmpdir(), 'flowline-start-'));
    try {
      const startRows: StartRow[] = [];
      const swapRows: SwapRow[] = [];
      for (const model of modelNames) {
        const bundleFile = path.join(folder, `${model}.safetensors`);
        writeFileSync(bundleFile, await referenceBundle(model));
        const measured = { model, folder, bundleFile };
        startRows.push(...(await measureStarts(measured, processes)));
        swapRows.push(...(await measureSwaps(measured, streams)));
      }
      print(startRows, swapRows);
      if (options.json) printJson({ bench: 'start', rows: [...startRows, ...swapRows] });
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

interface Measured {
  readonly model: ModelName;
  readonly folder: string;
  readonly bundleFile: string;
}

async function measureStarts({ model, folder, bundleFile }: Measured, processes: number): Promise<StartRow[]> {
  const known = mkdtempSync(path.join(folder, 'known-'));
  const once = (start: string): Promise<StartTimes> => {
    const { backend, knowsVerdict } = starts[start] ?? { backend: 'auto', knowsVerdict: true };
    const cacheFolder = knowsVerdict ? known : mkdtempSync(path.join(folder, 'first-'));
    return child<StartTimes>({ kind: 'start', bundleFile, features: featuresOf(model), backend, cacheFolder });
  };
  // Caches the verdict for the starts that need one.
  await once('auto');
  const times = new Map(Object.keys(starts).map((start) => [start, [] as StartTimes[]]));
  // In rounds over all kinds, so that noise affects all of them.
  for (let i = 0; i < processes; i++) for (const [start, all] of times) all.push(await once(start));
  return [...times].map(([start, all]) => ({ model, start, ...medians(all) }));
}

async function measureSwaps({ model, folder, bundleFile }: Measured, streams: number): Promise<SwapRow[]> {
  const reports: SwapReport[] = [];
  const cacheFolder = mkdtempSync(path.join(folder, 'stream-'));
  // Caches the verdict for the swaps that need one.
  await child<StartTimes>({ kind: 'start', bundleFile, features: featuresOf(model), backend: 'auto', cacheFolder });
  for (let i = 0; i < streams; i++) {
    reports.push(
      await child<SwapReport>({ kind: 'swap', bundleFile, features: featuresOf(model), backend: 'auto', cacheFolder }),
    );
  }
  const row = (swap: SwapRow['swap'], of: (report: SwapReport) => readonly SwapTimes[]): SwapRow => ({
    model,
    swap,
    ...medians(reports.flatMap(of)),
  });
  return [
    row('none', ({ without }) => without),
    row('auto', ({ known }) => known),
    row('auto, first time', ({ first }) => first),
  ];
}

const featuresOf = (model: ModelName): number => (model === 'd10' ? 10 : 64);

/** Median of every time, with the backend of the majority. */
function medians<Times extends { readonly backend: string }>(all: readonly Times[]): Times {
  const [first] = all;
  if (first === undefined) throw new RangeError('nothing was measured');
  const backends = all.map(({ backend }) => backend).sort();
  const of = (key: string): unknown => {
    if (key === 'backend') return backends[Math.floor(backends.length / 2)];
    return Number(median(all.map((times) => Number(times[key as keyof Times]))).toFixed(2));
  };
  return Object.fromEntries(Object.keys(first).map((key) => [key, of(key)])) as unknown as Times;
}

const childMain = fileURLToPath(new URL('child.ts', import.meta.url));

function child<Result>(task: ChildTask): Promise<Result> {
  return new Promise((resolve, reject) => {
    const running = spawn(
      process.execPath,
      ['--conditions=flowline:source', '--import', 'tsx', childMain, JSON.stringify(task)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let output = '';
    running.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    running.once('error', reject);
    running.once('close', (code) => {
      if (code === 0) resolve(JSON.parse(output) as Result);
      else reject(new Error(`the process that was to start a model ended with ${String(code)}`));
    });
  });
}

function print(startRows: readonly StartRow[], swapRows: readonly SwapRow[]): void {
  const ms = (title: string, of: keyof StartTimes & keyof StartRow) => ({
    title,
    align: 'right' as const,
    text: (row: StartRow) => Number(row[of]).toFixed(0),
  });
  console.log('\nA fresh process: from the bytes of a model to the score of its first event, in ms');
  printTable<StartRow>(
    [
      { title: 'model', text: ({ model }) => model },
      { title: 'backend', text: ({ start }) => start },
      { title: 'runs', text: ({ backend }) => backend },
      ms('file', 'bundleMs'),
      ms('tensors', 'tensorsMs'),
      ms('scorer', 'scorerMs'),
      ms('first scores', 'firstScoreMs'),
      ms('total', 'totalMs'),
    ],
    startRows,
  );
  console.log('\nA stream of batches beside a hot swap, in ms');
  printTable<SwapRow>(
    [
      { title: 'model', text: ({ model }) => model },
      { title: 'swap', text: ({ swap }) => swap },
      { title: 'runs', text: ({ backend }) => backend },
      { title: 'swap takes', align: 'right', text: ({ swap, swapMs }) => (swap === 'none' ? '' : swapMs.toFixed(0)) },
      { title: 'longest hold', align: 'right', text: ({ longestHoldMs }) => longestHoldMs.toFixed(1) },
      { title: 'longest batch', align: 'right', text: ({ longestBatchMs }) => longestBatchMs.toFixed(0) },
    ],
    swapRows,
  );
  console.log('');
  for (const { model, start, totalMs } of startRows) {
    if (start === 'auto') verdict(`${model}: ms to the first score, verdict known`, totalMs, GOAL.startMs);
  }
  for (const { model, swap, longestHoldMs } of swapRows) {
    if (swap !== 'none') verdict(`${model}: ms of the longest hold in a swap, ${swap}`, longestHoldMs, GOAL.holdMs);
  }
}

function verdict(claim: string, measured: number, goal: number): void {
  console.log(`${measured <= goal ? 'reached    ' : 'not reached'}  ${measured.toFixed(1)} ${claim} (at most ${goal})`);
}
