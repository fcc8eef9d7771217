import { createHash } from 'node:crypto';

import { FlowlineError } from '@flowline/events';

import type { Database } from './database.ts';
import { canonicalJson, jsonText } from './json-text.ts';
import { notAsExpected } from './not-as-expected.ts';
import {
  insertDetectorVersion,
  selectDetectorVersion,
  selectDetectorVersionHash,
  selectDetectorVersions,
  type DetectorVersionRow,
} from './sql/detector-versions.ts';
import {
  type DetectorRow,
  insertDetector,
  lockDetector,
  selectDetectorPage,
  selectDetectors,
  selectDetectorState,
  updateDetector,
  updateDetectorState,
} from './sql/detectors.ts';
import { withdrawAlerts } from './sql/outbox.ts';
import { lockReferences } from './sql/resources.ts';
import { withTransaction } from './transaction.ts';

/** Stored detector; its definition is JSON, in the format version in which it was applied. */
export type StoredDetector = DetectorRow;

/** One version of a detector, in force or not. */
export type StoredDetectorVersion = DetectorVersionRow;

/** Result of applying a definition. */
export interface Applied {
  readonly version: number;
  /** False if the definition equals the one in force and the detector was not deleted. */
  readonly changed: boolean;
}

/** Expectation of who applies a definition. */
export interface ApplyOptions {
  /** Version in force that they have read; null if there must be none. */
  readonly expected?: number | null;
}

/**
 * Stores a definition as the detector's version in force. A definition equal to the one in force
 * changes nothing. A deleted detector is revived, with a new version; a paused one stays paused.
 * @throws FlowlineError FLOWLINE_DETECTOR_DROPPING (retryable) while the data of the deleted
 * detector are being dropped; FLOWLINE_PRECONDITION_FAILED if another version is in force than
 * expected.
 */
export async function applyDetector(
  db: Database,
  definition: { readonly name: string },
  { expected }: ApplyOptions = {},
): Promise<Applied> {
  const { name } = definition;
  const text = jsonText(definition);
  const sha256 = createHash('sha256').update(canonicalJson(definition)).digest('hex');
  return withTransaction(db, async (client) => {
    await lockReferences(client, { exclusive: false });
    if (expected !== undefined) {
      const found = await lockDetector(client, { detector: name });
      if ((found?.version ?? null) !== expected)
        throw notAsExpected(`detector ${name}`, expected, found?.version ?? null);
    }
    if ((await insertDetector(client, { detector: name })) !== null) {
      await insertDetectorVersion(client, { detector: name, version: 1, definition: text, sha256 });
      return { version: 1, changed: true };
    }
    const revived = await updateDetectorState(client, { detector: name, state: 'active', from: ['deleted'] });
    const current = await lockDetector(client, { detector: name });
    if (current === null) {
      const found = await selectDetectorState(client, { detector: name });
      throw found?.dropping === true ? detectorDropping(name) : detectorMissing(name);
    }
    const stored = await selectDetectorVersionHash(client, { detector: name, version: current.version });
    // Nothing that waited to be sent in its earlier life is sent in this one.
    if (revived !== null) await withdrawAlerts(client, { detector: name });
    // A revived detector begins a new version: a run of its earlier life must not pass for one of
    // the new life.
    if (stored?.sha256 === sha256 && revived === null) return { version: current.version, changed: false };
    const version = current.version + 1;
    await insertDetectorVersion(client, { detector: name, version, definition: text, sha256 });
    await updateDetector(client, { detector: name, version });
    return { version, changed: true };
  });
}

/** Reads a detector with its version in force. @throws FlowlineError FLOWLINE_DETECTOR_MISSING. */
export async function getDetector(db: Database, name: string): Promise<StoredDetector> {
  const [found] = await withTransaction(db, (client) => selectDetectors(client, { detector: name }));
  if (found === undefined) throw detectorMissing(name);
  return found;
}

/**
 * Reads one version of a detector, in force or not.
 * @throws FlowlineError FLOWLINE_DETECTOR_MISSING.
 */
export async function getDetectorVersion(db: Database, name: string, version: number): Promise<StoredDetectorVersion> {
  const found = await withTransaction(db, (client) => selectDetectorVersion(client, { detector: name, version }));
  if (found === null) throw detectorMissing(`${name}, version ${version}`);
  return found;
}

/** Lists the versions of a detector below one, newest first. */
export function listDetectorVersions(
  db: Database,
  detector: string,
  { before = null, limit }: { readonly before?: number | null; readonly limit: number },
): Promise<{ readonly version: number; readonly appliedAt: Date }[]> {
  return withTransaction(db, (client) => selectDetectorVersions(client, { detector, before, limit }));
}

/** Lists all detectors with their versions in force, by name. */
export async function listDetectors(db: Database): Promise<StoredDetector[]> {
  return withTransaction(db, (client) => selectDetectors(client, { detector: null }));
}

/** Range of a list of detectors. */
export interface DetectorPage {
  /** The only detectors to list; by default all. */
  readonly names?: readonly string[];
  /** Name after which the list begins. */
  readonly after?: string;
  readonly limit: number;
}

/** Lists detectors with their versions in force, by name, after a name. */
export async function detectorPage(db: Database, { names, after, limit }: DetectorPage): Promise<StoredDetector[]> {
  const range = { names: names ?? null, after: after ?? null, limit };
  return withTransaction(db, (client) => selectDetectorPage(client, range));
}

/** Creates the error for a name that no detector has. */
export function detectorMissing(name: string): FlowlineError {
  return new FlowlineError('FLOWLINE_DETECTOR_MISSING', `There is no detector ${name}.`, {
    where: name,
    remedy: 'Apply its file with `flowline apply <file>`, or correct the name.',
  });
}

function detectorDropping(name: string): FlowlineError {
  const message = `The data of the deleted detector ${name} are still being removed, or their removal was interrupted.`;
  return new FlowlineError('FLOWLINE_DETECTOR_DROPPING', message, {
    where: name,
    remedy: `Apply it again once that is done; \`flowline delete ${name} --drop-data\` completes an interrupted removal.`,
    retryable: true,
  });
}
