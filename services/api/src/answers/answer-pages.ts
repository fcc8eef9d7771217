import { alertMissing, findLinkAnswer, getAlert, listFeedback, type StoredFeedback } from '@flowline/db';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import type { CountAnswer } from '../limits.ts';
import { refuseOtherMethods, urlOf } from '../other-methods.ts';
import type { ApiParts } from '../route.ts';
import { notedProblem, pathOf } from '../send-problem.ts';
import { alertPage, askPage, problemPage, thanksPage, usedPage } from './answer-texts.ts';
import { giveAnswer, statusOf } from './give-answer.ts';
import { pageHeaders } from './page.ts';
import { readAnswer } from './read-answer.ts';
import { readAlertId, readLink } from './read-link.ts';

/** Addresses in messages, as OpenAPI would write them. */
const ALERT = '/alerts/{alertId}';
const ANSWER = `${ALERT}/feedback/{verdict}`;

/** Maximum bytes of a form: its name and note, percent-encoded. */
const FORM_BYTES = 16_384;

type Parts = Pick<ApiParts, 'db' | 'settings' | 'logger' | 'metrics'>;

/** True for a request to one of the pages, which takes no token of the API. */
export const isOfPage = ({ routeOptions }: FastifyRequest): boolean =>
  [ALERT, ANSWER].some((path) => routeOptions.url === urlOf(path));

/**
 * Serves the pages to which messages link: an alert, and the answers to it. They are for people:
 * HTML without scripts and cookies, whose right is the signature of the link. A GET records
 * nothing, since mail scanners and previews follow links; the form of the page does.
 */
export async function registerAnswerPages(
  server: FastifyInstance,
  parts: Parts,
  countAnswer: CountAnswer,
): Promise<void> {
  await server.register((pages, _options, done) => {
    pages.removeAllContentTypeParsers();
    pages.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, parsed) => parsed(null, body));
    pages.addHook('onSend', async (_request, reply) => {
      reply.headers(pageHeaders);
    });
    pages.addHook('onResponse', async ({ method, routeOptions }, { statusCode: status, elapsedTime }) => {
      const route = (routeOptions.url ?? '').replace(/:(\w+)/g, '{$1}');
      parts.metrics.apiRequests.observe({ method, route, status }, elapsedTime / 1_000);
    });
    pages.setErrorHandler((error, request, reply) => {
      const problem = notedProblem(parts, error, request);
      sendPage(reply, problem.status, problemPage(problem));
    });
    pages.get(urlOf(ALERT), (request, reply) => sendPage(reply, 200, alertPage(readAlertId(request.params))));
    pages.get(urlOf(ANSWER), (request, reply) => ask(parts, request, reply));
    pages.post(urlOf(ANSWER), { bodyLimit: FORM_BYTES }, (request, reply) =>
      answer(parts, countAnswer, request, reply),
    );
    refuseOtherMethods(pages, ALERT, ['GET']);
    refuseOtherMethods(pages, ANSWER, ['GET', 'POST']);
    done();
  });
}

function sendPage(reply: FastifyReply, status: number, page: string): FastifyReply {
  return reply.code(status).header('content-type', 'text/html; charset=utf-8').send(page);
}

async function ask({ db, settings }: Parts, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const link = readLink(request, settings.links.keys);
  const alert = await getAlert(db, link.alertId);
  if (alert === null) throw alertMissing(link.alertId);
  const own = await findLinkAnswer(db, link);
  const latest = await latestAnswer(db, link.alertId);
  return sendPage(reply, 200, own === null ? askPage(alert, link.verdict, latest) : usedPage(own, latest));
}

async function answer(
  parts: Parts,
  countAnswer: CountAnswer,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { db, settings } = parts;
  const link = readLink(request, settings.links.keys);
  // After the signature: nobody else may use up the answers to an alert.
  await countAnswer(request);
  const read = () => readAnswer(request.headers['content-type'], request.body);
  const named = { action: `POST ${ANSWER}`, target: pathOf(request), requestId: request.id };
  const given = await giveAnswer(parts, { link, read, ...named });
  const page = given.isNew ? thanksPage(given.answer) : usedPage(given.answer, await latestAnswer(db, link.alertId));
  return sendPage(reply, statusOf(given), page);
}

async function latestAnswer(db: Parts['db'], alertId: string): Promise<StoredFeedback | null> {
  const [latest] = await listFeedback(db, { alertId, counts: true, limit: 1 });
  return latest ?? null;
}
