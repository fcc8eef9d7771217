import fetchRequests from 'kafkajs/src/protocol/requests/fetch/index.js';

import { decodeFetchResponse } from './fetch-response.ts';

/** The first version of the answer that knows transactions, and the last that kafkajs asks for. */
const VERSIONS = { first: 4, last: 11 };
const { protocol } = fetchRequests;

/**
 * Lets kafkajs 2.2.4 read with decoders of ours. Its own shows records of aborted transactions where transactions interleave or a key is
 * four zero bytes, keeps headers on an object that inherits names, stops for ever at a record or codec that it cannot read, and unpacks to
 * any size. Idempotent.
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
