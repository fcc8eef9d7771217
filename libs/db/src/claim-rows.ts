import { hash as digest } from 'node:crypto';

import { at, type Steps } from '@flowline/events';

/** Bytes of the hash and of the partition in an entry. */
const HASH_BYTES = 9;
const PARTITION_BYTES = 3;
/** Bytes of an entry: its hash, its partition, then its day. */
export const ENTRY_BYTES = HASH_BYTES + PARTITION_BYTES + 2;
/** Maximum entries of a row: two versions of it fit a page of Postgres. */
const ROW_ENTRIES = 240;
/** Entries per part of a row that is divided: each has room to grow fourfold. */
const PART_ENTRIES = 60;
/** Bits of a head that name its stripe: 16 stripes, of which concurrent claims mostly need few. */
const STRIPE_SHIFT = 27;

/** Heads and rows of one stripe begin with the same bits, which this mask leaves. */
export const STRIPE_MASK = 0x7fff_ffff & ~((1 << STRIPE_SHIFT) - 1);

/** Partition of an entity, and the day, since 1970, on which an event of it was noted. */
export interface Claim {
  readonly partition: number;
  readonly day: number;
}

/** Row of claims whose heads are at least `low`, and below that of the next row. */
export interface ClaimRow {
  readonly low: number;
  /** Earliest day of its entries. */
  readonly oldest: number;
  readonly entries: Buffer;
}

/** Changes of rows. */
interface ClaimChanges {
  /** Entries to put before those that are there. */
  readonly extended: readonly { readonly low: number; readonly added: Buffer }[];
  readonly replaced: readonly ClaimRow[];
  readonly inserted: readonly ClaimRow[];
}

/**
 * Hash of a name, a character per byte. That any two of 10⁷ names have the same one has a
 * probability of 10⁻⁸.
 */
export const claimHash = (name: string): string => digest('sha256', name, 'binary').slice(0, HASH_BYTES);

/** Beginning of a hash, as an integer that Postgres has: it decides the row. */
export function headOf(hash: string): number {
  let head = 0;
  for (let i = 0; i < 4; i++) head = (head << 8) | hash.charCodeAt(i);
  return head >>> 1;
}

/** Stripe of a head or of a row's first one. */
export const stripeOf = (head: number): number => head >>> STRIPE_SHIFT;

/** Entries without those last seen before a day; null if all stay. */
export function claimsFrom(entries: Buffer, firstKept: number): Buffer | null {
  const kept = entriesOf(entries).filter((entry) => dayOf(entry) >= firstKept);
  return kept.length * ENTRY_BYTES === entries.length ? null : Buffer.concat(kept);
}

/** Number of entries. */
export const claimCount = (entries: Buffer): number => entries.length / ENTRY_BYTES;

/** Earliest day of entries. */
export const oldestOf = (entries: Buffer): number =>
  entriesOf(entries).reduce((oldest, entry) => Math.min(oldest, dayOf(entry)), Infinity);

/** Some rows of a scope, as they are stored, and what is added to them. */
export class ClaimRows {
  readonly #rows: OpenRow[];
  readonly #added = new Map<string, Claim>();

  /** @param stored all rows in which the hashes asked for lie, by their lows. */
  constructor(stored: readonly ClaimRow[]) {
    this.#rows = stored.map((row) => opened(row, false));
  }

  /** Claim of a hash; null for none. */
  find(hash: string): Claim | null {
    const added = this.#added.get(hash);
    if (added !== undefined) return added;
    const row = this.#rowOf(headOf(hash));
    const position = row === null ? -1 : positionOf(row.text, hash);
    if (row === null || position < 0) return null;
    const { entries } = row;
    const partition = entries.readUIntBE(position + HASH_BYTES, PARTITION_BYTES);
    return { partition, day: entries.readUInt16BE(position + ENTRY_BYTES - 2) };
  }

  /** Adds the claim of a hash that has none. */
  add(hash: string, claim: Claim): void {
    const head = headOf(hash);
    this.#added.set(hash, claim);
    const row = this.#rowOf(head) ?? this.#begin(head & STRIPE_MASK);
    row.added.push(encoded(hash, claim));
    row.isChanged ||= claim.day < row.oldest;
  }

  /** Notes a later day for a hash that is stored. */
  see(hash: string, day: number): void {
    const row = this.#rowOf(headOf(hash));
    const position = row === null ? -1 : positionOf(row.text, hash);
    if (row === null || position < 0) return;
    row.entries.writeUInt16BE(day, position + ENTRY_BYTES - 2);
    row.isChanged = true;
  }

  /** Changes since the rows were read, in steps of a row each. */
  *changes(): Steps<ClaimChanges> {
    const extended: { low: number; added: Buffer }[] = [];
    const replaced: ClaimRow[] = [];
    const inserted: ClaimRow[] = [];
    for (const { low, entries, added, isNew, isChanged } of this.#rows) {
      if (added.length === 0 && !isChanged) continue;
      yield;
      if (!isNew && !isChanged && claimCount(entries) + added.length <= ROW_ENTRIES) {
        extended.push({ low, added: Buffer.concat(added) });
        continue;
      }
      const [first, ...others] = divided(low, Buffer.concat([...added, entries]));
      if (first !== undefined) (isNew ? inserted : replaced).push(first);
      inserted.push(...others);
    }
    return { extended, replaced, inserted };
  }

  /** Row of a head: the last one that begins at or before it, if that is in its stripe. */
  #rowOf(head: number): OpenRow | null {
    let [start, end] = [0, this.#rows.length];
    while (start < end) {
      const middle = (start + end) >>> 1;
      if (at(this.#rows, middle).low <= head) start = middle + 1;
      else end = middle;
    }
    const row = this.#rows[start - 1];
    return row !== undefined && stripeOf(row.low) === stripeOf(head) ? row : null;
  }

  #begin(low: number): OpenRow {
    const row = opened({ low, oldest: Infinity, entries: Buffer.alloc(0) }, true);
    const after = this.#rows.findIndex((other) => other.low > low);
    this.#rows.splice(after < 0 ? this.#rows.length : after, 0, row);
    return row;
  }
}

interface OpenRow extends ClaimRow {
  /** Its entries, a character per byte. */
  readonly text: string;
  readonly added: Buffer[];
  readonly isNew: boolean;
  isChanged: boolean;
}

const opened = (row: ClaimRow, isNew: boolean): OpenRow => ({
  ...row,
  text: row.entries.toString('latin1'),
  added: [],
  isNew,
  isChanged: false,
});

function encoded(hash: string, { partition, day }: Claim): Buffer {
  // Of the pool, and written whole: memory of its own would cost more than the claim.
  const entry = Buffer.allocUnsafe(ENTRY_BYTES);
  entry.write(hash, 'latin1');
  entry.writeUIntBE(partition, HASH_BYTES, PARTITION_BYTES);
  entry.writeUInt16BE(day, ENTRY_BYTES - 2);
  return entry;
}

/** Position of the entry of a hash; negative for none. */
function positionOf(entries: string, hash: string): number {
  let position = entries.indexOf(hash);
  while (position >= 0 && position % ENTRY_BYTES !== 0) position = entries.indexOf(hash, position + 1);
  return position;
}

/** A row that is full is divided by its hashes; entries with the same head stay together. */
function divided(low: number, entries: Buffer): ClaimRow[] {
  if (claimCount(entries) <= ROW_ENTRIES) return [{ low, oldest: oldestOf(entries), entries }];
  const sorted = entriesOf(entries).sort((a, b) => a.compare(b));
  const rows: ClaimRow[] = [];
  for (let start = 0; start < sorted.length;) {
    let end = Math.min(start + PART_ENTRIES, sorted.length);
    while (end < sorted.length && headAt(sorted, end) === headAt(sorted, end - 1)) end++;
    const part = Buffer.concat(sorted.slice(start, end));
    rows.push({ low: start === 0 ? low : headAt(sorted, start), oldest: oldestOf(part), entries: part });
    start = end;
  }
  return rows;
}

const headAt = (entries: readonly Buffer[], i: number): number =>
  headOf(at(entries, i).toString('latin1', 0, HASH_BYTES));

const entriesOf = (entries: Buffer): Buffer[] =>
  Array.from({ length: claimCount(entries) }, (_, i) => entries.subarray(i * ENTRY_BYTES, (i + 1) * ENTRY_BYTES));

const dayOf = (entry: Buffer): number => entry.readUInt16BE(ENTRY_BYTES - 2);
