import { createHash } from 'node:crypto';

import { FlowlineError } from '@flowline/events';

import type { Database, Queryable } from './database.ts';
import { detectorMissing } from './detectors.ts';
import type { StateReason } from './in-force.ts';
import { jsonText } from './json-text.ts';
import { lockDetector } from './sql/detectors.ts';
import { upsertHeld } from './sql/in-force.ts';
import {
  type ModelAlias,
  replaceChampion,
  selectChampionVersion,
  selectChampionVersions,
  selectModelAliases,
  upsertChallenger,
} from './sql/model-aliases.ts';
import {
  insertArtifact,
  insertModelVersion,
  type ModelRow,
  type ModelSummaryRow,
  selectModel,
  selectModels,
} from './sql/models.ts';
import { withTransaction } from './transaction.ts';

/** Trained model to be stored. */
export interface NewModel {
  readonly detector: string;
  readonly detectorVersion: number;
  /** Complete model bundle. */
  readonly bytes: Uint8Array;
  /** Alarm threshold: an event is an anomaly if its p-value is at most alpha. */
  readonly alpha: number;
  /** Description of the model for people; JSON. */
  readonly manifest: object;
}

/** Model version with its bytes, whose checksum was verified. */
export type StoredModel = ModelRow;
/** Model version without its bytes (`bytes` is their number). */
export type ModelSummary = ModelSummaryRow;
export type { ModelAlias };

/** Versions of a detector's aliases; null for an unused alias. */
export type ModelAliases = Readonly<Record<ModelAlias, number | null>>;

/**
 * Events per day of the training history, from the manifest; null for a manifest that does not
 * record it.
 */
export function eventsPerDayOf(manifest: unknown): number | null {
  const value =
    typeof manifest === 'object' && manifest !== null && 'eventsPerDay' in manifest && manifest.eventsPerDay;
  return typeof value === 'number' && value > 0 ? value : null;
}

/**
 * Stores an immutable model version atomically.
 * @throws FlowlineError FLOWLINE_DETECTOR_MISSING.
 */
export async function storeModelVersion(db: Database, model: NewModel): Promise<{ version: number; sha256: string }> {
  const bytes = Buffer.from(model.bytes.buffer, model.bytes.byteOffset, model.bytes.byteLength);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return withTransaction(
    db,
    async (client) => {
      const { detector, detectorVersion, alpha } = model;
      if ((await lockDetector(client, { detector })) === null) throw detectorMissing(detector);
      await insertArtifact(client, { sha256, bytes });
      const manifest = jsonText(model.manifest);
      const row = { detector, detectorVersion, sha256, alpha, manifest };
      return { version: (await insertModelVersion(client, row)).version, sha256 };
    },
    { timeoutMs: 120_000 },
  );
}

/**
 * Loads the detector's champion.
 * @throws FlowlineError FLOWLINE_MODEL_MISSING, FLOWLINE_MODEL_CORRUPTED.
 */
export async function loadChampion(db: Database, detector: string): Promise<StoredModel> {
  const model = await loadModel(db, detector, null);
  if (model === null) {
    throw new FlowlineError('FLOWLINE_MODEL_MISSING', `The detector ${detector} has no champion model yet.`, {
      where: detector,
      remedy: `Train it with \`flowline train ${detector}\`.`,
    });
  }
  return model;
}

/**
 * Loads one model version of a detector.
 * @throws FlowlineError FLOWLINE_MODEL_MISSING, FLOWLINE_MODEL_CORRUPTED.
 */
export async function loadModelVersion(db: Database, detector: string, version: number): Promise<StoredModel> {
  const model = await loadModel(db, detector, version);
  if (model === null) throw modelMissing(detector, version);
  return model;
}

/**
 * Reads the version of the champion, or null if there is none: one cheap query, suitable for
 * polling.
 */
export async function championVersion(db: Database, detector: string): Promise<number | null> {
  const row = await withTransaction(db, (client) => selectChampionVersion(client, { detector }));
  return row?.version ?? null;
}

/**
 * Reads the versions of all champions, by detector: one cheap query for any number of detectors,
 * suitable for polling.
 */
export async function championVersions(db: Database): Promise<ReadonlyMap<string, number>> {
  const rows = await withTransaction(db, (client) => selectChampionVersions(client));
  return new Map(rows.map(({ detector, version }) => [detector, version]));
}

/**
 * Makes a model version the champion, at once for every reader. The former champion becomes
 * `previous`.
 * @param replacing the champion with which it was compared (null: none). If another version is
 * champion by now, nothing changes.
 * @returns true if it is the champion now.
 * @throws FlowlineError FLOWLINE_DETECTOR_MISSING, FLOWLINE_MODEL_MISSING.
 */
export async function promote(
  db: Database,
  detector: string,
  version: number,
  replacing?: number | null,
): Promise<boolean> {
  return withTransaction(db, async (client) => {
    const aliases = await lockAliases(client, detector);
    if (replacing !== undefined && aliases.champion !== replacing) return false;
    await putInForce(client, detector, aliases, version, `version ${version} was promoted instead`);
    return true;
  });
}

/** Champion versions before and after a rollback. */
export interface RolledBack {
  readonly from: number;
  readonly to: number;
}

/**
 * Makes the previous champion the champion again. A second rollback undoes the first.
 * @throws FlowlineError FLOWLINE_DETECTOR_MISSING, or FLOWLINE_MODEL_MISSING if there is no
 * previous champion.
 */
export async function rollBack(db: Database, detector: string): Promise<RolledBack> {
  return withTransaction(db, async (client) => {
    const aliases = await lockAliases(client, detector);
    const { champion, previous } = aliases;
    if (champion === null || previous === null) {
      throw new FlowlineError('FLOWLINE_MODEL_MISSING', `The detector ${detector} has no previous champion.`, {
        where: detector,
        remedy: `Promote one of \`flowline models ls ${detector}\` with \`flowline models promote ${detector} <version>\`.`,
      });
    }
    await putInForce(client, detector, aliases, previous, `it was rolled back to version ${previous}`);
    return { from: champion, to: previous };
  });
}

/** Stores that a new model is held back, and why; it becomes the challenger. */
export async function holdModel(
  db: Database,
  detector: string,
  held: StateReason & { readonly version: number },
): Promise<void> {
  await withTransaction(db, async (client) => {
    await lockAliases(client, detector);
    const { version, code, reason, remedy } = held;
    await upsertChallenger(client, { detector, version });
    await upsertHeld(client, { detector, version, code, reason, remedy });
  });
}

/** Reads the model versions of a detector's aliases. */
export async function modelAliases(db: Database, detector: string): Promise<ModelAliases> {
  return withTransaction(db, async (client) => aliasesOf(await selectModelAliases(client, { detector })));
}

/** Takes the lock of the detector, under which its aliases change. */
async function lockAliases(client: Queryable, detector: string): Promise<ModelAliases> {
  if ((await lockDetector(client, { detector })) === null) throw detectorMissing(detector);
  return aliasesOf(await selectModelAliases(client, { detector }));
}

/** Changes the champion, and stores why a newer model does not score. */
async function putInForce(
  client: Queryable,
  detector: string,
  { challenger }: ModelAliases,
  version: number,
  reason: string,
): Promise<void> {
  const models = await selectModels(client, { detector });
  if (!models.some((model) => model.version === version)) throw modelMissing(detector, version);
  await replaceChampion(client, { detector, version });
  const [newest] = models;
  if (newest === undefined || newest.version === version) {
    await upsertHeld(client, { detector, version: null, code: null, reason: null, remedy: null });
    return;
  }
  // A challenger that is held back keeps the reason from its training.
  if (newest.version === challenger) return;
  const remedy = `Put it in force with \`flowline models promote ${detector} ${newest.version}\`.`;
  await upsertHeld(client, { detector, version: newest.version, code: 'FLOWLINE_MODEL_HELD', reason, remedy });
}

function aliasesOf(rows: readonly { readonly alias: ModelAlias; readonly version: number }[]): ModelAliases {
  const versionOf = (alias: ModelAlias): number | null => rows.find((row) => row.alias === alias)?.version ?? null;
  return { champion: versionOf('champion'), challenger: versionOf('challenger'), previous: versionOf('previous') };
}

/** Lists the models of a detector (or of all), newest first. */
export async function listModels(db: Database, detector?: string): Promise<ModelSummary[]> {
  return withTransaction(db, (client) => selectModels(client, { detector: detector ?? null }));
}

async function loadModel(db: Database, detector: string, version: number | null): Promise<StoredModel | null> {
  const model = await withTransaction(db, (client) => selectModel(client, { detector, version }));
  if (model === null) return null;
  const found = createHash('sha256').update(model.bytes).digest('hex');
  if (found !== model.sha256) {
    const name = `${detector}, model version ${model.version}`;
    throw new FlowlineError('FLOWLINE_MODEL_CORRUPTED', `The bytes of ${name} do not match their checksum.`, {
      where: `${name}: sha256 ${found}, stored as ${model.sha256}`,
      remedy: `Promote another version, or train again with \`flowline train ${detector}\`.`,
    });
  }
  return model;
}

function modelMissing(detector: string, version: number): FlowlineError {
  return new FlowlineError('FLOWLINE_MODEL_MISSING', `The detector ${detector} has no model version ${version}.`, {
    where: detector,
    remedy: `List them with \`flowline models ls ${detector}\`.`,
  });
}
