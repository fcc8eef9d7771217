import type { WindowSnapshot } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';

import { packWindows, unpackWindows } from './packed-windows.ts';

const times = Float64Array.from({ length: 1_000 }, (_, i) => 1.8e12 + 25 * i);
const pieces = [
  { nextOffset: 5, bytes: new Uint8Array(times.buffer) },
  { nextOffset: 9, bytes: Uint8Array.of(0, 255) },
];
const rest = { nextOffset: 9, token: 't', follows: 's', keepFrom: 5, limits: [] } as const;
const snapshot: WindowSnapshot = { ...rest, id: 'w', pieces };

describe('packWindows', () => {
  it('leaves less than half of the bytes of numbers that resemble one another', async () => {
    const packed = await packWindows(snapshot);
    expect(packed).toMatchObject(rest);
    expect(packed.pieces[0]?.bytes.length).toBeLessThan(times.byteLength / 2);
  });

  it('keeps the bytes, and gives the windows an id that only its reader knows', async () => {
    const packed = await packWindows(snapshot);
    expect(packed.id).not.toBe('w');
    const restored = await unpackWindows(packed);
    expect(restored.id).toBe('w');
    expect(restored.pieces.map(({ bytes }) => [...bytes])).toEqual(pieces.map(({ bytes }) => [...bytes]));
  });

  it('is not needed: windows that were not packed are read as they are', async () => {
    expect(await unpackWindows(snapshot)).toEqual(snapshot);
  });

  it('gives bytes whose damage is noticed', async () => {
    const packed = await packWindows(snapshot);
    const damaged = { ...packed, pieces: [{ nextOffset: 5, bytes: Uint8Array.of(7, 7, 7) }] };
    await expect(unpackWindows(damaged)).rejects.toThrow(
      expect.objectContaining({ code: 'FLOWLINE_WINDOWS_CORRUPTED' }),
    );
  });
});
