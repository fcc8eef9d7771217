import { at } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';

import { IdHasher } from './id-hasher.ts';

const hashOf = (text: string, seed = 'id'): string => {
  const hasher = new IdHasher(seed);
  hasher.hash(text);
  return `${hasher.high},${hasher.low}`;
};

describe('IdHasher', () => {
  it('never changes: stored ids rest on it', () => {
    expect(hashOf('event-1')).toBe('1907879370,-402878261');
    expect(hashOf('')).toBe('1306053361,2040263179');
    expect(hashOf('événement 漢字 😀')).toBe('-1230052518,-1514980915');
  });

  it('depends on the seed, the length and every character, and on nothing that was hashed before', () => {
    const hasher = new IdHasher('id');
    hasher.hash('something else');
    hasher.hash('event-1');
    expect(`${hasher.high},${hasher.low}`).toBe(hashOf('event-1'));
    const texts = ['event-1', 'event-2', 'event-1\u0000', '\u0000event-1', '1-event', 'a', 'a\u0000', '', '\u0000'];
    expect(new Set(texts.map((text) => hashOf(text))).size).toBe(texts.length);
    expect(hashOf('event-1', 'other.id')).not.toBe(hashOf('event-1'));
  });

  it.each([
    ['counted', (i: number) => `event-${i}`],
    ['padded', (i: number) => String(i).padStart(20, '0')],
    ['hexadecimal', (i: number) => `${(i * 2_654_435_761).toString(16)}-4e1f-b1c2-${i.toString(16)}`],
  ])('spreads %s ids like random numbers, in each half', (_, idOf) => {
    const hasher = new IdHasher('id');
    const size = 100_000;
    const highs = new Set<number>();
    const lows = new Set<number>();
    const both = new Set<string>();
    const buckets = new Int32Array(1_024);
    for (let i = 0; i < size; i++) {
      hasher.hash(idOf(i));
      highs.add(hasher.high);
      lows.add(hasher.low);
      both.add(`${hasher.high},${hasher.low}`);
      const bucket = hasher.low & 1_023;
      buckets[bucket] = at(buckets, bucket) + 1;
    }
    // Collisions of a random 32-bit function: n² / 2³³, about 1.2 of 100,000; Poisson.
    for (const half of [highs, lows]) expect(size - half.size).toBeLessThan(1.2 + 6 * Math.sqrt(1.2));
    expect(both.size).toBe(size);
    const mean = size / buckets.length;
    const chiSquare = buckets.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
    expect(Math.abs(chiSquare - 1_023)).toBeLessThan(6 * Math.sqrt(2 * 1_023));
  });
});
