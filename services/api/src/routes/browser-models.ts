import { getDetector } from '@flowline/db';
import type { Detector } from '@flowline/detector';
import { FlowlineError } from '@flowline/events';
import { z } from 'zod';

import { acceptedCoding, type Coding } from '../accepted-coding.ts';
import { codedEtag, namesEtag } from '../etag.ts';
import { type ApiParts, type Reply, type Route, route } from '../route.ts';
import { detectorParams, version } from '../schemas.ts';
import { storedModel } from './models.ts';

const BYTES = 'application/octet-stream';
const YEAR_SECONDS = 31_536_000;

/** Exports of the models in memory; they go with their model. */
const exports = new WeakMap<Detector, Promise<Buffer>>();

/** Route by which a browser gets a model to score with. */
export const browserModelRoutes: readonly Route[] = [
  route({
    ...{ method: 'GET', path: '/v1/detectors/{detector}/models/{version}/browser', tag: 'models', scope: 'read' },
    ...{ detector: 'path', problems: [409, 422] },
    summary: 'Download a model to score with in a browser: WebAssembly modules, encoding and calibration.',
    params: detectorParams.extend({ version: version('Version of the model.') }),
    query: z.strictObject({
      sha256: z
        .string()
        .regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits')
        .describe('SHA-256 of the model. With it, the response may be kept for good.')
        .optional(),
    }),
    replies: {
      200: { description: 'The file, in safetensors, with an ETag.', schema: z.string(), contentType: BYTES },
      304: { description: 'The file is that of the If-None-Match.', schema: z.string(), contentType: BYTES },
    },
    handle: ({ params, query, headers, signal }, parts) => download(parts, { ...params, ...query, headers, signal }),
  }),
];

interface Asked {
  readonly detector: string;
  readonly version: number;
  readonly sha256?: string | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
}

async function download({ db, models }: ApiParts, asked: Asked): Promise<Reply> {
  const { detector: name, version: modelVersion, signal } = asked;
  await getDetector(db, name);
  const { sha256 } = await storedModel(db, name, modelVersion);
  if (asked.sha256 !== undefined && asked.sha256 !== sha256) throw isOther(name, modelVersion, sha256);
  const { BROWSER_VERSION } = await import('@flowline/detector');
  const etag = `"${sha256}-${BROWSER_VERSION}"`;
  const keep = asked.sha256 === undefined ? 'no-cache' : `max-age=${YEAR_SECONDS}, immutable`;
  const headers = { etag, 'cache-control': `private, ${keep}`, 'content-type': BYTES };
  const sent = codedEtag(etag, codingOf(asked.headers));
  if (namesEtag(asked.headers['if-none-match'], sent))
    return { status: 304, body: '', headers: { ...headers, etag: sent } };
  const body = await models.use(name, ({ detector }) => exported(detector, `Model ${modelVersion} of ${name}`), {
    signal,
    modelVersion,
  });
  return { status: 200, body, headers };
}

/** Coding in which the file is sent: it is longer than what is sent as it is. */
function codingOf({ 'accept-encoding': accepted }: Asked['headers']): Coding | null {
  return acceptedCoding(typeof accepted === 'string' ? accepted : undefined);
}

/**
 * File of a model, made once while it is loaded.
 * @throws FlowlineError FLOWLINE_CONFLICT for a family without a compiled form.
 */
function exported(detector: Detector, subject: string): Promise<Buffer> {
  const known = exports.get(detector) ?? detector.exportBrowser().then((bytes) => Buffer.from(bytes), refused(subject));
  exports.set(detector, known);
  return known;
}

const refused =
  (subject: string) =>
  (cause: unknown): never => {
    if (!(cause instanceof FlowlineError) || cause.code !== 'FLOWLINE_BACKEND_UNAVAILABLE') throw cause;
    throw new FlowlineError('FLOWLINE_CONFLICT', `${subject} does not score in a browser: ${cause.message}.`, {
      ...{ where: 'the model', remedy: 'Score with it on the server: POST /v1/detectors/{detector}/what-if.', cause },
    });
  };

const isOther = (name: string, number: number, sha256: string): FlowlineError =>
  new FlowlineError('FLOWLINE_CONFLICT', `Model ${number} of ${name} has the SHA-256 ${sha256}.`, {
    where: 'query.sha256',
    remedy: 'Read the model again, and ask with its sha256.',
  });
