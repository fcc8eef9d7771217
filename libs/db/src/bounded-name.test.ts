import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { boundedName } from './bounded-name.ts';

describe('boundedName', () => {
  it('keeps short names as they are', () => {
    for (const name of ['', 'sensor 7', '["a","b"]', 'ü'.repeat(128), 'x'.repeat(256)]) {
      expect(boundedName(name)).toBe(name);
    }
  });

  it('has room in an index for every name, and no two names in one place', () => {
    const unit = fc.constantFrom('a', 'b', '\0', '\ud800', '\udfff', 'ü', '🛫', '\ufffd', '#');
    const name = fc
      .tuple(fc.array(unit, { maxLength: 4 }), fc.constantFrom(1, 63, 64, 128, 255, 256, 257, 3_000))
      .map(([units, times]) => units.join('').repeat(times));
    fc.assert(
      fc.property(name, name, (a, b) => {
        const [boundedA, boundedB] = [boundedName(a), boundedName(b)];
        expect(Buffer.byteLength(boundedA)).toBeLessThanOrEqual(1_000);
        // Postgres receives the name as bytes, which contain no NUL.
        expect(Buffer.from(boundedA).toString()).toBe(boundedA);
        expect(boundedA).not.toContain('\0');
        expect(boundedA === boundedB).toBe(a === b);
        // A shortened name never equals the unshortened form of another name.
        if (boundedA !== a) expect(boundedName(boundedA)).not.toBe(boundedA);
      }),
    );
  });
});
