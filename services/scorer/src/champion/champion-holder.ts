import { FlowlineError } from '@flowline/events';
import { isRetryableError } from '@flowline/stream';
import { type Logger, pause } from '@flowline/telemetry';

import type { Champion } from './champion.ts';

/** Source of champions. */
export interface ChampionLoader {
  /** Version of the champion; null if there is none. Cheap. */
  championVersion(): Promise<number | null>;
  /** Loads, verifies and warms up the champion. Rejects if it cannot be used. */
  loadChampion(): Promise<Champion>;
}

/** A model in use by one batch. */
export interface ModelLease {
  readonly model: Champion;
  /** Ends the lease. Further calls do nothing. */
  readonly release: () => void;
}

export interface ChampionHolderOptions {
  readonly loader: ChampionLoader;
  readonly logger: Logger;
  readonly pollMs?: number;
  /** Called with every model that is taken over. */
  readonly onModel?: (model: Champion, replaced: Champion | undefined) => void;
  /** Called when the champion that was held is a champion no more, and there is no other. */
  readonly onGone?: (model: Champion) => void;
  /** Called for every champion that could not be used. */
  readonly onRejected?: (version: number, error: unknown) => void;
}

/**
 * Polling interval. A promotion or rollback takes effect in under a second, including the time to
 * load and warm up the model.
 */
const POLL_MS = 250;
/** Delay after a failed lookup. It spares an unreachable database, and the log. */
const FAILED_MS = 3_000;
/** Delay before a champion that could not be used is retried. Its bytes may have been restored. */
const REJECTED_MS = 60_000;

/**
 * Holds the champion of a detector and replaces it without stopping the stream.
 *
 * ```
 *  empty ── a champion is loaded, verified and warm ──▶ holding ── another champion is warm ──▶ holding (the new one)
 *                                                         │                                       │
 *          a champion that cannot be used: logged, the    │          the old one is retired: disposed with the release
 *          current model stays ◀──────────────────────────┤          of its last lease
 *  empty ◀── no champion any more: the data were dropped ─┘
 * ```
 *
 * A batch takes a lease when it arrives and releases it once stored, so a swap falls between
 * batches.
 */
export class ChampionHolder {
  readonly #options: ChampionHolderOptions;
  readonly #leases = new Map<Champion, number>();
  #current: Champion | undefined;
  #rejected: { readonly version: number; readonly error: Error; readonly untilMs: number } | undefined;
  #closed = false;

  constructor(options: ChampionHolderOptions) {
    this.#options = options;
  }

  /** Model for the next batch. */
  get current(): Champion | undefined {
    return this.#current;
  }

  /**
   * Leases the current model for a batch.
   * @throws FlowlineError FLOWLINE_MODEL_MISSING (retryable) while there is no champion.
   */
  acquire(): ModelLease {
    const model = this.#current;
    if (model === undefined) {
      throw new FlowlineError('FLOWLINE_MODEL_MISSING', 'There is no champion to score with.', {
        remedy: 'Train the detector; scoring resumes by itself.',
        retryable: true,
      });
    }
    this.#leases.set(model, (this.#leases.get(model) ?? 0) + 1);
    let released = false;
    const release = (): void => {
      if (released) return;
      released = true;
      this.#leases.set(model, (this.#leases.get(model) ?? 0) - 1);
      this.#disposeRetired(model);
    };
    return { model, release };
  }

  /**
   * Checks once for another champion and takes it over.
   * @returns the current model; undefined while there is no champion.
   * @throws the loader's error, if no model is held.
   */
  async refresh(): Promise<Champion | undefined> {
    const { loader } = this.#options;
    const version = await loader.championVersion();
    if (this.#isClosed()) return undefined;
    if (version === null) this.#letGo();
    if (version === null || version === this.#current?.modelVersion) return this.#current;
    if (this.#rejected?.version === version && Date.now() < this.#rejected.untilMs)
      return this.#orThrow(this.#rejected.error);
    try {
      const model = await loader.loadChampion();
      if (this.#isClosed()) model.detector.dispose();
      else this.#take(model);
      return this.#current;
    } catch (error) {
      // The database went away meanwhile, or was closed. That says nothing about the model.
      if (isRetryableError(error) || this.#isClosed()) throw error;
      return this.#orThrow(this.#reject(version, error));
    }
  }

  /** Refreshes until the signal. A failed lookup is logged, and the current model stays. */
  async watch(signal: AbortSignal): Promise<void> {
    const { pollMs = POLL_MS, logger } = this.#options;
    let waitMs = pollMs;
    for (;;) {
      await pause(waitMs, signal);
      if (signal.aborted) return;
      try {
        await this.refresh();
        waitMs = pollMs;
      } catch (err) {
        // The run has ended meanwhile, and with it what it looked up.
        if (this.#isClosed()) return;
        waitMs = FAILED_MS;
        logger.warn({ err }, 'the champion could not be looked up; scoring continues with the current model');
      }
    }
  }

  /** Disposes every model, leased or not. */
  close(): void {
    this.#closed = true;
    for (const model of new Set([...this.#leases.keys(), ...(this.#current === undefined ? [] : [this.#current])])) {
      model.detector.dispose();
    }
    this.#leases.clear();
    this.#current = undefined;
  }

  #isClosed(): boolean {
    return this.#closed;
  }

  #take(model: Champion): void {
    const replaced = this.#current;
    this.#current = model;
    this.#rejected = undefined;
    this.#options.onModel?.(model, replaced);
    if (replaced !== undefined) this.#disposeRetired(replaced);
  }

  /** Gives up the current model, whose detector has lost its data. */
  #letGo(): void {
    const gone = this.#current;
    if (gone === undefined) return;
    this.#current = undefined;
    this.#options.logger.warn(
      { modelVersion: gone.modelVersion },
      'the champion is gone: nothing is scored until there is a new one',
    );
    this.#options.onGone?.(gone);
    this.#disposeRetired(gone);
  }

  #reject(version: number, cause: unknown): Error {
    const error = cause instanceof Error ? cause : new Error(String(cause));
    const known = this.#rejected?.version === version;
    this.#rejected = { version, error, untilMs: Date.now() + REJECTED_MS };
    if (known) return error;
    const held = this.#current?.modelVersion ?? null;
    const then = held === null ? 'there is no other to score with' : `scoring continues with version ${held}`;
    this.#options.logger.error({ err: error, version, held }, `the new champion cannot be used: ${then}`);
    this.#options.onRejected?.(version, error);
    return error;
  }

  #orThrow(error: Error): Champion {
    if (this.#current !== undefined) return this.#current;
    throw error;
  }

  #disposeRetired(model: Champion): void {
    if (model === this.#current || this.#closed || (this.#leases.get(model) ?? 0) > 0) return;
    this.#leases.delete(model);
    model.detector.dispose();
  }
}
