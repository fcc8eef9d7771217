import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { initBackend } from '@flowline/flows';

import { measure, type Windows } from './measure.ts';
import { onnxRunner, ours, ourRunner, type Runner } from './our-engines.ts';
import { peakGflops } from './peak.ts';
import { modelNames, referenceModel, writeForPeers, type ReferenceModel } from './reference-models.ts';
import { verdicts, type EngineRow } from './verdicts.ts';
import { describeMachine } from '../support/machine.ts';
import { parseBenchOptions } from '../support/options.ts';
import type { BenchProgram } from '../support/program.ts';
import { runPeer } from '../support/python.ts';
import { printJson, printTable } from '../support/report.ts';
import { median } from '../support/statistics.ts';

const pythonPeers = ['torch-eager', 'torch-compile', 'jax', 'zuko', 'nflows'] as const;
const engines = [...Object.keys(ours), 'onnxruntime-node', ...pythonPeers];
const BATCHES = [1, 16, 256, 4096];
const GPU_BATCHES = [...BATCHES, 65_536];

/** Events per second of every engine that runs here, on the two reference sizes. */
export const program: BenchProgram = {
  async run(args) {
    const options = parseBenchOptions('engine', args, {
      peers: { meaning: 'PyTorch, JAX, zuko and nflows too; needs `npm run bench:peers-install`' },
      engines: { value: 'A,B', meaning: engines.join(', ') },
    });
    const wanted = options.among('engines', engines, engines);
    const named = options.get('engines') !== undefined;
    const windows: Windows = options.quick ? { rounds: 3, milliseconds: 30 } : { rounds: 9, milliseconds: 120 };
    const batches = named && wanted.includes('webgpu') ? GPU_BATCHES : BATCHES;
    const peak = peakGflops();
    console.log(
      `${describeMachine()}; f32 peak of one thread ${peak === null ? 'unknown: no C compiler' : `${peak} GFLOP/s`}`,
    );
    await initBackend('wasm');
    const rows: EngineRow[] = [];
    for (const name of modelNames) {
      const model = await referenceModel(name, Math.max(...batches));
      rows.push(...(await measureHere(model, wanted, batches, windows)));
      const peers = pythonPeers.filter((peer) => wanted.includes(peer));
      if (options.has('peers') && peers.length > 0) rows.push(...(await measurePeers(model, peers, batches, windows)));
      model.flow.dispose();
    }
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
    for (const { claim, measured, wanted: goal } of verdicts(rows, peak)) {
      console.log(`${measured >= goal ? 'reached    ' : 'not reached'}  ${measured.toFixed(2)} ${claim} (${goal})`);
    }
    if (options.json) printJson({ bench: 'engine', peakGflops: peak, rows } as Parameters<typeof printJson>[0]);
  },
};

async function measureHere(
  model: ReferenceModel,
  wanted: readonly string[],
  batches: readonly number[],
  windows: Windows,
): Promise<EngineRow[]> {
  const runners: Runner[] = [];
  const add = (engine: string, runner: Runner | string): void => {
    if (typeof runner === 'string') console.log(`${model.name}: without ${engine}: ${runner}`);
    else runners.push(runner);
  };
  for (const engine of Object.keys(ours)) if (wanted.includes(engine)) add(engine, await ourRunner(engine, model));
  if (wanted.includes('onnxruntime-node')) {
    for (const threads of [1, 2]) add('onnxruntime-node', await onnxRunner(model, threads));
  }
  const rows: EngineRow[] = [];
  for (const batch of batches) {
    for (const [{ engine, threads }, rates] of await measure(runners, batch, windows)) {
      rows.push(rowOf(model, engine, batch, threads, median(rates)));
    }
  }
  for (const runner of runners) await runner.dispose();
  return rows;
}

async function measurePeers(
  model: ReferenceModel,
  peers: readonly string[],
  batches: readonly number[],
  { rounds, milliseconds }: Windows,
): Promise<EngineRow[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'flowline-engine-'));
  try {
    writeForPeers(model, folder);
    const rows: EngineRow[] = [];
    for (const threads of [1, 2]) {
      const list = [batches, [rounds], [milliseconds]].map((values) => values.join());
      const args = [folder, model.name, String(threads), peers.join(), ...list];
      const measured = await runPeer<{ engine: string; batch: number; eventsPerSecond: number }[]>('scoring.py', args, {
        threads,
        onLine: (line) => console.log(line),
      });
      rows.push(
        ...measured.map(({ engine, batch, eventsPerSecond }) => rowOf(model, engine, batch, threads, eventsPerSecond)),
      );
    }
    return rows;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function rowOf(model: ReferenceModel, engine: string, batch: number, threads: number, rate: number): EngineRow {
  const gflops = (rate * model.operations) / 1e9;
  return { engine, model: model.name, batch, threads, eventsPerSecond: rate, gflops };
}
