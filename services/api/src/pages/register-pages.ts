import { FlowlineError } from '@flowline/events';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { acceptedCoding } from '../accepted-coding.ts';
import { refuseOtherMethods } from '../other-methods.ts';
import type { ApiParts } from '../route.ts';
import { sendProblem } from '../send-problem.ts';
import { type Asset, type Assets, builtPages, readAssets } from './assets.ts';
import { registerSession } from './register-session.ts';

/** Folder of the pages. */
const PAGES = '/ui';

const ASSET = `${PAGES}/assets/:name`;
const YEAR_SECONDS = 31_536_000;

/**
 * Headers of the pages: they run and load what this service serves, compile the modules of models,
 * talk to it alone, and are shown in no other page.
 */
const pagesHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'x-robots-tag': 'noindex, nofollow',
};

/** True for a request to the pages, which need no token; what they ask for does. */
export const isOfPages = ({ routeOptions }: FastifyRequest): boolean =>
  routeOptions.url === '/' || (routeOptions.url ?? '').startsWith(PAGES);

/** Serves the pages for people, and the sessions with which they call the API. */
export async function registerPages(server: FastifyInstance, parts: ApiParts): Promise<void> {
  const assets = readAssets(builtPages());
  if (assets === null) parts.logger.warn({ folder: builtPages() }, 'the pages are not built: run `npm run build`');
  await server.register((pages, _options, done) => {
    pages.setErrorHandler((error, request, reply) => sendProblem(parts, error, request, reply));
    pages.addHook('onResponse', async ({ method, routeOptions }, { statusCode: status, elapsedTime }) => {
      const route = (routeOptions.url ?? '').replace(/:(\w+)/g, '{$1}');
      parts.metrics.apiRequests.observe({ method, route, status }, elapsedTime / 1_000);
    });
    pages.get('/', (_request, reply) => reply.redirect(`${PAGES}/`));
    pages.get(PAGES, (_request, reply) => reply.redirect(`${PAGES}/`));
    pages.get(`${PAGES}/*`, (request, reply) => sendDocument(built(assets), request, reply));
    pages.get(ASSET, (request, reply) => {
      const { name } = request.params as { readonly name: string };
      const asset = built(assets).byName.get(name);
      if (asset === undefined) throw nothing(`There is no file ${name}.`, 'Load the page again.');
      reply.header('cache-control', `public, max-age=${YEAR_SECONDS}, immutable`);
      return send(asset, request, reply);
    });
    registerSession(pages, parts.db);
    for (const path of ['/', PAGES, `${PAGES}/*`]) refuseOtherMethods(pages, path, ['GET']);
    done();
  });
}

function sendDocument({ document }: Assets, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.headers(pagesHeaders).header('cache-control', 'no-cache');
  return send(document, request, reply);
}

function send({ type, plain, brotli, gzip }: Asset, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const coding = acceptedCoding(request.headers['accept-encoding']);
  reply.header('content-type', type).header('vary', 'accept-encoding');
  const compressed = coding === null ? null : { br: brotli, gzip }[coding];
  if (coding === null || compressed === null) return reply.send(plain);
  return reply.header('content-encoding', coding).send(compressed);
}

function built(assets: Assets | null): Assets {
  if (assets !== null) return assets;
  throw nothing('The pages are not built.', 'Run `npm run build`, and start the service again.');
}

const nothing = (message: string, remedy: string): FlowlineError =>
  new FlowlineError('FLOWLINE_NOT_FOUND', message, { where: 'the path', remedy });
