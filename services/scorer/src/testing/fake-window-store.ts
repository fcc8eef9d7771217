import type { EntityScope, StrayEntity } from '@flowline/db';
import type { StoredWindows, WindowSnapshot } from '@flowline/events';

import type { WindowStore } from '../windows/partition-windows.ts';

/**
 * Stored windows after a snapshot, as Postgres has them; null if it refuses the snapshot, because
 * it extends another one.
 */
export function extended(stored: StoredWindows | null, snapshot: WindowSnapshot): StoredWindows | null {
  const { id, nextOffset, token, pieces, follows, keepFrom } = snapshot;
  if (follows === null) {
    const isOlder = stored?.id === id && stored.nextOffset >= nextOffset;
    return isOlder ? null : { id, nextOffset, token, pieces };
  }
  if (stored?.id !== id || stored.token !== follows) return null;
  const kept = stored.pieces.filter((piece) => piece.nextOffset >= keepFrom);
  return { id, nextOffset, token, pieces: [...kept, ...pieces] };
}

/** The part of Postgres that windows use, in memory. */
export class FakeWindowStore implements WindowStore {
  stored: StoredWindows | null = null;
  /** Partition of each claimed entity. */
  readonly claims = new Map<string, number>();

  read(): Promise<StoredWindows | null> {
    return Promise.resolve(this.stored);
  }

  /** Stores a snapshot, if it is one and Postgres would store it. */
  store(snapshot: WindowSnapshot | null): boolean {
    const stored = snapshot === null ? this.stored : extended(this.stored, snapshot);
    if (stored === null) return false;
    this.stored = stored;
    return true;
  }

  claim({ partition }: Pick<EntityScope, 'partition'>, entities: readonly string[]): Promise<readonly StrayEntity[]> {
    const strays = entities.flatMap((entity) => {
      const owner = this.claims.get(entity) ?? partition;
      this.claims.set(entity, owner);
      return owner === partition ? [] : [{ entity, partition: owner }];
    });
    return Promise.resolve(strays);
  }
}
