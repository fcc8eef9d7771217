import type { Entity } from './entity.ts';

/**
 * Entities in the order in which they were last seen, the longest silence first. The list is linked
 * through the entities, since a Map kept in this order would walk over its deleted entries at each
 * request for its first one.
 */
export class Silence {
  #oldest: Entity | null = null;
  #newest: Entity | null = null;

  /** Entity with the longest silence; null if the list is empty. */
  get longest(): Entity | null {
    return this.#oldest;
  }

  /** Appends an entity that is not in the list. */
  append(entity: Entity): void {
    entity.older = this.#newest;
    entity.newer = null;
    if (this.#newest === null) this.#oldest = entity;
    else this.#newest.newer = entity;
    this.#newest = entity;
  }

  /** Removes an entity of the list. */
  remove(entity: Entity): void {
    const { older, newer } = entity;
    if (older === null) this.#oldest = newer;
    else older.newer = newer;
    if (newer === null) this.#newest = older;
    else newer.older = older;
    entity.older = null;
    entity.newer = null;
  }

  /** Iterates over the entities in order. The list must not change meanwhile. */
  *[Symbol.iterator](): Generator<Entity, void, void> {
    for (let entity = this.#oldest; entity !== null; entity = entity.newer) yield entity;
  }
}
