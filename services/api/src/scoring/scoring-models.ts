import { scoringCompute, type Settings } from '@flowline/config';
import { championVersion, type Database, getDetector } from '@flowline/db';
import type { Detector } from '@flowline/detector';
import { FlowlineError } from '@flowline/events';
import { modelInForce } from '@flowline/operations';
import type { EventNames } from '@flowline/operations/scoring';

/** Model of a detector, ready to score. */
export interface LoadedModel {
  readonly detector: Detector;
  readonly names: EventNames;
  readonly modelVersion: number;
  readonly detectorVersion: number;
}

/** Models kept in memory; the one unused for longest goes first. */
const MOST_MODELS = 8;
/** Requests that wait for their turn; more are refused. */
const MOST_WAITING = 32;

/**
 * Models that score on request, mostly champions: loaded when they are first asked for, replaced
 * when another champion or definition is in force. One request is served at a time, so that the API
 * stays answerable and no model is disposed of in use.
 */
export class ScoringModels {
  readonly #db: Database;
  readonly #settings: Settings;
  /** By detector, and by version unless it is the champion; the one used last at the end. */
  readonly #loaded = new Map<string, LoadedModel>();
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(db: Database, settings: Settings) {
    this.#db = db;
    this.#settings = settings;
  }

  /**
   * Runs work with the champion of a detector, or another version, in its turn.
   * @throws FlowlineError FLOWLINE_DETECTOR_MISSING, FLOWLINE_MODEL_MISSING; as `inTurn`.
   */
  use<Result>(
    detector: string,
    work: (model: LoadedModel) => Promise<Result>,
    { signal, modelVersion = null }: { readonly signal: AbortSignal; readonly modelVersion?: number | null },
  ): Promise<Result> {
    return this.inTurn(detector, async () => work(await this.#model(detector, modelVersion)), signal);
  }

  /**
   * Runs other work that computes, in its turn, unless its sender has gone by then.
   * @param where subject of the work, in errors.
   * @throws FlowlineError FLOWLINE_RATE_LIMITED if too many wait; the reason of the signal.
   */
  async inTurn<Result>(where: string, work: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
    if (this.#waiting >= MOST_WAITING) {
      throw new FlowlineError('FLOWLINE_RATE_LIMITED', `${MOST_WAITING} requests wait for their turn.`, {
        where,
        remedy: 'Ask for more in fewer requests, or later.',
        retryable: true,
      });
    }
    this.#waiting++;
    const result = this.#turn.then(() => {
      signal.throwIfAborted();
      return work();
    });
    this.#turn = result.catch(() => undefined);
    try {
      return await result;
    } finally {
      this.#waiting--;
    }
  }

  /** Disposes of every model, after the work in progress. */
  async close(): Promise<void> {
    await this.#turn;
    for (const { detector } of this.#loaded.values()) detector.dispose();
    this.#loaded.clear();
  }

  async #model(name: string, asked: number | null): Promise<LoadedModel> {
    const { version: detectorVersion } = await getDetector(this.#db, name);
    const champion = await championVersion(this.#db, name);
    const other = asked === champion ? null : asked;
    // No name of a detector has an @.
    const key = other === null ? name : `${name}@${other}`;
    const modelVersion = other ?? champion;
    const known = this.#loaded.get(key);
    this.#loaded.delete(key);
    if (known !== undefined) {
      if (known.modelVersion === modelVersion && known.detectorVersion === detectorVersion) {
        this.#loaded.set(key, known);
        return known;
      }
      known.detector.dispose();
    }
    const loaded = { ...(await this.#load(name, other)), detectorVersion };
    this.#loaded.set(key, loaded);
    this.#forget();
    return loaded;
  }

  async #load(name: string, asked: number | null): Promise<Omit<LoadedModel, 'detectorVersion'>> {
    // Loaded on demand: most requests need no tensors.
    const { Detector, loadBundle } = await import('@flowline/detector');
    const { folderCache } = await import('@flowline/engine');
    const { bytes, sha256, version, alpha, compute, names } = await modelInForce(this.#db, name, asked);
    const { backend } = scoringCompute(this.#settings, compute);
    const cache = folderCache(this.#settings.cacheFolder);
    const detector = await Detector.create(loadBundle(bytes, sha256), { alpha, backend, threads: 1, cache });
    return { detector, names, modelVersion: version };
  }

  #forget(): void {
    for (const [name, { detector }] of this.#loaded) {
      if (this.#loaded.size <= MOST_MODELS) return;
      detector.dispose();
      this.#loaded.delete(name);
    }
  }
}
