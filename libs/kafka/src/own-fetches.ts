import fetchRequests from 'kafkajs/src/protocol/requests/fetch/index.js';

import { decodeFetchResponse } from './fetch-response.ts';

/** First response version with transactions, and last version that kafkajs requests. */
const VERSIONS = { first: 4, last: 11 };
const { protocol } = fetchRequests;

/**
 * Makes kafkajs 2.2.4 decode fetch responses with Flowline's decoders. Its own decoder returns
 * records of aborted transactions if transactions interleave or a key is four zero bytes, keeps
 * headers on an object that inherits names, halts for good at an unreadable record or codec, and
 * decompresses without a size limit. Idempotent.
 */
export function decodeFetchesHere(): void {
  fetchRequests.protocol = protocolWithOwnDecoder;
}

const protocolWithOwnDecoder: typeof protocol = ({ version }) => {
  const begin = protocol({ version });
  if (version < VERSIONS.first || version > VERSIONS.last) return begin;
  return (options) => {
    const call = begin(options);
    const offsets = new Map(
      options.topics.flatMap(({ topic, partitions }) =>
        partitions.map(({ partition, fetchOffset }) => [`${topic}/${partition}`, Number(fetchOffset)] as const),
      ),
    );
    const fetchedFrom = (topic: string, partition: number): number => offsets.get(`${topic}/${partition}`) ?? 0;
    const decode = (bytes: Buffer) => decodeFetchResponse(bytes, version, fetchedFrom);
    return { ...call, response: { ...call.response, decode } };
  };
};
