import { createHash } from 'node:crypto';

import { FlowlineError } from '@flowline/events';

import type { Database } from './database.ts';
import type { Applied } from './detectors.ts';
import { canonicalJson, jsonText, plainText } from './json-text.ts';
import { notAsExpected } from './not-as-expected.ts';
import {
  insertResourceFault,
  insertResourceVersion,
  lockReferences,
  lockResource,
  removeResourceRow,
  type ResourceRow,
  type ResourceVersionRow,
  selectLatestResource,
  selectResourcePage,
  selectResources,
  selectResourceVersions,
} from './sql/resources.ts';
import { type DetectorRow, selectDetectors } from './sql/detectors.ts';
import { withTransaction } from './transaction.ts';

/** Rule, calendar or sink in force; its spec is JSON, as it was applied. */
export type StoredResource = ResourceRow;
/** One version of a resource, in force or not. */
export type StoredResourceVersion = ResourceVersionRow;

/** Name of a resource: `Rule`, `Calendar` or `Sink`, and the name in its document. */
export interface ResourceName {
  readonly kind: string;
  readonly name: string;
}

/** Resource to apply. */
export interface NewResource extends ResourceName {
  readonly spec: unknown;
  /** Name of who applies it; by default the database user. */
  readonly appliedBy?: string;
  /** Version in force that they have read; null if there must be none. */
  readonly expected?: number | null;
}

/** Documents in force that may name a resource. */
export interface PossibleUsers {
  readonly rules: readonly StoredResource[];
  readonly detectors: readonly DetectorRow[];
}

/** Expectations of who removes a resource. */
export interface RemoveOptions {
  /** Version in force that they have read. */
  readonly expected?: number;
  /**
   * Throws if one of the documents in force uses the resource. None is applied between this and the
   * removal.
   */
  readonly requireUnused?: (inForce: PossibleUsers) => void;
}

/**
 * Puts a resource in force. A spec equal to the one in force changes nothing; a removed resource
 * comes back with a new version.
 * @throws FlowlineError FLOWLINE_PRECONDITION_FAILED if another version is in force than expected.
 */
export async function applyResource(db: Database, resource: NewResource): Promise<Applied> {
  const { kind, name, spec, appliedBy, expected } = resource;
  const sha256 = createHash('sha256').update(canonicalJson(spec)).digest('hex');
  return withTransaction(db, async (client) => {
    await lockReferences(client, { exclusive: false });
    await lockResource(client, { kind, name });
    const latest = await selectLatestResource(client, { kind, name });
    if (expected !== undefined) requireVersion({ kind, name }, expected, latest);
    if (latest?.sha256 === sha256 && !latest.removed) return { version: latest.version, changed: false };
    const version = latest === null ? 1 : latest.version + 1;
    const row = { kind, name, version, spec: jsonText(spec), sha256, appliedBy: appliedBy ?? null };
    await insertResourceVersion(client, row);
    return { version, changed: true };
  });
}

/** Lists the resources of a kind that are in force, by name. */
export async function resourcesInForce(db: Database, kind: string): Promise<StoredResource[]> {
  return withTransaction(db, (client) => selectResources(client, { kind, name: null }));
}

/** Lists resources of a kind that are in force, by name, after a name. */
export async function resourcePage(
  db: Database,
  page: { readonly kind: string; readonly after?: string; readonly limit: number },
): Promise<StoredResource[]> {
  const { kind, after = null, limit } = page;
  return withTransaction(db, (client) => selectResourcePage(client, { kind, after, limit }));
}

/** Reads a resource in force. @throws FlowlineError FLOWLINE_RESOURCE_MISSING. */
export async function getResource(db: Database, { kind, name }: ResourceName): Promise<StoredResource> {
  const [found] = await withTransaction(db, (client) => selectResources(client, { kind, name }));
  if (found === undefined) throw resourceMissing(kind, name);
  return found;
}

/** Lists every version of a resource, latest first, also of one that was removed. */
export async function resourceVersions(db: Database, { kind, name }: ResourceName): Promise<StoredResourceVersion[]> {
  return withTransaction(db, (client) => selectResourceVersions(client, { kind, name }));
}

/**
 * Takes a resource out of force; its versions are kept.
 * @throws FlowlineError FLOWLINE_RESOURCE_MISSING; FLOWLINE_PRECONDITION_FAILED if another version
 * is in force than expected.
 */
export async function removeResource(
  db: Database,
  { kind, name }: ResourceName,
  { expected, requireUnused }: RemoveOptions = {},
): Promise<void> {
  await withTransaction(db, async (client) => {
    await lockReferences(client, { exclusive: true });
    await lockResource(client, { kind, name });
    const latest = await selectLatestResource(client, { kind, name });
    if (latest === null || latest.removed) throw resourceMissing(kind, name);
    if (expected !== undefined) requireVersion({ kind, name }, expected, latest);
    if (requireUnused !== undefined) {
      const rules = await selectResources(client, { kind: 'Rule', name: null });
      requireUnused({ rules, detectors: await selectDetectors(client, { detector: null }) });
    }
    await removeResourceRow(client, { kind, name });
  });
}

/** @throws FlowlineError FLOWLINE_PRECONDITION_FAILED if another version is in force. */
function requireVersion(
  { kind, name }: ResourceName,
  expected: number | null,
  latest: { readonly version: number; readonly removed: boolean } | null,
): void {
  const found = latest === null || latest.removed ? null : latest.version;
  if (found !== expected) throw notAsExpected(`${kind.toLowerCase()} ${name}`, expected, found);
}

/** Stores a fault of a version in use, unless one is known already. */
export async function reportResourceFault(
  db: Database,
  { kind, name, version, message }: ResourceName & { readonly version: number; readonly message: string },
): Promise<void> {
  const fault = { kind, name, version, message: plainText(message) };
  await withTransaction(db, (client) => insertResourceFault(client, fault));
}

function resourceMissing(kind: string, name: string): FlowlineError {
  return new FlowlineError('FLOWLINE_RESOURCE_MISSING', `There is no ${kind.toLowerCase()} ${name}.`, {
    where: `${kind} ${name}`,
    remedy: 'Apply its file with `flowline apply <file>`, or correct the name.',
  });
}
