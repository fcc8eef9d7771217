import { at, atOnce } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  type Claim,
  claimCount,
  claimHash,
  type ClaimRow,
  ClaimRows,
  claimsFrom,
  headOf,
  stripeOf,
} from './claim-rows.ts';

/** Table of the rows of a scope, as Postgres would have it. */
class Table {
  readonly rows = new Map<number, ClaimRow>();

  /** The rows that a change of these hashes needs, as new copies. */
  read(hashes: readonly string[]): ClaimRows {
    const lows = hashes.map((hash) => {
      const isBefore = (low: number) => low <= headOf(hash) && stripeOf(low) === stripeOf(headOf(hash));
      return Math.max(...[...this.rows.keys()].filter(isBefore));
    });
    const found = [...this.rows.values()].filter(({ low }) => lows.includes(low)).sort((a, b) => a.low - b.low);
    return new ClaimRows(found.map((row) => ({ ...row, entries: Buffer.from(row.entries) })));
  }

  write(changed: ClaimRows): void {
    const { extended, replaced, inserted } = atOnce(changed.changes());
    for (const { low, added } of extended) {
      const row = this.rows.get(low) ?? raise(`no row ${low} to extend`);
      this.rows.set(low, { ...row, entries: Buffer.concat([added, row.entries]) });
    }
    for (const row of replaced) {
      if (!this.rows.has(row.low)) raise(`no row ${row.low} to replace`);
      this.rows.set(row.low, row);
    }
    for (const row of inserted) {
      if (this.rows.has(row.low)) raise(`a second row ${row.low}`);
      this.rows.set(row.low, row);
    }
  }
}

const raise = (message: string): never => {
  throw new Error(message);
};

describe('ClaimRows', () => {
  it('hold what was added, in any number and in any calls, in rows of a bounded size', () => {
    const calls$ = fc.array(fc.array(fc.nat(9_000), { maxLength: 900, size: 'max' }), { maxLength: 12, size: 'max' });
    fc.assert(
      fc.property(calls$, (calls) => {
        const table = new Table();
        const known = new Map<number, Claim>();
        for (const [call, numbers] of calls.entries()) {
          const hashes = numbers.map((number) => claimHash(`entity ${number}`));
          const rows = table.read(hashes);
          for (const [i, number] of numbers.entries()) {
            const hash = at(hashes, i);
            const [found, expected] = [rows.find(hash), known.get(number)];
            if (found?.partition !== expected?.partition || found?.day !== expected?.day) raise(`entity ${number}`);
            const claim = { partition: 70_000 + number, day: 20_000 + call };
            if (!known.has(number)) rows.add(hash, claim);
            known.set(number, known.get(number) ?? claim);
          }
          table.write(rows);
        }
        const stored = [...table.rows.values()];
        expect(stored.reduce((sum, { entries }) => sum + claimCount(entries), 0)).toBe(known.size);
        expect(Math.max(0, ...stored.map(({ entries }) => claimCount(entries)))).toBeLessThanOrEqual(240);
      }),
      { numRuns: 15 },
    );
  });

  it('note a later day, and let go of entries by their day', () => {
    const table = new Table();
    const [a, b] = [claimHash('a'), claimHash('b')];
    const rows = table.read([a, b]);
    rows.add(a, { partition: 1, day: 10 });
    rows.add(b, { partition: 2, day: 10 });
    table.write(rows);
    const later = table.read([a]);
    later.see(a, 15);
    table.write(later);
    expect(table.read([a, b]).find(a)).toEqual({ partition: 1, day: 15 });
    expect(table.read([a, b]).find(b)).toEqual({ partition: 2, day: 10 });
    const kept = [...table.rows.values()].map(({ entries }) => claimsFrom(entries, 11)?.length ?? entries.length);
    expect(kept.sort((x, y) => x - y)).toEqual([0, 14]);
  });
});
