import { createHash } from 'node:crypto';

import { FlowlineError } from '@flowline/events';

import { type Database, withClient } from './database.ts';
import { detectorMissing } from './detectors.ts';
import { jsonText } from './json-text.ts';
import { upsertChampion } from './sql/champion-upsert.ts';
import { selectChampionVersion } from './sql/champion-version-select.ts';
import { lockDetector } from './sql/detector-lock.ts';
import { insertArtifact } from './sql/model-artifact-insert.ts';
import { type ModelRow, selectModel } from './sql/model-select.ts';
import { insertModelVersion } from './sql/model-version-insert.ts';
import { type ModelSummaryRow, selectModels } from './sql/models-select.ts';
import { withTransaction } from './transaction.ts';

/** A trained model, to be stored. */
export interface NewModel {
  readonly detector: string;
  readonly detectorVersion: number;
  /** The bundle, whole. */
  readonly bytes: Uint8Array;
  /** An event is an anomaly where its p-value is at most this. */
  readonly alpha: number;
  /** What people want to know of it; JSON. */
  readonly manifest: object;
}

/** A model version with its bytes, whose checksum has been compared. */
export type StoredModel = ModelRow;
/** A model version, without its bytes (`bytes` is their number). */
export type ModelSummary = ModelSummaryRow;

/**
 * Stores an immutable model version: whole or, whenever the process ends, not at all.
 * @throws FlowlineError FLOWLINE_DETECTOR_MISSING.
 */
export async function storeModelVersion(db: Database, model: NewModel): Promise<{ version: number; sha256: string }> {
  const bytes = Buffer.from(model.bytes.buffer, model.bytes.byteOffset, model.bytes.byteLength);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return withTransaction(
    db,
    async (client) => {
      const [locked] = await lockDetector(client, model.detector);
      if (locked === undefined) throw detectorMissing(model.detector);
      await insertArtifact(client, sha256, bytes);
      const manifest = jsonText(model.manifest);
      const [row] = await insertModelVersion(
        client,
        model.detector,
        model.detectorVersion,
        sha256,
        model.alpha,
        manifest,
      );
      return { version: row?.version ?? NaN, sha256 };
    },
    { timeoutMs: 120_000 },
  );
}

/**
 * The detector's champion.
 * @throws FlowlineError FLOWLINE_MODEL_MISSING, FLOWLINE_MODEL_CORRUPTED.
 */
export async function loadChampion(db: Database, detector: string): Promise<StoredModel> {
  const model = await loadModel(db, detector, null);
  if (model === undefined) {
    throw new FlowlineError('FLOWLINE_MODEL_MISSING', `The detector ${detector} has no champion model yet.`, {
      where: detector,
      remedy: `Train it with \`flowline train ${detector}\`.`,
    });
  }
  return model;
}

/**
 * One model version of a detector.
 * @throws FlowlineError FLOWLINE_MODEL_MISSING, FLOWLINE_MODEL_CORRUPTED.
 */
export async function loadModelVersion(db: Database, detector: string, version: number): Promise<StoredModel> {
  const model = await loadModel(db, detector, version);
  if (model === undefined) throw modelMissing(detector, version);
  return model;
}

/** The version of the champion, or null while there is none: one cheap look-up, to be asked often. */
export async function championVersion(db: Database, detector: string): Promise<number | null> {
  const [row] = await withClient(db, (client) => selectChampionVersion(client, detector));
  return row?.version ?? null;
}

/**
 * Makes a model version the champion, at once for every reader.
 * @param replacing the champion it was compared with (null: none). When another is champion by now, nothing changes.
 * @returns whether it is the champion now.
 * @throws FlowlineError FLOWLINE_DETECTOR_MISSING, FLOWLINE_MODEL_MISSING.
 */
export async function promote(
  db: Database,
  detector: string,
  version: number,
  replacing?: number | null,
): Promise<boolean> {
  return withTransaction(db, async (client) => {
    const [locked] = await lockDetector(client, detector);
    if (locked === undefined) throw detectorMissing(detector);
    if (replacing !== undefined) {
      const [champion] = await selectChampionVersion(client, detector);
      if ((champion?.version ?? null) !== replacing) return false;
    }
    const models = await selectModels(client, detector);
    if (!models.some((model) => model.version === version)) throw modelMissing(detector, version);
    await upsertChampion(client, detector, version);
    return true;
  });
}

/** The models of a detector (or of all), newest first. */
export async function listModels(db: Database, detector?: string): Promise<ModelSummary[]> {
  return withClient(db, (client) => selectModels(client, detector ?? null));
}

async function loadModel(db: Database, detector: string, version: number | null): Promise<StoredModel | undefined> {
  const [model] = await withClient(db, (client) => selectModel(client, detector, version));
  if (model === undefined) return undefined;
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
