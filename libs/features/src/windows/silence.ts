import type { Entity } from './entity.ts';

/**
 * Entities in the order in which they were last seen, the one that has been silent longest first.
 * Linked through the entities: a Map that is kept in this order walks over its deleted entries
 * whenever its first one is asked for.
 */
export class Silence {
  #oldest: Entity | null = null;
  #newest: Entity | null = null;

  /** The entity that has been silent longest; null where there is none. */
  get longest(): Entity | null {
    return this.#oldest;
  }

  /** Puts an entity that is not in the list at its end. */
  append(entity: Entity): void {
    entity.older = this.#newest;
    entity.newer = null;
    if (this.#newest === null) this.#oldest = entity;
    else this.#newest.newer = entity;
    this.#newest = entity;
  }

  /** Takes an entity of the list out of it. */
  remove(entity: Entity): void {
    const { older, newer } = entity;
    if (older === null) this.#oldest = newer;
    else older.newer = newer;
    if (newer === null) this.#newest = older;
    else newer.older = older;
    entity.older = null;
    entity.newer = null;
  }

  /** The entities in their order; the list must not change meanwhile. */
  *[Symbol.iterator](): Generator<Entity, void, void> {
    for (let entity = this.#oldest; entity !== null; entity = entity.newer) yield entity;
  }
}
