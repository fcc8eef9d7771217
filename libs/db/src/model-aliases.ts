import { FlowlineError } from '@flowline/events';

import type { Database, Queryable } from './database.ts';
import { detectorMissing } from './detectors.ts';
import type { StateReason } from './in-force.ts';
import { modelMissing } from './models.ts';
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
import { selectModels } from './sql/models.ts';
import { withTransaction } from './transaction.ts';

export type { ModelAlias };

/** Versions of a detector's aliases; null for an unused alias. */
export type ModelAliases = Readonly<Record<ModelAlias, number | null>>;

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
    const reason = `version ${version} was promoted instead`;
    await putInForce(client, aliases, { detector, version, reason });
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
    const reason = `it was rolled back to version ${previous}`;
    await putInForce(client, aliases, { detector, version: previous, reason });
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
  { challenger }: ModelAliases,
  { detector, version, reason }: { readonly detector: string; readonly version: number; readonly reason: string },
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
