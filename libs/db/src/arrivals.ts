import type { EventBatch } from '@flowline/events';
import type pg from 'pg';

import { boundedName } from './bounded-name.ts';
import { noteArrivals } from './sql/absences.ts';

/** Entities of a detector that are watched. Later ones are not, until others are forgotten. */
export const MAX_WATCHED = 100_000;
/** Time after a refusal within which no entity is added: counting them takes a while. */
const FULL_MS = 60_000;

/** Options of {@link Arrivals}. */
export interface ArrivalsOptions {
  readonly per: 'detector' | 'entity';
  /** Time within which an entity's arrival, or the stream's, is noted once; null to note none. */
  readonly stepMs: () => number | null;
  /** Called with the number of new entities that are not watched because of the limit. */
  readonly onLimit?: (refused: number) => void;
  /** Maximum entities that are watched (default {@link MAX_WATCHED}). */
  readonly limit?: number;
  /** Clock, in milliseconds. */
  readonly now?: () => number;
}

/** Name of the stream among what is watched. */
const STREAM: readonly string[] = [''];

/**
 * Arrivals of a detector's events, for the watch of absences: noted with the batches that store
 * them, a few times per interval, and remembered so that most batches have none to note.
 */
export class Arrivals {
  readonly #options: Required<ArrivalsOptions>;
  /** Time at which each name was noted last; one that was refused is not due for a minute. */
  readonly #rememberedMs = new Map<string, number>();
  /** Names of the latest transaction of each partition, committed or not. */
  readonly #noted = new Map<string, Noted>();
  #fullUntilMs = -Infinity;

  constructor(options: ArrivalsOptions) {
    const defaults = { onLimit: () => undefined, limit: MAX_WATCHED, now: () => performance.now() };
    this.#options = { ...defaults, ...options };
  }

  /**
   * Notes the arrivals of a batch from a row on, as far as they are due, within the transaction of
   * the batch.
   */
  async note(client: pg.PoolClient, batch: EventBatch, firstRow: number): Promise<void> {
    const { per, limit, now } = this.#options;
    const { detector, topic, partition } = batch;
    const atMs = now();
    const names = firstRow < batch.size ? this.#due(batch, firstRow, atMs) : [];
    const noted: Noted = { names, atMs, refused: NONE };
    this.#noted.set(placeOf(batch), noted);
    if (names.length === 0) return;
    // In one order, so that no two transactions wait for each other.
    const entities = [...new Set(names.map(boundedName))].sort();
    const place = { detector, topic, partition, ofEntity: per === 'entity' };
    const room = atMs < this.#fullUntilMs ? 0 : limit;
    const { refused } = await noteArrivals(client, { ...place, entities, limit: room });
    noted.refused = new Set(refused);
  }

  /** Remembers what was noted with a batch, once its transaction is committed. */
  remember(batch: EventBatch): void {
    const { limit, onLimit } = this.#options;
    const stepMs = this.#options.stepMs() ?? 0;
    const { names, atMs, refused } = this.#noted.get(placeOf(batch)) ?? NOTHING;
    if (this.#rememberedMs.size + names.length > 2 * limit) this.#rememberedMs.clear();
    for (const name of names) {
      const isRefused = refused.size > 0 && refused.has(boundedName(name));
      this.#rememberedMs.set(name, isRefused ? atMs + FULL_MS - stepMs : atMs);
    }
    if (refused.size === 0) return;
    if (atMs >= this.#fullUntilMs) this.#fullUntilMs = atMs + FULL_MS;
    onLimit(refused.size);
  }

  #due(batch: EventBatch, firstRow: number, atMs: number): readonly string[] {
    const { per } = this.#options;
    const stepMs = this.#options.stepMs();
    if (stepMs === null) return [];
    const names = per === 'detector' ? STREAM : new Set((batch.entities?.names ?? []).slice(firstRow));
    return [...names].filter((name) => atMs - (this.#rememberedMs.get(name) ?? -Infinity) >= stepMs);
  }
}

interface Noted {
  readonly names: readonly string[];
  readonly atMs: number;
  refused: ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set();
const NOTHING: Noted = { names: [], atMs: 0, refused: NONE };

const placeOf = ({ topic, partition }: EventBatch): string => `${topic}/${String(partition)}`;
