import { describe, expect, it } from '@jest/globals';

import { fromLittleEndian, littleEndianBytes } from './little-endian.ts';

const values = Float64Array.from([0, -1.5, Math.PI, 1e300, -5e-324, Infinity]);

describe('little-endian numbers', () => {
  it('are those of a DataView', () => {
    const bytes = littleEndianBytes(values);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    values.forEach((value, i) => expect(view.getFloat64(8 * i, true)).toBe(value));
  });

  it('come back as a copy, wherever in a file they begin', () => {
    const floats = Float32Array.from([1, -2.5, 3e-40]);
    const file = new Uint8Array([7, ...littleEndianBytes(floats), 9]);
    for (const given of [file, Buffer.from(file)]) {
      const back = fromLittleEndian(given.subarray(1, 13), 'F32');
      expect(back).toEqual(floats);
      given.fill(0);
      expect(back).toEqual(floats);
    }
    expect(fromLittleEndian(littleEndianBytes(values), 'F64')).toEqual(values);
  });

  it('are turned round where the processor counts from the other end', () => {
    // Reversing this processor's bytes gives the memory of a processor of the other byte order;
    // reversing them again gives little-endian bytes.
    expect([...littleEndianBytes(Float32Array.of(1), true)]).toEqual(
      [...littleEndianBytes(Float32Array.of(1))].reverse(),
    );
    expect(fromLittleEndian(littleEndianBytes(values, true), 'F64', true)).toEqual(values);
  });
});
