import type { ScoringBackend } from '@flowline/events';
import type { Flow } from '@flowline/flows';

import type { FrozenFlow } from './frozen-flow.ts';
import type { Scorer } from './scorer.ts';

/** Whether a backend can run in this process, and on what. */
export type Availability =
  | {
      readonly available: true;
      /** What it runs on, in words: `1 thread`, or the name of a GPU. */
      readonly device: string;
      /** A GPU that is a program on this processor: right, and slow. `auto` does not choose it. */
      readonly software: boolean;
    }
  | { readonly available: false; readonly why: string; readonly remedy: string };

/** What a backend may use. */
export interface BackendOptions {
  /** Threads that score. */
  readonly threads: number;
  /** The thread that calls is not to score: it has other work. */
  readonly offThread: boolean;
}

/** One backend as the engine knows it. */
export interface BackendEntry {
  readonly name: ScoringBackend;
  /** `candidate`: `auto` tries it; `lastResort`: `auto` takes it where no candidate is usable; `named`: it is asked for by name. */
  readonly role: 'candidate' | 'lastResort' | 'named';
  /**
   * What there is of it here, in a few words and without loading it: what was measured holds until this changes. null where it
   * is optional and not installed.
   */
  fingerprint(): string | null;
  /** Loads what it needs; a second call is cheap. */
  probe(options: BackendOptions): Promise<Availability>;
  /** Why `auto` does not try it for this flow, in words; null where it does. */
  obstacle(flow: Flow): string | null;
  /** A scorer of one flow. Rejects with FLOWLINE_BACKEND_UNAVAILABLE; only after a probe has found the backend available. */
  create(flow: FrozenFlow, options: BackendOptions): Promise<Scorer>;
}
