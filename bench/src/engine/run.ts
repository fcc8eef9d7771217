import { initBackend } from '@flowline/flows';

import { type Clock, measure, processorClock, wallClock, type Windows } from './measure.ts';
import { onnxRunner, ours, ourRunner } from './our-engines.ts';
import { peakGflops } from './peak.ts';
import { type PeerRunners, pythonPeers, startPeers } from './peer-runners.ts';
import { modelNames, referenceModel, type ReferenceModel } from './reference-models.ts';
import type { Runner } from './runner.ts';
import { verdicts, type EngineRow } from './verdicts.ts';
import { describeMachine } from '../support/machine.ts';
import { parseBenchOptions } from '../support/options.ts';
import type { BenchProgram } from '../support/program.ts';
import { printJson, printTable } from '../support/report.ts';

const engines = [...Object.keys(ours), 'onnxruntime-node', ...pythonPeers];
const BATCHES = [1, 16, 256, 4096];
/** Thread counts that are measured. */
const THREADS = [1, 2];
const GPU_BATCHES = [...BATCHES, 65_536];

/**
 * Engine benchmark: events per second of every engine that runs here, on the two reference sizes.
 */
export const program: BenchProgram = {
  async run(args) {
    const options = parseBenchOptions('engine', args, {
      peers: { meaning: 'PyTorch, JAX, zuko and nflows too; needs `npm run bench:peers-install`' },
      engines: { value: 'A,B', meaning: engines.join(', ') },
      cpu: { meaning: 'by processor time, on one thread: engines of this process beside other work; no Python peers' },
    });
    const wanted = options.among('engines', engines, engines);
    const named = options.get('engines') !== undefined;
    const batches = named && wanted.includes('webgpu') ? GPU_BATCHES : BATCHES;
    const peak = peakGflops();
    console.log(
      `${describeMachine()}; f32 peak of one thread ${peak === null ? 'unknown: no C compiler' : `${peak} GFLOP/s`}`,
    );
    await initBackend('wasm');
    const rows: EngineRow[] = [];
    const byProcessor = options.has('cpu');
    const windows = windowsOf(byProcessor, options.quick);
    const peers = options.has('peers') && !byProcessor ? pythonPeers.filter((peer) => wanted.includes(peer)) : [];
    for (const name of modelNames) {
      const model = await referenceModel(name, Math.max(...batches));
      const found = await measureModel(model, {
        wanted,
        peers,
        batches,
        windows,
        ...(byProcessor ? { clock: processorClock, threads: [1] } : { clock: wallClock, threads: THREADS }),
      });
      rows.push(...found);
      print(found, peak);
      model.flow.dispose();
    }
    for (const { claim, measured, wanted: goal } of verdicts(rows, peak)) {
      console.log(`${measured >= goal ? 'reached    ' : 'not reached'}  ${measured.toFixed(2)} ${claim} (${goal})`);
    }
    if (options.json) printJson({ bench: 'engine', peakGflops: peak, rows });
  },
};

/**
 * Windows of a run. By processor time they are short and many, of which the upper tenth is taken:
 * other work lengthens a window, by what it evicts from the caches, and never shortens it.
 */
function windowsOf(byProcessor: boolean, quick: boolean): Windows {
  if (byProcessor) return { rounds: quick ? 20 : 60, milliseconds: 4, settleMs: 0, share: 0.9 };
  return { ...(quick ? { rounds: 3, milliseconds: 30 } : { rounds: 9, milliseconds: 100 }), settleMs: 50, share: 0.5 };
}

interface Measurement {
  readonly wanted: readonly string[];
  /** Python peers. */
  readonly peers: readonly string[];
  readonly batches: readonly number[];
  readonly windows: Windows;
  readonly clock: Clock;
  readonly threads: readonly number[];
}

/** Measures all engines on one model, side by side. */
async function measureModel(
  model: ReferenceModel,
  { wanted, peers, batches, windows, clock, threads: counts }: Measurement,
): Promise<EngineRow[]> {
  const runners: Runner[] = [];
  const without = (engine: string, why: string): void => console.log(`${model.name}: without ${engine}: ${why}`);
  const add = (engine: string, runner: Runner | string): void => {
    if (typeof runner === 'string') without(engine, runner);
    else runners.push(runner);
  };
  for (const [engine, { threads }] of Object.entries(ours)) {
    if (!wanted.includes(engine)) continue;
    for (const count of threads.filter((of) => counts.includes(of))) {
      add(engine, await ourRunner(engine, model, count, clock));
    }
  }
  const servers: PeerRunners[] = [];
  try {
    for (const threads of counts) {
      if (wanted.includes('onnxruntime-node')) add('onnxruntime-node', await onnxRunner(model, threads, clock));
      if (peers.length === 0) continue;
      const server = await startPeers(model, peers, threads);
      servers.push(server);
      runners.push(...server.runners);
      for (const [engine, why] of server.obstacles) without(engine, why);
    }
    const rows: EngineRow[] = [];
    for (const batch of batches) {
      for (const [{ engine, threads }, rate] of await measure(runners, batch, windows)) {
        rows.push(rowOf(model, engine, batch, threads, rate));
      }
    }
    return rows;
  } finally {
    for (const server of servers) await server.stop();
    for (const runner of runners) await runner.dispose();
  }
}

function print(rows: readonly EngineRow[], peak: number | null): void {
  printTable<EngineRow>(
    [
      { title: 'model', text: (row) => row.model },
      { title: 'batch', align: 'right', text: (row) => String(row.batch) },
      { title: 'engine', text: (row) => row.engine },
      { title: 'threads', align: 'right', text: (row) => String(row.threads) },
      { title: 'events/s', align: 'right', text: (row) => Math.round(row.eventsPerSecond).toLocaleString('en') },
      { title: 'GFLOP/s', align: 'right', text: (row) => row.gflops.toFixed(2) },
      {
        title: 'of peak',
        align: 'right',
        text: (row) => (peak === null ? '' : `${((100 * row.gflops) / peak / row.threads).toFixed(1)} %`),
      },
    ],
    rows,
  );
}

function rowOf(model: ReferenceModel, engine: string, batch: number, threads: number, rate: number): EngineRow {
  const gflops = (rate * model.operations) / 1e9;
  return { engine, model: model.name, batch, threads, eventsPerSecond: rate, gflops };
}
