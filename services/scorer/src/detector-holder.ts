import { setTimeout as sleep } from 'node:timers/promises';

import { isRetryableError } from '@flowline/stream';
import type { Logger } from '@flowline/telemetry';

import type { DetectorModel } from './detector-model.ts';

/** Where champions come from. */
export interface ModelLoader {
  /** The version of the champion, or null while there is none; cheap. */
  championVersion(): Promise<number | null>;
  /** Loads, verifies and warms up the champion; rejects when it cannot be used. */
  loadChampion(): Promise<DetectorModel>;
}

/** A model in use by one batch. */
export interface ModelLease {
  readonly model: DetectorModel;
  /** The batch is over; a second call does nothing. */
  readonly release: () => void;
}

export interface DetectorHolderOptions {
  readonly loader: ModelLoader;
  readonly logger: Logger;
  readonly pollMs?: number;
  /** Told of every model that is taken over. */
  readonly onModel?: (model: DetectorModel, replaced: DetectorModel | undefined) => void;
  /** Told of every champion that could not be used. */
  readonly onRejected?: (version: number, error: unknown) => void;
}

/** A promotion or a roll-back is taken over in under a second: this, and the time in which a model is loaded and warm. */
const POLL_MS = 250;
/** After a look that failed: a database that is away is not asked all the time, and the log says so once in a while. */
const FAILED_MS = 3_000;
/** A champion that could not be used is tried again after this long: its bytes may have been restored. */
const REJECTED_MS = 60_000;

/**
 * Holds the champion of a detector, and swaps it off the stream.
 *
 * ```
 *  empty ── a champion is loaded, verified and warm ──▶ holding ── another champion is warm ──▶ holding (the new one)
 *                                                         │                                       │
 *          a champion that cannot be used: logged, the    │          the old one is retired: disposed with the release
 *          model that is held goes on ◀───────────────────┘          of its last lease
 * ```
 *
 * A lease is taken by a batch when it comes and released when it is stored, so a swap falls between batches.
 */
export class DetectorHolder {
  readonly #options: DetectorHolderOptions;
  readonly #leases = new Map<DetectorModel, number>();
  #current: DetectorModel | undefined;
  #rejected: { readonly version: number; readonly error: Error; readonly untilMs: number } | undefined;
  #closed = false;

  constructor(options: DetectorHolderOptions) {
    this.#options = options;
  }

  /** The model that the next batch will get. */
  get current(): DetectorModel | undefined {
    return this.#current;
  }

  /** Takes the model for a batch. Only after a model has been loaded. */
  acquire(): ModelLease {
    const model = this.#current;
    if (model === undefined) throw new Error('no model is held: refresh() has not taken one over yet');
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
   * Looks once whether there is another champion, and takes it over.
   * @returns the model that is held then, or undefined while there is no champion.
   * @throws what the loader threw, where nothing is held that could go on.
   */
  async refresh(): Promise<DetectorModel | undefined> {
    const { loader } = this.#options;
    const version = await loader.championVersion();
    if (version === null || version === this.#current?.modelVersion) return this.#current;
    if (this.#rejected?.version === version && Date.now() < this.#rejected.untilMs)
      return this.#orThrow(this.#rejected.error);
    try {
      const model = await loader.loadChampion();
      if (this.#isClosed()) model.detector.dispose();
      else this.#take(model);
      return this.#current;
    } catch (error) {
      // The database went away meanwhile: that says nothing about the model.
      if (isRetryableError(error)) throw error;
      return this.#orThrow(this.#reject(version, error));
    }
  }

  /** Refreshes until the signal; a look that fails is logged, and the model that is held goes on. */
  async watch(signal: AbortSignal): Promise<void> {
    const { pollMs = POLL_MS, logger } = this.#options;
    let waitMs = pollMs;
    for (;;) {
      await sleep(waitMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await this.refresh();
        waitMs = pollMs;
      } catch (err) {
        waitMs = FAILED_MS;
        logger.warn({ err }, 'the champion could not be looked up; the model that is held goes on');
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

  #take(model: DetectorModel): void {
    const replaced = this.#current;
    this.#current = model;
    this.#rejected = undefined;
    this.#options.onModel?.(model, replaced);
    if (replaced !== undefined) this.#disposeRetired(replaced);
  }

  #reject(version: number, cause: unknown): Error {
    const error = cause instanceof Error ? cause : new Error(String(cause));
    const known = this.#rejected?.version === version;
    this.#rejected = { version, error, untilMs: Date.now() + REJECTED_MS };
    if (known) return error;
    const held = this.#current?.modelVersion ?? null;
    const then = held === null ? 'there is none to score with' : `version ${held} goes on`;
    this.#options.logger.error({ err: error, version, held }, `the new champion cannot be used: ${then}`);
    this.#options.onRejected?.(version, error);
    return error;
  }

  #orThrow(error: Error): DetectorModel {
    if (this.#current !== undefined) return this.#current;
    throw error;
  }

  #disposeRetired(model: DetectorModel): void {
    if (model === this.#current || this.#closed || (this.#leases.get(model) ?? 0) > 0) return;
    this.#leases.delete(model);
    model.detector.dispose();
  }
}
