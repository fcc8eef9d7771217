import Decoder from 'kafkajs/src/protocol/decoder.js';
import decodeMessageSet from 'kafkajs/src/protocol/messageSet/decoder.js';

import { type AbortedTransaction, AbortedTransactions } from './aborted-transactions.ts';
import { batchLength, type FetchedMessage, hidden, isRecordBatch, readBatch, readRecords } from './record-batch.ts';

/** Unpacked, one answer holds about so many bytes; what is over them is left for the next fetch. */
const RESPONSE_MAX_BYTES = 134_217_728;
/** And about so many records. */
const RESPONSE_MAX_RECORDS = 200_000;

interface Budget {
  bytes: number;
  records: number;
}

/** The offset that was asked for of a partition. */
export type FetchedFrom = (topic: string, partition: number) => number;

/** What kafkajs takes for the answer to a fetch. */
export interface FetchResponse {
  /** Milliseconds for which the client is to ask nothing. */
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
  /** Empty: what they withhold is not among the messages that are shown. */
  readonly abortedTransactions: readonly [];
  readonly messages: readonly FetchedMessage[];
}

/**
 * Decodes the answer to a fetch (versions 4 to 11): of committed transactions only, whatever record, batch or codec comes, and with bounded
 * memory. A batch of which nothing is shown leaves one hidden record, so that reading goes on behind it.
 */
export async function decodeFetchResponse(
  bytes: Buffer,
  version: number,
  fetchedFrom: FetchedFrom,
): Promise<FetchResponse> {
  const decoder = new Decoder(bytes);
  const throttleMs = decoder.readInt32();
  const errorCode = version >= 7 ? decoder.readInt16() : 0;
  if (version >= 7) decoder.readInt32(); // the session, which kafkajs does not use
  const budget: Budget = { bytes: RESPONSE_MAX_BYTES, records: RESPONSE_MAX_RECORDS };
  const responses: { topicName: string; partitions: FetchedPartition[] }[] = [];
  for (let topics = decoder.readInt32(); topics > 0; topics--) {
    const topicName = decoder.readString();
    const partitions: FetchedPartition[] = [];
    for (let count = decoder.readInt32(); count > 0; count--) {
      const partition = decoder.readInt32();
      const errorCode = decoder.readInt16();
      const highWatermark = String(decoder.readInt64());
      decoder.readInt64(); // the last stable offset
      if (version >= 5) decoder.readInt64(); // the start of the log
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
  // From version 8 on it is the client that waits, and before it the broker has waited.
  const throttles = version >= 8;
  return {
    throttleTime: throttles ? 0 : throttleMs,
    clientSideThrottleTime: throttles ? throttleMs : 0,
    errorCode,
    responses,
  };
}

/** The messages of a partition's bytes, from an offset on. */
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
    // The rest of the batch is for the next fetch.
    if (Number(messages.at(-1)?.offset) < batch.lastOffset) break;
  }
  return messages;
}

/** The formats before Kafka 0.11 know neither transactions nor headers. */
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
