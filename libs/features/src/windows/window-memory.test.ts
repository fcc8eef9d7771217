import type { FeatureSpec } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';

import { createRecordReader } from '../record-reader.ts';
import { EntityWindows } from './entity-windows.ts';
import { WindowMemory } from './window-memory.ts';

const schema: readonly FeatureSpec[] = [
  {
    ...{ name: 'count', type: 'real', from: { rolling: { statistic: 'count', over: '1h' } }, role: 'score' },
    ...{ nullable: true, maxLevels: 64, period: null },
  },
];
const entity = { key: ['id'], time: { field: 't', unit: 'ms' } } as const;
const reader = createRecordReader(schema, {});
let time = 0;

function open(memory: WindowMemory): EntityWindows {
  return new EntityWindows({ schema, lookups: {}, entity, memory });
}

/** Adds an event of an entity to windows, and returns the count before it. */
function see(windows: EntityWindows, id: string): number | undefined {
  const t = time++;
  return reader.read([{ id, t }], windows.batch([windows.nextOffset], [t])).table.numeric[0];
}

/** Bytes of one entity with one event, which depend on the length of its name. */
function bytesOf(name: string): number {
  const memory = new WindowMemory(Infinity);
  see(open(memory), name);
  return memory.bytes;
}

describe('the memory of windows', () => {
  it('counts names, and what it takes is what its windows hold', () => {
    const memory = new WindowMemory(Infinity);
    const [one, other] = [open(memory), open(memory)];
    see(one, 'a');
    see(other, 'b'.repeat(10_000));
    see(other, 'b'.repeat(10_000));
    expect(memory.bytes).toBe(one.bytes + other.bytes);
    expect(other.bytes).toBeGreaterThan(10_000);
    const restored = open(memory);
    restored.restore(other.snapshot());
    expect(restored.bytes).toBe(other.bytes);
    for (const windows of [one, other, restored]) windows.close();
    expect(memory.bytes).toBe(0);
    see(one, 'late');
    expect(memory.bytes).toBe(0);
  });

  it('holds its bound: the entity that has been silent longest is forgotten, of whichever windows it is', () => {
    let forgotten = 0;
    const memory = new WindowMemory(3 * bytesOf('a') + 100, () => forgotten++);
    const [one, other] = [open(memory), open(memory)];
    see(one, 'a');
    see(other, 'b');
    see(one, 'c');
    expect([see(one, 'a'), forgotten]).toEqual([1, 0]);
    see(one, 'd');
    expect([one.size, other.size, forgotten]).toEqual([3, 0, 1]);
    expect(memory.bytes).toBeLessThanOrEqual(memory.maxBytes);
    // The hour of b is no longer known. The entity that gives way is c, not b.
    expect(see(other, 'b')).toBeNaN();
    expect([one.size, other.size, forgotten]).toEqual([2, 1, 2]);
    expect(see(other, 'b')).toBeNaN();
  });

  it('is not exceeded by one name alone', () => {
    const memory = new WindowMemory(bytesOf('a') + 100);
    const windows = open(memory);
    see(windows, 'x'.repeat(5_000));
    expect([windows.size, memory.bytes]).toEqual([0, 0]);
    see(windows, 'a');
    expect(windows.size).toBe(1);
  });

  it('bounds what is restored', () => {
    const whole = open(new WindowMemory(Infinity));
    for (const id of ['a', 'b', 'c', 'd']) see(whole, id);
    const memory = new WindowMemory(2 * bytesOf('a') + 100);
    const windows = open(memory);
    expect(windows.restore(whole.snapshot())).toBe(true);
    expect(windows.size).toBe(2);
    expect(see(windows, 'd')).toBe(1);
  });
});
