import { describe, expect, it } from '@jest/globals';

import { CopyFrames } from './copy-frames.ts';

const message = (type: string, content: Buffer): Buffer => {
  const header = Buffer.alloc(5);
  header.write(type, 'latin1');
  header.writeInt32BE(content.length + 4, 1);
  return Buffer.concat([header, content]);
};
const rows = Array.from({ length: 20 }, (_, i) => Buffer.alloc(3 * i, i + 1));
const data = Buffer.concat(rows);
const complete = message('C', Buffer.from('COPY 20\0'));
const before = [message('H', Buffer.of(1, 0, 0)), ...rows.slice(0, 10).map((row) => message('d', row))];
const after = [message('N', Buffer.from('a notice\0')), ...rows.slice(10).map((row) => message('d', row))];

/** Data and rest of bytes that arrive in pieces of some size. */
function taken(bytes: Buffer, size: number): { data: Buffer; rest: Buffer | null; isDone: boolean } {
  const frames = new CopyFrames();
  const found: Buffer[] = [];
  for (let start = 0; start < bytes.length; start += size) {
    const piece = Buffer.from(bytes.subarray(start, start + size));
    const part = frames.take(piece);
    found.push(part.data);
    // The driver gets the pieces that follow.
    const rest = part.rest === null ? null : Buffer.concat([part.rest, bytes.subarray(start + size)]);
    if (rest !== null) return { data: Buffer.concat(found), rest, isDone: part.isDone };
  }
  return { data: Buffer.concat(found), rest: null, isDone: false };
}

describe('CopyFrames', () => {
  const sizes = Array.from({ length: 60 }, (_, i) => i + 1).concat(10_000);

  it('takes the data of all messages, wherever they are cut', () => {
    const bytes = Buffer.concat([...before, ...after, message('c', Buffer.alloc(0)), complete]);
    for (const size of sizes) expect(taken(bytes, size)).toEqual({ data, rest: complete, isDone: true });
  });

  it('leaves an error to the driver, whole', () => {
    const error = message('E', Buffer.from('SERROR\0C22012\0Mdivision by zero\0\0'));
    const bytes = Buffer.concat([...before, error, complete]);
    const rest = Buffer.concat([error, complete]);
    for (const size of sizes)
      expect(taken(bytes, size)).toEqual({ data: Buffer.concat(rows.slice(0, 10)), rest, isDone: false });
  });

  it('waits for the rest of a message', () => {
    expect(taken(Buffer.concat(before), 7)).toEqual({ data: Buffer.concat(rows.slice(0, 10)), rest: null, isDone: false }); // prettier-ignore
  });
});
