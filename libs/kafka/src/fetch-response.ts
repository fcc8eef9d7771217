import Decoder from 'kafkajs/src/protocol/decoder.js';
import decodeMessageSet from 'kafkajs/src/protocol/messageSet/decoder.js';

import { type AbortedTransaction, AbortedTransactions } from './aborted-transactions.ts';
import { type FetchedMessage, hidden } from './fetched-message.ts';
import { readRecords } from './read-records.ts';
import { batchLength, isRecordBatch, readBatch } from './record-batch.ts';

/**
 * Approximate maximum bytes of one response, decompressed; the excess is left for the next fetch.
 */
const RESPONSE_MAX_BYTES = 134_217_728;
/** Approximate maximum records of one response. */
const RESPONSE_MAX_RECORDS = 200_000;

interface Budget {
  bytes: number;
  records: number;
}

/** Returns the offset requested for a partition. */
export type FetchedFrom = (topic: string, partition: number) => number;

/** Decoded fetch response, in the shape that kafkajs expects. */
export interface FetchResponse {
  /** Milliseconds for which the client must not send requests. */
  readonly clientSideThrottleTime: number;
  readonly throttleTime: number;
  readonly errorCode: number;
  readonly responses: readonly { readonly topicName: string; readonly partitions: readonly FetchedPartition[] }[];
}

interface FetchedPartition {
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: string;
  readonly preferredReadReplica: number;
  /** Empty, because the records of aborted transactions are already left out of `messages`. */
  readonly abortedTransactions: readonly [];
  readonly messages: readonly FetchedMessage[];
}

/**
 * Decodes a fetch response (versions 4 to 11) with bounded memory: only committed transactions, and
 * any record, batch or codec. A batch without visible records yields one hidden record, so that
 * reading continues after it.
 */
export async function decodeFetchResponse(
  bytes: Buffer,
  version: number,
  fetchedFrom: FetchedFrom,
): Promise<FetchResponse> {
  const decoder = new Decoder(bytes);
  const throttleMs = decoder.readInt32();
  const errorCode = version >= 7 ? decoder.readInt16() : 0;
  if (version >= 7) decoder.readInt32(); // session id, which kafkajs does not use
  const budget: Budget = { bytes: RESPONSE_MAX_BYTES, records: RESPONSE_MAX_RECORDS };
  const responses: { topicName: string; partitions: FetchedPartition[] }[] = [];
  for (let topics = decoder.readInt32(); topics > 0; topics--) {
    const topicName = decoder.readString();
    const partitions: FetchedPartition[] = [];
    for (let count = decoder.readInt32(); count > 0; count--) {
      const partition = decoder.readInt32();
      const errorCode = decoder.readInt16();
      const highWatermark = String(decoder.readInt64());
      decoder.readInt64(); // last stable offset
      if (version >= 5) decoder.readInt64(); // log start offset
      const aborted: AbortedTransaction[] = [];
      for (let count = decoder.readInt32(); count > 0; count--) {
        aborted.push({
          producerId: BigInt(String(decoder.readInt64())),
          firstOffset: Number(String(decoder.readInt64())),
        });
      }
      const preferredReadReplica = version >= 11 ? decoder.readInt32() : -1;
      const log = decoder.readBytes(Math.max(0, decoder.readInt32()));
      const messages = await readLog(log, aborted, fetchedFrom(topicName, partition), budget);
      partitions.push({ partition, errorCode, highWatermark, preferredReadReplica, abortedTransactions: [], messages });
    }
    responses.push({ topicName, partitions });
  }
  // From version 8 on the client waits; in earlier versions the broker has already waited.
  const throttles = version >= 8;
  return {
    throttleTime: throttles ? 0 : throttleMs,
    clientSideThrottleTime: throttles ? throttleMs : 0,
    errorCode,
    responses,
  };
}

/** Reads the messages of a partition's bytes, starting at an offset. */
async function readLog(
  bytes: Buffer,
  abortedTransactions: readonly AbortedTransaction[],
  fromOffset: number,
  budget: Budget,
): Promise<FetchedMessage[]> {
  const aborted = new AbortedTransactions(abortedTransactions);
  let messages: FetchedMessage[] = [];
  for (let at = 0; budget.bytes > 0 && budget.records > 0;) {
    const rest = bytes.subarray(at);
    if (rest.length > 0 && !isRecordBatch(rest)) return [...messages, ...(await readMessageSet(rest))];
    const length = batchLength(bytes, at);
    if (length === null) break;
    at += length;
    const batch = readBatch(rest.subarray(0, length));
    const isAborted = aborted.covers(batch);
    if (batch.lastOffset < fromOffset) continue;
    if (isAborted || batch.isControl) {
      messages.push(hidden(batch.lastOffset));
      continue;
    }
    const read = await readRecords(batch, fromOffset, budget.records);
    budget.bytes -= read.bytes;
    budget.records -= read.messages.length;
    if (messages.length === 0) messages = [...read.messages];
    else for (const message of read.messages) messages.push(message);
    // The rest of the batch is left for the next fetch.
    if (Number(messages.at(-1)?.offset) < batch.lastOffset) break;
  }
  return messages;
}

/** Reads the message formats before Kafka 0.11, which have neither transactions nor headers. */
async function readMessageSet(bytes: Buffer): Promise<readonly FetchedMessage[]> {
  const messages = bytes.length > 16 ? await decodeMessageSet(new Decoder(bytes), bytes.length) : [];
  return messages.map(({ offset, timestamp, key, value }) => ({
    ...hidden(Number(offset)),
    timestamp: timestamp ?? '0',
    key,
    value,
    isControlRecord: false,
  }));
}
