import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { startPeer } from '../support/python.ts';
import { type ReferenceModel, writeForPeers } from './reference-models.ts';
import type { Runner } from './runner.ts';

/** The Python peers, by their names in the results. */
export const pythonPeers = ['torch-eager', 'torch-compile', 'jax', 'zuko', 'nflows'] as const;

/**
 * Peers of one model in one process, with a fixed number of threads. The process idles between
 * their windows.
 */
export interface PeerRunners {
  readonly runners: readonly Runner[];
  /** Reasons why the other peers cannot run here. */
  readonly obstacles: ReadonlyMap<string, string>;
  stop(): Promise<void>;
}

/**
 * Starts bench/peers/scoring.py for a model. @throws FlowlineError FLOWLINE_USAGE if Python or its
 * packages are missing.
 */
export async function startPeers(
  model: ReferenceModel,
  peers: readonly string[],
  threads: number,
): Promise<PeerRunners> {
  const folder = mkdtempSync(path.join(tmpdir(), 'flowline-engine-'));
  try {
    writeForPeers(model, folder);
    const server = await startPeer('scoring.py', [folder, model.name, String(threads), peers.join()], { threads });
    const said = new Map(Object.entries(JSON.parse(server.greeting) as Record<string, string | null>));
    const runners = peers
      .filter((engine) => said.get(engine) === null)
      .map((engine): Runner => ({
        engine,
        threads,
        rate: async (batch, milliseconds) => Number(await server.ask(`${engine} ${batch} ${milliseconds}`)),
        dispose: () => undefined,
      }));
    const obstacles = new Map([...said].flatMap(([engine, why]) => (why === null ? [] : [[engine, why] as const])));
    return { runners, obstacles, stop: () => server.stop() };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
