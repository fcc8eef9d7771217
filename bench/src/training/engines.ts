import type { fit } from '@flowline/flows';

/** Trains a flow, as `fit` of `@flowline/flows` does. */
export type Trainer = typeof fit;

/** Numbers of threads that are measured. */
export const threadCounts = [1, 2] as const;
export type ThreadCount = (typeof threadCounts)[number];

/** Our engines by their names in the results, each with the numbers of threads to measure. */
export const ourEngines = {
  'flowline-wasm': [1],
  'flowline-wasm-pool': [2],
  'tfjs-wasm': [1],
  tensorflow: [1, 2],
} as const satisfies Readonly<Record<string, readonly ThreadCount[]>>;
export type OurEngine = keyof typeof ourEngines;
export const ourEngineNames = Object.keys(ourEngines) as OurEngine[];

/** The Python peers, by their names in the results. */
export const peerEngines = ['torch-eager', 'torch-fused', 'torch-compile', 'jax'] as const;
export type PeerEngine = (typeof peerEngines)[number];

/** Engines of one run, and the numbers of threads to measure. */
export interface Selected {
  readonly ours: readonly OurEngine[];
  readonly peers: readonly PeerEngine[];
  readonly threads: readonly ThreadCount[];
}

/** Each selected engine of ours with each of its numbers of threads that is selected. */
export function oursOf({ ours, threads }: Selected): readonly { engine: OurEngine; threads: ThreadCount }[] {
  return ours.flatMap((engine) =>
    threads
      .filter((count) => ourEngines[engine].some((own) => own === count))
      .map((count) => ({ engine, threads: count })),
  );
}

/** The peer whose test NLL ours are to reach. */
export const TARGET_PEER = 'torch-fused' satisfies PeerEngine;
