import { type ChangedAlert, type Database, lastAnomalyId, listChangedAlerts, listNewAnomalies } from '@flowline/db';
import { FlowlineError } from '@flowline/events';
import type { Logger, Metrics } from '@flowline/telemetry';

import type { LivePosition } from './event-id.ts';
import { Follower } from './follower.ts';
import { IdCursor } from './id-cursor.ts';
import { newsOfAlert, newsOfAnomaly } from './news.ts';

const POLL_MS = 1_000;
const BEAT_MS = 15_000;
/** Followers of one process. */
const MOST_FOLLOWERS = 100;
/** News per poll; followers that miss more are told to read the lists. */
const MOST_NEWS = 1_000;
/** Ids before the last one in which gaps are looked for at the start. */
const FIRST_IDS = 1_000;
/** Changes of this age are looked at again: a transaction takes at most 30 s. */
const LATE_SECONDS = 35;

/** Wish of a client that follows. */
export interface FollowOptions {
  readonly mayRead: (detector: string) => boolean;
  /** Position from which it resumes; null for what comes from now on. */
  readonly from: LivePosition | null;
  /** Resolves to false once the client may no longer read; rejects if that cannot be told. */
  readonly isStillValid: () => Promise<boolean>;
}

/** Parts of the service that the stream uses. */
interface LiveParts {
  readonly db: Database;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * Anomalies and alerts as they are stored, for clients that follow them. One query per second
 * serves them all, and none runs while nobody follows.
 */
export class LiveStream {
  readonly #parts: LiveParts;
  readonly #followers = new Set<Follower>();
  #anomalies: IdCursor | null = null;
  /** Time of the last change of alerts that were told, by id. */
  #alerts = new Map<string, number>();
  #alertMs = 0;
  #timer: NodeJS.Timeout | null = null;
  #starting: Promise<void> | null = null;
  #isClosed = false;

  constructor(parts: LiveParts) {
    this.#parts = parts;
  }

  /**
   * Adds a client.
   * @throws FlowlineError FLOWLINE_RATE_LIMITED if there are too many.
   */
  async follow({ mayRead, from, isStillValid }: FollowOptions): Promise<Follower['stream']> {
    if (this.#followers.size >= MOST_FOLLOWERS) throw tooMany();
    const follower = new Follower(mayRead);
    this.#followers.add(follower);
    const beat = setInterval(() => {
      follower.beat();
      // While the database does not answer, nothing is told either.
      void isStillValid().then(
        (isValid) => isValid || follower.close(),
        () => undefined,
      );
    }, BEAT_MS);
    follower.stream.once('close', () => {
      clearInterval(beat);
      this.#followers.delete(follower);
      this.#parts.metrics.apiStreams.set(this.#followers.size);
    });
    this.#parts.metrics.apiStreams.set(this.#followers.size);
    try {
      await this.#start();
      await this.#catchUp(follower, from);
    } catch (error) {
      follower.stream.destroy();
      throw error;
    }
    return follower.stream;
  }

  /** Ends every stream. */
  close(): void {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const follower of this.#followers) follower.close();
  }

  get #position(): LivePosition {
    return { anomalyId: this.#anomalies?.resumeAfter ?? 0, alertMs: this.#alertMs };
  }

  async #start(): Promise<void> {
    this.#starting ??= this.#begin().finally(() => (this.#starting = null));
    await this.#starting;
  }

  async #begin(): Promise<void> {
    if (this.#anomalies !== null) return;
    const { db } = this.#parts;
    const last = await lastAnomalyId(db);
    const cursor = new IdCursor(Math.max(0, last - FIRST_IDS));
    const known = await listNewAnomalies(db, { after: cursor.last, gaps: [], limit: 2 * FIRST_IDS });
    const changed = await listChangedAlerts(db, LATE_SECONDS, MOST_NEWS);
    cursor.take(
      known.map(({ anomalyId }) => anomalyId),
      Date.now(),
    );
    this.#anomalies = cursor;
    this.#takeAlerts(changed);
    this.#schedule();
  }

  async #catchUp(follower: Follower, from: LivePosition | null): Promise<void> {
    if (from === null) {
      follower.catchUp([], this.#position);
      return;
    }
    const seconds = Math.max(0, Date.now() - from.alertMs) / 1_000 + LATE_SECONDS;
    const range = { after: from.anomalyId, gaps: [], limit: MOST_NEWS };
    const [anomalies, alerts] = await Promise.all([
      listNewAnomalies(this.#parts.db, range),
      listChangedAlerts(this.#parts.db, Math.min(seconds, 86_400), MOST_NEWS),
    ]);
    const hasMissedMore = anomalies.length >= MOST_NEWS || alerts.length >= MOST_NEWS || seconds > 86_400;
    if (hasMissedMore) follower.reset(this.#position);
    else follower.catchUp([...anomalies.map(newsOfAnomaly), ...alerts.map(newsOfAlert)], this.#position);
  }

  #schedule(): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      void this.#poll()
        .catch((err: unknown) => this.#parts.logger.warn({ err }, 'anomalies and alerts could not be followed'))
        .finally(() => {
          if (this.#followers.size > 0) this.#schedule();
          else this.#anomalies = null;
        });
    }, POLL_MS);
  }

  async #poll(): Promise<void> {
    const cursor = this.#anomalies;
    if (cursor === null) return;
    const { db } = this.#parts;
    const found = await listNewAnomalies(db, { after: cursor.last, gaps: cursor.gaps, limit: MOST_NEWS });
    const fresh = new Set(
      cursor.take(
        found.map(({ anomalyId }) => anomalyId),
        Date.now(),
      ),
    );
    const changed = await listChangedAlerts(db, LATE_SECONDS, MOST_NEWS);
    const alerts = this.#takeAlerts(changed);
    const news = [
      ...found.filter(({ anomalyId }) => fresh.has(anomalyId)).map(newsOfAnomaly),
      ...alerts.map(newsOfAlert),
    ];
    const position = this.#position;
    for (const follower of this.#followers) {
      if (changed.length >= MOST_NEWS) follower.reset(position);
      else if (news.length > 0) follower.tell(news, position);
    }
  }

  /** Returns the alerts whose change is new, and forgets those whose change is old. */
  #takeAlerts(changed: readonly ChangedAlert[]): readonly ChangedAlert[] {
    const fresh = changed.filter(({ alertId, changedAt }) => this.#alerts.get(alertId) !== changedAt.getTime());
    this.#alerts = new Map(changed.map(({ alertId, changedAt }) => [alertId, changedAt.getTime()]));
    this.#alertMs = Math.max(this.#alertMs, ...changed.map(({ changedAt }) => changedAt.getTime()), Date.now() - 1_000);
    return fresh;
  }
}

function tooMany(): FlowlineError {
  return new FlowlineError('FLOWLINE_RATE_LIMITED', `${MOST_FOLLOWERS} clients follow already.`, {
    where: '/v1/stream',
    remedy: 'Close a stream that is not needed, or start another process of the API.',
    retryable: true,
  });
}
