import type { Steps, WindowLimit } from '@flowline/events';

import type { WindowLimits } from './definition.ts';
import { type Entity, VALUE_BYTES } from './entity.ts';
import { Silence } from './silence.ts';
import type { SharesMemory, WindowMemory } from './window-memory.ts';

/**
 * Maximum total length of the remembered names, in characters. Entities are forgotten in the same
 * order.
 */
const MAX_NAME_LENGTH = 16_000_000;
/** Entities per step of a restore. */
const SLICE = 10_000;

/** Entities that windows remember: by name, in the order of their silence, and counted. */
export class RememberedEntities {
  /** Entities in the order in which they began or were stored. */
  readonly byName = new Map<string, Entity>();
  readonly #silence = new Silence();
  readonly #limits: WindowLimits;
  readonly #memory: WindowMemory;
  #events = 0;
  /** Estimated bytes of all entities, as charged to the shared memory. */
  #bytes = 0;
  /** Total length of the entity names, in characters. */
  #nameLength = 0;
  #isClosed = false;

  constructor(limits: WindowLimits, memory: WindowMemory) {
    this.#limits = limits;
    this.#memory = memory;
  }

  /** Number of values that their series hold. */
  get events(): number {
    return this.#events;
  }

  /** Estimated memory, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Length of all of them in a snapshot in bytes, nearly. */
  get storedBytes(): number {
    return this.#nameLength + 45 * this.byName.size + 16 * this.#events;
  }

  /** Entity with the longest silence; null if there is none. */
  get mostSilent(): Entity | null {
    return this.#silence.longest;
  }

  /** Limit that is exceeded; null if none is. */
  get exceeded(): WindowLimit | null {
    if (this.#events > this.#limits.maxEvents) return 'events';
    if (this.byName.size > this.#limits.maxEntities) return 'entities';
    return this.#nameLength > MAX_NAME_LENGTH ? 'names' : null;
  }

  /** Inserts an entity as the one seen most recently. */
  insert(entity: Entity): void {
    this.byName.set(entity.name, entity);
    this.#silence.append(entity);
    this.#count(entity, 1);
  }

  remove(entity: Entity): void {
    this.byName.delete(entity.name);
    this.#silence.remove(entity);
    this.#count(entity, -1);
    entity.isForgotten = true;
  }

  /** Notes that an entity was seen, and that its series have grown by a number of values. */
  seen(entity: Entity, added: number): void {
    this.#events += added;
    this.#charge(added * VALUE_BYTES);
    entity.seenAt = this.#memory.tick();
    this.#silence.remove(entity);
    this.#silence.append(entity);
  }

  /** Inserts restored entities, in steps of a few milliseconds each. */
  *fill(entities: ReadonlyMap<string, Entity>): Steps<void> {
    const seenAt = this.#memory.tick();
    const bySilence = [...entities.values()].sort((a, b) => a.order - b.order);
    yield;
    let inserted = 0;
    for (const entity of entities.values()) {
      this.byName.set(entity.name, entity);
      if (++inserted % SLICE === 0) yield;
    }
    for (const entity of bySilence) {
      entity.seenAt = seenAt;
      this.#silence.append(entity);
      this.#count(entity, 1);
      if (++inserted % SLICE === 0) yield;
    }
  }

  /** Returns their share of the memory. */
  close(holder: SharesMemory): void {
    this.#memory.leave(holder, this.#bytes);
    this.#isClosed = true;
  }

  #count({ events, bytes, name }: Entity, sign: 1 | -1): void {
    this.#events += sign * events;
    this.#nameLength += sign * name.length;
    this.#charge(sign * bytes);
  }

  #charge(bytes: number): void {
    this.#bytes += bytes;
    if (!this.#isClosed) this.#memory.take(bytes);
  }
}
