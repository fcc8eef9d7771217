import type { ScoringBackend } from '@flowline/events';
import type { Flow } from '@flowline/flows';

import type { FrozenFlow } from '../frozen-flow.ts';
import type { Scorer } from '../scorer.ts';

/** Availability of a backend in this process, with its device. */
export type Availability =
  | {
      readonly available: true;
      /** Device in words: `1 thread`, or the name of a GPU. */
      readonly device: string;
      /** True for a GPU emulated on the CPU: exact, but slow. `auto` does not choose it. */
      readonly software: boolean;
    }
  | { readonly available: false; readonly why: string; readonly remedy: string };

/** Resources that a backend may use. */
export interface BackendOptions {
  /** Number of scoring threads. */
  readonly threads: number;
  /** True if the calling thread must not score, because it has other work. */
  readonly offThread: boolean;
}

/** One backend, as the engine knows it. */
export interface BackendEntry {
  readonly name: ScoringBackend;
  /**
   * `candidate`: `auto` tries it. `lastResort`: `auto` takes it if no candidate is usable. `named`:
   * runs only if asked for by name.
   */
  readonly role: 'candidate' | 'lastResort' | 'named';
  /**
   * Short description of the installed backend, found without loading it. Stored measurements hold
   * until it changes. Null if the backend is optional and not installed.
   */
  fingerprint(): string | null;
  /** Loads the backend if it is not loaded yet. A second call is cheap. */
  probe(options: BackendOptions): Promise<Availability>;
  /** Reason in words why `auto` does not try the backend for this flow. Null if it does. */
  obstacle(flow: Flow): string | null;
  /**
   * Creates a scorer of one flow. Call it only after a probe has found the backend available.
   * Rejects with FLOWLINE_BACKEND_UNAVAILABLE.
   */
  create(flow: FrozenFlow, options: BackendOptions): Promise<Scorer>;
}
