import { type ModelName } from '../engine/reference-models.ts';
import { startPeer } from '../support/python.ts';
import type { Greeting } from './child.ts';
import { startChild } from './child-process.ts';
import type { OurEngine, PeerEngine } from './engines.ts';

/** An engine that takes training steps, ready and checked. */
export interface StepRunner {
  readonly engine: OurEngine | PeerEngine;
  readonly threads: number;
  /** Milliseconds per step over a window of at least so many milliseconds. */
  msPerStep(batch: number, windowMs: number): Promise<number>;
}

/** Runners of one process, and the engines that cannot run in it. */
export interface StepRunners {
  readonly runners: readonly StepRunner[];
  /** Reasons by engine. */
  readonly obstacles: ReadonlyMap<string, string>;
  /** Versions of the peers' packages. */
  readonly versions: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Model to take steps on, as all engines get it. */
export interface StepModel {
  readonly name: ModelName;
  /** Folder in which it is written for the peers. */
  readonly folder: string;
  /** Rows of the largest batch. */
  readonly rows: number;
  /** NLL after the steps of the check. */
  readonly checkedNll: number;
}

/** Starts an engine of ours in a process of its own. */
export async function startOurs(
  engine: OurEngine,
  { name: model, rows, checkedNll }: StepModel,
  threads: number,
): Promise<StepRunners> {
  const child = await startChild({ kind: 'steps', engine, threads, model, rows, checkedNll });
  const { obstacle } = JSON.parse(child.greeting) as Greeting;
  return {
    runners: obstacle === null ? [runnerOf(engine, threads, (window) => child.ask(window))] : [],
    obstacles: new Map(obstacle === null ? [] : [[engine, obstacle]]),
    versions: {},
    stop: () => child.stop(),
  };
}

/**
 * Starts bench/peers/training.py with so many threads: all peers in one process, which idles
 * between their windows. Throws FLOWLINE_USAGE if Python or its packages are missing.
 */
export async function startPeers(
  engines: readonly PeerEngine[],
  { name, folder }: StepModel,
  threads: number,
): Promise<StepRunners> {
  const server = await startPeer('training.py', [folder, name, String(threads), engines.join()], { threads });
  const { versions, obstacles } = JSON.parse(server.greeting) as {
    readonly versions: Readonly<Record<string, string>>;
    readonly obstacles: Readonly<Record<string, string | null>>;
  };
  return {
    runners: engines
      .filter((engine) => obstacles[engine] === null)
      .map((engine) => runnerOf(engine, threads, (window) => server.ask(`${engine} ${window}`))),
    obstacles: new Map(
      Object.entries(obstacles).flatMap(([engine, why]) => (why === null ? [] : [[engine, why] as const])),
    ),
    versions,
    stop: () => server.stop(),
  };
}

function runnerOf(
  engine: OurEngine | PeerEngine,
  threads: number,
  ask: (window: string) => Promise<string>,
): StepRunner {
  return { engine, threads, msPerStep: async (batch, windowMs) => Number(await ask(`${batch} ${windowMs}`)) };
}
