import { blocksOf, type EventBatch, inShortTurns, type Steps } from '@flowline/events';
import type pg from 'pg';

import { boundedName } from './bounded-name.ts';
import {
  claimCount,
  claimHash,
  type ClaimRow,
  ClaimRows,
  claimsFrom,
  headOf,
  oldestOf,
  STRIPE_MASK,
  stripeOf,
} from './claim-rows.ts';
import type { Database } from './database.ts';
import {
  deleteClaimRows,
  extendClaimRows,
  insertClaimRows,
  lockClaims,
  lockStripes,
  replaceClaimRows,
  selectClaimRows,
  selectExpiredClaimRows,
  takeEarlierClaims,
} from './sql/entities.ts';
import { withTransaction } from './transaction.ts';

/** Topic id in the scope of entity claims where Kafka assigns none. */
const NO_TOPIC_ID = '';
/** Maximum names per transaction. */
const NAMES_PER_TRANSACTION = 5_000;
/** Names between two steps of work on them: a millisecond at most. */
const STEP_NAMES = 250;
/** Maximum rows that a statement writes: they travel as text. */
const ROWS_PER_STATEMENT = 100;
/** Maximum rows per transaction of {@link expireClaims}. */
const EXPIRED_ROWS = 200;

/** Entity whose events also arrive in another partition. */
export interface StrayEntity {
  readonly entity: string;
  /** Partition that has claimed the entity. */
  readonly partition: number;
}

/** Scope of entity names, which are unique only for one topic id and one key. */
export interface EntityScope {
  readonly detector: string;
  readonly topic: string;
  /** Topic id from Kafka; null if Kafka assigns none. */
  readonly topicId: string | null;
  /** Fields that name an entity. */
  readonly key: readonly string[];
  readonly partition: number;
}

/**
 * Claims entities seen in a partition: each belongs to the first partition with events of it. Names
 * may have any size and content. Those of this partition count as seen today.
 * @returns the entities that belong to another partition.
 */
export const claimEntities = (
  db: Database,
  scope: EntityScope,
  entities: readonly string[],
): Promise<readonly StrayEntity[]> => note(db, scope, entities, { claims: true });

/**
 * Notes the day of the entities that a batch names as seen, if it has a snapshot. It is a
 * transaction of its own: a day that is noted without the batch does no harm.
 */
export async function noteSeenEntities(db: Database, batch: EventBatch): Promise<void> {
  const { detector, topic, topicId, partition, entities } = batch;
  if (entities?.windows == null) return;
  await note(db, { detector, topic, topicId, key: entities.key, partition }, entities.seen, { claims: false });
}

async function note(
  db: Database,
  scope: EntityScope,
  entities: readonly string[],
  { claims }: { readonly claims: boolean },
): Promise<readonly StrayEntity[]> {
  const strays: StrayEntity[] = [];
  for (let start = 0; start < entities.length; start += NAMES_PER_TRANSACTION) {
    const names = await inShortTurns(named(entities.slice(start, start + NAMES_PER_TRANSACTION)));
    strays.push(...(await withTransaction(db, (client) => noteNames(client, scope, names, claims))));
  }
  return strays;
}

interface Named {
  readonly entity: string;
  /** Name as claims in the earlier form have it. */
  readonly name: string;
  readonly hash: string;
}

/** Names with their hashes, each once, in steps. */
function* named(entities: readonly string[]): Steps<readonly Named[]> {
  const names = new Map(entities.map((entity) => [boundedName(entity), entity]));
  const found: Named[] = [];
  for (const [name, entity] of names) {
    found.push({ entity, name, hash: claimHash(name) });
    if (found.length % STEP_NAMES === 0) yield;
  }
  return found;
}

async function noteNames(
  client: pg.PoolClient,
  { detector, topic, topicId, key, partition }: EntityScope,
  names: readonly Named[],
  claims: boolean,
): Promise<readonly StrayEntity[]> {
  const scope = { detector, topic, topicId: topicId ?? NO_TOPIC_ID, key };
  const heads = names.map(({ hash }) => headOf(hash));
  const { scopeId, hasEarlier, today } = await lockClaims(client, { ...scope, stripes: stripesOf(heads) });
  const rows = new ClaimRows(await selectClaimRows(client, { scopeId, heads, stripeMask: STRIPE_MASK }));
  if (hasEarlier) {
    const absent = names.filter(({ hash }) => rows.find(hash) === null);
    const earlier = await takeEarlierClaims(client, { ...scope, entities: absent.map(({ name }) => name) });
    for (const { entity: name, partition: owner, day } of earlier)
      rows.add(claimHash(name), { partition: owner, day: owner === partition ? today : day });
  }
  const strays = await inShortTurns(noteInRows(rows, names, { claims, partition, day: today }));
  await write(client, scopeId, rows);
  return strays;
}

/** Claims names in rows, or notes their day. Returns those of other partitions. In steps. */
function* noteInRows(
  rows: ClaimRows,
  names: readonly Named[],
  { claims, partition, day }: { readonly claims: boolean; readonly partition: number; readonly day: number },
): Steps<readonly StrayEntity[]> {
  const strays: StrayEntity[] = [];
  for (const [i, { entity, hash }] of names.entries()) {
    if (i % STEP_NAMES === STEP_NAMES - 1) yield;
    const found = rows.find(hash);
    if (found === null) {
      if (claims) rows.add(hash, { partition, day });
    } else if (found.partition !== partition) strays.push({ entity, partition: found.partition });
    else if (found.day < day) rows.see(hash, day);
  }
  return strays;
}

/** Stripes of heads, in the order in which all transactions lock them. */
const stripesOf = (heads: readonly number[]): readonly number[] =>
  [...new Set(heads.map(stripeOf))].sort((a, b) => a - b);

async function write(client: pg.PoolClient, scopeId: number, rows: ClaimRows): Promise<void> {
  const { extended, replaced, inserted } = await inShortTurns(rows.changes());
  if (extended.length > 0)
    await extendClaimRows(client, {
      scopeId,
      lows: extended.map(({ low }) => low),
      added: extended.map(({ added }) => added),
    });
  for (const [start, end] of blocksOf(replaced.length, ROWS_PER_STATEMENT))
    await replaceClaimRows(client, { scopeId, ...columnsOf(replaced.slice(start, end)) });
  for (const [start, end] of blocksOf(inserted.length, ROWS_PER_STATEMENT))
    await insertClaimRows(client, { scopeId, ...columnsOf(inserted.slice(start, end)) });
}

const columnsOf = (rows: readonly ClaimRow[]) => ({
  lows: rows.map(({ low }) => low),
  oldest: rows.map(({ oldest }) => oldest),
  entries: rows.map(({ entries }) => entries),
});

/**
 * Deletes claims of a detector's entities that were last seen more than `keepDays` ago, those of
 * some rows per call, within a transaction.
 */
export async function expireClaims(
  client: pg.PoolClient,
  { detector, keepDays }: { readonly detector: string; readonly keepDays: number },
): Promise<{ readonly removed: number }> {
  const found = await selectExpiredClaimRows(client, { detector, keepDays, limit: EXPIRED_ROWS });
  const [first] = found;
  if (first === undefined) return { removed: 0 };
  const { scopeId, firstKept } = first;
  const heads = found.map(({ low }) => low);
  await lockStripes(client, { scopeId, stripes: stripesOf(heads) });
  let removed = 0;
  const kept: ClaimRow[] = [];
  const emptied: number[] = [];
  for (const { low, entries: stored } of await selectClaimRows(client, { scopeId, heads, stripeMask: STRIPE_MASK })) {
    const entries = claimsFrom(stored, firstKept);
    if (entries === null) continue;
    removed += claimCount(stored) - claimCount(entries);
    if (entries.length === 0) emptied.push(low);
    else kept.push({ low, oldest: oldestOf(entries), entries });
  }
  if (kept.length > 0) await replaceClaimRows(client, { scopeId, ...columnsOf(kept) });
  if (emptied.length > 0) await deleteClaimRows(client, { scopeId, lows: emptied });
  return { removed };
}
