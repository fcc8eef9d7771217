import { createHash } from 'node:crypto';

import { FlowlineError } from '@flowline/events';

import type { Database } from './database.ts';
import { detectorMissing } from './detectors.ts';
import { jsonText } from './json-text.ts';
import { lockDetector } from './sql/detectors.ts';
import {
  insertArtifact,
  insertModelVersion,
  type ModelCandidateRow,
  type ModelRow,
  type ModelSummaryRow,
  selectModel,
  selectModelCandidates,
  selectModelPage,
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
/** Candidate of a model that was chosen among several: a row of its leaderboard. */
export type ModelCandidate = ModelCandidateRow;

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

/** Lists the models of a detector (or of all), newest first. */
export async function listModels(db: Database, detector?: string): Promise<ModelSummary[]> {
  return withTransaction(db, (client) => selectModels(client, { detector: detector ?? null }));
}

/**
 * Lists the candidates that a model was chosen from, the most likely first; none if its family was
 * named.
 */
export async function listModelCandidates(
  db: Database,
  model: { readonly detector: string; readonly version: number },
): Promise<ModelCandidate[]> {
  return withTransaction(db, (client) => selectModelCandidates(client, model));
}

/** Lists the models of a detector below a version, newest first. */
export async function modelPage(
  db: Database,
  page: { readonly detector: string; readonly before?: number; readonly limit: number },
): Promise<ModelSummary[]> {
  const { detector, before = null, limit } = page;
  return withTransaction(db, (client) => selectModelPage(client, { detector, before, limit }));
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

/** Creates the error for a version that a detector does not have. */
export function modelMissing(detector: string, version: number): FlowlineError {
  return new FlowlineError('FLOWLINE_MODEL_MISSING', `The detector ${detector} has no model version ${version}.`, {
    where: detector,
    remedy: `List them with \`flowline models ls ${detector}\`.`,
  });
}
