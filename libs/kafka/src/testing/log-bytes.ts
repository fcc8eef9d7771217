/** Record batch to be written for a test. */
export interface BatchParts {
  readonly baseOffset: number;
  readonly records: readonly {
    readonly key?: Buffer;
    readonly value: Buffer | null;
    readonly headers?: readonly (readonly [string, Buffer | null])[];
  }[];
  /** Id of the transactional producer; absent outside a transaction. */
  readonly producerId?: bigint;
  readonly attributes?: number;
  readonly lastOffsetDelta?: number;
  readonly count?: number;
  /** Bytes that replace the encoded records. */
  readonly packed?: Buffer;
}

const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

/** Encodes a record batch as Kafka documents it (format 2). */
export function batchOf(parts: BatchParts): Buffer {
  const { baseOffset, records, producerId, attributes = 0 } = parts;
  const packed = parts.packed ?? Buffer.concat(records.map(recordOf));
  const header = Buffer.alloc(61);
  header.writeBigInt64BE(BigInt(baseOffset), 0);
  header.writeInt32BE(49 + packed.length, 8);
  header.writeInt8(2, 16);
  header.writeInt16BE(attributes | (producerId === undefined ? 0 : TRANSACTIONAL), 21);
  header.writeInt32BE(parts.lastOffsetDelta ?? records.length - 1, 23);
  header.writeBigInt64BE(1_000n, 27);
  header.writeBigInt64BE(1_000n, 35);
  header.writeBigInt64BE(producerId ?? -1n, 43);
  header.writeInt32BE(parts.count ?? records.length, 57);
  return Buffer.concat([header, packed]);
}

/** Encodes the marker that ends a producer's transaction. */
export function endOf(parts: { baseOffset: number; producerId: bigint; aborts: boolean }): Buffer {
  const key = Buffer.from([0, 0, 0, parts.aborts ? 0 : 1]);
  return batchOf({ ...parts, records: [{ key, value: Buffer.alloc(6) }], attributes: CONTROL });
}

/** Encodes a fetch response (version 11) for partition 0. */
export function answer(topic: string, log: Buffer, aborted: readonly (readonly [bigint, number])[] = []): Buffer {
  const int16 = (value: number) => Buffer.from([value >> 8, value]);
  const int32 = (value: number) => Buffer.from([value >> 24, value >> 16, value >> 8, value]);
  const int64 = (value: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(value);
    return bytes;
  };
  return Buffer.concat([
    ...[int32(0), int16(0), int32(0), int32(1), int16(topic.length), Buffer.from(topic), int32(1)],
    ...[int32(0), int16(0), int64(1_000n), int64(1_000n), int64(0n)],
    ...[int32(aborted.length), ...aborted.flatMap(([id, first]) => [int64(id), int64(BigInt(first))]), int32(-1)],
    ...[int32(log.length), log],
  ]);
}

function recordOf({ key, value, headers = [] }: BatchParts['records'][number], offsetDelta: number): Buffer {
  const body = Buffer.concat([
    ...[Buffer.alloc(1), varint(0), varint(offsetDelta), bytes(key ?? null), bytes(value), varint(headers.length)],
    ...headers.flatMap(([name, of]) => [bytes(Buffer.from(name)), bytes(of)]),
  ]);
  return Buffer.concat([varint(body.length), body]);
}

function bytes(of: Buffer | null): Buffer {
  return of === null ? varint(-1) : Buffer.concat([varint(of.length), of]);
}

function varint(value: number): Buffer {
  const written: number[] = [];
  let left = value < 0 ? -2 * value - 1 : 2 * value;
  for (; left >= 128; left = Math.floor(left / 128)) written.push((left % 128) | 128);
  return Buffer.from([...written, left]);
}
