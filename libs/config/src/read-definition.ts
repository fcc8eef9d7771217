import { at, FlowlineError } from '@flowline/events';

import { type DetectorDefinition, definitionSchema } from './detector-definition.ts';

/** Stored definition as JSON, in the form of some format version. */
export type StoredJson = Readonly<Record<string, unknown>>;

/** Conversion of a stored definition from one format version to the next. */
export type Upgrade = (json: StoredJson) => StoredJson;

/**
 * Upgrades of stored definitions: the first leads from format version 1 to 2, the next to 3, and so
 * on. An option that is added with a default needs none. One that is renamed, removed or restricted
 * does: stored definitions are read for as long as models trained for them exist. SQL reads
 * `features`, `lookups` and `retention.scoredMs` of stored definitions as they are, so a change of
 * these also needs a migration.
 */
const upgrades: readonly Upgrade[] = [];

/**
 * Definition as it is stored: JSON with its format version under `schemaVersion`. Version 1, the
 * first, goes without, so that releases from before format versions read it.
 */
export function storedDefinition(definition: DetectorDefinition, steps = upgrades): StoredJson & { name: string } {
  const schemaVersion = steps.length + 1;
  return schemaVersion === 1 ? definition : { schemaVersion, ...definition };
}

/**
 * Reads a stored definition. An earlier format version is upgraded step by step. Options unknown to
 * the release that stored it get their defaults.
 * @throws FlowlineError FLOWLINE_CONFIG_INVALID if a later release wrote it, or it is damaged.
 */
export function readDefinition(json: unknown, where: string, steps = upgrades): DetectorDefinition {
  const { schemaVersion: version = 1, ...stored } = isObject(json) ? json : {};
  const newest = steps.length + 1;
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1) {
    throw unreadable(where, [`schemaVersion: ${JSON.stringify(version)} is not a format version`]);
  }
  if (version > newest) throw tooNew(where, version, newest);
  let current: StoredJson = stored;
  for (let from = version; from < newest; from++) current = at(steps, from - 1)(current);
  const checked = definitionSchema.safeParse(current);
  if (checked.success) return checked.data;
  const findings = checked.error.issues.map((issue) => `${issue.path.map(String).join('.')}: ${issue.message}`);
  throw unreadable(where, findings, checked.error);
}

const isObject = (json: unknown): json is StoredJson =>
  typeof json === 'object' && json !== null && !Array.isArray(json);

function tooNew(where: string, version: number, newest: number): FlowlineError {
  const message = `The stored definition of ${where} has format version ${version}; this release reads up to ${newest}.`;
  return new FlowlineError('FLOWLINE_CONFIG_INVALID', message, {
    where,
    remedy: 'Run the release that applied it, or a later one.',
  });
}

function unreadable(where: string, findings: readonly string[], cause?: Error): FlowlineError {
  const message = `The stored definition of ${where} cannot be read: ${findings.join('; ')}`;
  return new FlowlineError('FLOWLINE_CONFIG_INVALID', message, {
    where,
    remedy: 'Run the release that applied it, or apply its file again with `flowline apply <file>`.',
    ...(cause === undefined ? {} : { cause }),
  });
}
