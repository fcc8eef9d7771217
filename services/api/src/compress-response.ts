import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

import type { FastifyReply, FastifyRequest } from 'fastify';

import { acceptedCoding, type Coding } from './accepted-coding.ts';
import { codedEtag } from './etag.ts';

/** Bytes from which a body is compressed: a shorter one fits into a packet as it is. */
const LEAST_BYTES = 1_024;
/** Quality at which Brotli takes about as long as gzip does. */
const BROTLI_QUALITY = 4;

const [brotli, zip] = [promisify(brotliCompress), promisify(gzip)];

/** Ways to compress, on the threads of the runtime. */
const compress: Readonly<Record<Coding, (body: string | Buffer) => Promise<Buffer>>> = {
  br: (body) => brotli(body, { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } }),
  gzip: (body) => zip(body),
};

/**
 * Compresses the body of a response in the coding that the client takes; one that is short, or a
 * stream of events, is sent as it is. Hook of the routes whose responses hold no secret: the length
 * of a compressed one tells whether what the caller sent is in it again (BREACH).
 */
export async function compressResponse(request: FastifyRequest, reply: FastifyReply, body: unknown): Promise<unknown> {
  if (typeof body !== 'string' && !Buffer.isBuffer(body)) return body;
  reply.header('vary', 'accept-encoding');
  const coding = acceptedCoding(request.headers['accept-encoding']);
  if (coding === null || Buffer.byteLength(body) < LEAST_BYTES) return body;
  const compressed = await compress[coding](body);
  reply.header('content-encoding', coding);
  const etag = reply.getHeader('etag');
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (isRead && typeof etag === 'string') reply.header('etag', codedEtag(etag, coding));
  return compressed;
}
