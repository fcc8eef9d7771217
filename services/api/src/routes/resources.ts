import { parseDocuments, type ResourceDocument, type ResourceKind, type SinkSpec, yamlOf } from '@flowline/config';
import { applyResource, getResource, pageEnd, resourcePage, type StoredResource } from '@flowline/db';
import { FlowlineError } from '@flowline/events';
import { documentInForce } from '@flowline/operations';
import { knownNames, removeUnusedResource, shownSpec } from '@flowline/operations/documents';
import { checkDocuments } from '@flowline/rules';
import { z } from 'zod';

import { fromCursor, toCursor } from '../cursor.ts';
import { etagOf, expectedVersion } from '../etag.ts';
import { badRequest } from '../invalid-request.ts';
import { type ApiParts, type Route, route } from '../route.ts';
import { documentOf, page, pageOf, resourceName, set, time } from '../schemas.ts';

const summary = z.strictObject({
  name: z.string(),
  version: z.int(),
  appliedAt: time,
  appliedBy: z.string().describe('Name of the token, or of the database user.'),
  fault: z.string().nullable().describe('First fault of this version while it was used; null for none.'),
});
const entry = summary.extend({
  spec: z
    .looseObject({})
    .describe('Its document without the text of an .ics file; addresses of sinks without their path.'),
});
const written = z.strictObject({
  name: z.string(),
  version: z.int(),
  text: z.string().describe('Document in YAML, as `flowline get` writes it.'),
});
const resource = summary.extend({
  document: z.looseObject({}).describe('Document in force, as PUT takes it; addresses of sinks without their path.'),
});
const applied = z.strictObject({
  name: z.string(),
  version: z.int(),
  changed: z.boolean().describe('False if it is in force already.'),
});
const removed = z.strictObject({ name: z.string(), removed: z.literal(true) });

/** Words for a kind of resource in descriptions, and the folder of its routes. */
interface Words {
  readonly kind: ResourceKind;
  readonly folder: string;
  /** Reason why one cannot be removed. */
  readonly uses: string;
}

const listed = ({ name, version, appliedAt, appliedBy, fault }: StoredResource) => ({
  ...{ name, version, appliedAt, appliedBy, fault },
});

const shownSpecOf = ({ kind, spec }: StoredResource): unknown => (kind === 'Sink' ? shownSpec(spec as SinkSpec) : spec);

/** Document of a resource as people see it. */
const shownDocument = (stored: StoredResource) => ({
  ...{ apiVersion: 'flowline/v1', kind: stored.kind, metadata: { name: stored.name } },
  spec: shownSpecOf(stored),
});

/** Item of a list. An .ics file has up to a million characters. */
function entryOf(stored: StoredResource) {
  const { ics: _, ...spec } = shownSpecOf(stored) as Readonly<Record<string, unknown>>;
  return { ...listed(stored), spec };
}

/** Routes of rules, calendars and sinks: list, read, apply, remove; as a file without secrets. */
export const resourceRoutes: readonly Route[] = [
  ...routesOf({ kind: 'Rule', folder: 'rules', uses: '' }),
  textRoute({ kind: 'Rule', folder: 'rules', uses: '' }),
  ...routesOf({ kind: 'Calendar', folder: 'calendars', uses: ', unless a rule names it (409)' }),
  textRoute({ kind: 'Calendar', folder: 'calendars', uses: '' }),
  ...routesOf({ kind: 'Sink', folder: 'sinks', uses: ', unless a detector names it (409)' }),
];

function routesOf(words: Words): Route[] {
  return [listRoute(words), readRoute(words), applyRoute(words), removeRoute(words)];
}

function listRoute({ kind, folder }: Words): Route {
  return route({
    ...{ method: 'GET', path: `/v1/${folder}`, tag: folder, scope: 'read', detector: 'all' },
    summary: `List the ${folder} in force, by name.`,
    query: z.strictObject(page),
    replies: { 200: { description: `A page of ${folder}.`, schema: pageOf(entry) } },
    handle: async ({ query: { limit, cursor } }, { db }) => {
      const found = await resourcePage(db, { kind, limit, ...set({ after: fromCursor(cursor, resourceName) }) });
      const next = pageEnd(found, limit)?.name ?? null;
      return { status: 200, body: { items: found.map(entryOf), next: toCursor(next) } };
    },
  });
}

function readRoute({ kind, folder }: Words): Route {
  const noun = kind.toLowerCase();
  return route({
    ...{ method: 'GET', path: `/v1/${folder}/{name}`, tag: folder, scope: 'read', detector: 'all' },
    summary: `Read a ${noun}, with its document in force. Its ETag is the version.`,
    params: z.strictObject({ name: resourceName }),
    replies: { 200: { description: `The ${noun}.`, schema: resource } },
    handle: async ({ params: { name } }, { db }) => {
      const found = await getResource(db, { kind, name });
      const body = { ...listed(found), document: shownDocument(found) };
      return { status: 200, body, headers: { etag: etagOf(found.version) } };
    },
  });
}

function textRoute({ kind, folder }: Words): Route {
  const noun = kind.toLowerCase();
  return route({
    ...{ method: 'GET', path: `/v1/${folder}/{name}/document`, tag: folder, scope: 'read', detector: 'all' },
    summary: `Read a ${noun} in force as a file. Its ETag is the version.`,
    params: z.strictObject({ name: resourceName }),
    replies: { 200: { description: 'The file.', schema: written } },
    handle: async ({ params: { name } }, { db }) => {
      const { version } = await getResource(db, { kind, name });
      const text = yamlOf([await documentInForce(db, kind, name, { defaults: false })]);
      return { status: 200, body: { name, version, text }, headers: { etag: etagOf(version) } };
    },
  });
}

function applyRoute({ kind, folder }: Words): Route {
  const noun = kind.toLowerCase();
  return route({
    ...{ method: 'PUT', path: `/v1/${folder}/{name}`, tag: folder, scope: 'admin', detector: 'all' },
    summary: `Check the document of a ${noun} and put it in force, as \`flowline apply\` does.`,
    params: z.strictObject({ name: resourceName }),
    body: documentOf(`Document of the ${noun}; its JSON Schema is that of \`flowline schema --kind ${kind}\`.`),
    bodyForm: 'document',
    readsHeaders: {
      'if-match': 'ETag that you have read: applies only to that version.',
      'if-none-match': `\`*\`: only if there is no such ${noun} yet.`,
    },
    problems: [412, 422],
    replies: {
      200: { description: 'It is in force, or was already.', schema: applied },
      201: { description: `The ${noun} is new.`, schema: applied },
    },
    handle: async ({ params: { name }, body, headers, caller }, parts) => {
      const { spec } = await readDocument(parts, { kind, name, text: body });
      const expected = expectedVersion(headers);
      const author = set({ appliedBy: caller?.token.name, expected });
      const done = await applyResource(parts.db, { kind, name, spec, ...author });
      const status = done.version === 1 && done.changed ? 201 : 200;
      return { status, body: { name, ...done }, headers: { etag: etagOf(done.version) } };
    },
  });
}

function removeRoute({ kind, folder, uses }: Words): Route {
  const noun = kind.toLowerCase();
  return route({
    ...{ method: 'DELETE', path: `/v1/${folder}/{name}`, tag: folder, scope: 'admin', detector: 'all' },
    summary: `Take a ${noun} out of force${uses}. Its versions are kept.`,
    params: z.strictObject({ name: resourceName }),
    readsHeaders: { 'if-match': 'ETag that you have read: removes only that version.' },
    problems: [409, 412],
    replies: { 200: { description: 'It is out of force.', schema: removed } },
    handle: async ({ params: { name }, headers }, { db }) => {
      const expected = expectedVersion(headers);
      if (expected === null) throw badRequest('If-None-Match', 'DELETE takes no If-None-Match.', 'Leave it out.');
      await removeUnusedResource(db, { kind, name }, set({ expected }));
      return { status: 200, body: { name, removed: true } };
    },
  });
}

/**
 * Reads the one document of a body, and checks it against what is in force.
 * @throws FlowlineError FLOWLINE_CONFIG_INVALID.
 */
async function readDocument(
  { db }: ApiParts,
  { kind, name, text }: { readonly kind: ResourceKind; readonly name: string; readonly text: string },
): Promise<ResourceDocument> {
  const documents = parseDocuments(text, 'the body');
  const [document] = documents;
  if (document?.kind !== kind || document.name !== name || documents.length !== 1) {
    throw new FlowlineError('FLOWLINE_CONFIG_INVALID', `The body is not one document of the ${kind} ${name}.`, {
      where: 'metadata.name',
      remedy: `Send one document with kind: ${kind} and metadata.name: ${name}, as in the path.`,
    });
  }
  checkDocuments(documents, await knownNames(db, documents));
  return document;
}
