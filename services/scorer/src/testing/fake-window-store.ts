import type { EntityScope, StrayEntity } from '@flowline/db';
import type { StoredWindows } from '@flowline/events';

import type { WindowStore } from '../windows/partition-windows.ts';

/** The part of Postgres that windows use, in memory. */
export class FakeWindowStore implements WindowStore {
  stored: StoredWindows | null = null;
  /** Partition of each claimed entity. */
  readonly claims = new Map<string, number>();

  read(): Promise<StoredWindows | null> {
    return Promise.resolve(this.stored);
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
