import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { chunkBySize } from './chunk-messages.ts';

describe('chunkBySize', () => {
  it('keeps every item in order, within the bound, in no more chunks than needed next to each other', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 30 })), (sizes) => {
        const chunks = chunkBySize(sizes, (size) => size, 20);
        expect(chunks.flat()).toEqual(sizes);
        const total = (chunk: readonly number[] = []): number => chunk.reduce((a, b) => a + b, 0);
        for (const [i, chunk] of chunks.entries()) {
          expect(chunk.length === 1 || total(chunk) <= 20).toBe(true);
          const next = chunks[i + 1]?.[0];
          if (next !== undefined) expect(total(chunk) + next).toBeGreaterThan(20);
        }
      }),
    );
  });
});
