import {
  type DetectorDefinition,
  hasSameColumns,
  modelChanges,
  readDefinition,
  scoringCompute,
  type Settings,
} from '@flowline/config';
import { type Database, eventsPerDayOf, getDetector, getDetectorVersion, loadChampion } from '@flowline/db';
import { alphaInForce, Detector, loadBundle, type ModelBundle } from '@flowline/detector';
import { folderCache } from '@flowline/engine';
import { createRecordReader } from '@flowline/features';
import { isRetryableError, type RecordDecoder } from '@flowline/stream';
import type { Logger } from '@flowline/telemetry';

import type { ChampionLookup } from './champion-lookup.ts';
import type { EventReader } from '../decoding/event-reader.ts';
import { createDecoder } from '../decoding/record-decoder.ts';
import { decoderInForce, type DecoderInForce, type VersionedDefinition } from '../decoding/decoder-in-force.ts';
import type { ChampionLoader } from './champion-holder.ts';
import { repeatRules } from '../ids/repeat-rules.ts';
import { windowsMaker } from '../windows/windows-maker.ts';
import { recordFormats } from '../decoding/formats.ts';

export interface ChampionLoaderOptions {
  readonly db: Database;
  readonly detector: string;
  readonly champions: Pick<ChampionLookup, 'version'>;
  /** Scoring backend, batch size, cache folder of its measurements, and maximum record size. */
  readonly settings: Pick<Settings, 'scoring' | 'batch' | 'cacheFolder' | 'eventMaxBytes'>;
  readonly logger: Logger;
}

const WARM_UP_ROWS = 64;
/** Batch size for which a backend is chosen; batches of a busy stream are seldom larger. */
const TYPICAL_BATCH_ROWS = 2_048;

/**
 * Loads champions from Postgres. Checks checksum, format and features, and scores rows of its own
 * before the stream may use the model.
 */
export function createChampionLoader(options: ChampionLoaderOptions): ChampionLoader {
  const { db, detector: name, champions, settings } = options;
  const cache = folderCache(settings.cacheFolder);
  return {
    championVersion: () => champions.version(name),
    loadChampion: async () => {
      const stored = await loadChampion(db, name);
      const definitions = await readDefinitions(db, name, stored.detectorVersion);
      const { trained, inForce, inForceVersion } = definitions;
      const { control } = inForce.decision;
      const { alpha, note: alphaNote } = alphaInForce(control, {
        alpha: stored.alpha,
        control: trained.decision.control,
        eventsPerDay: eventsPerDayOf(stored.manifest),
      });
      const changes = modelChanges(trained, inForce);
      const bundle = loadBundle(stored.bytes, stored.sha256, trained.features);
      const reader = await eventReader(options, definitions, bundle);
      const { backend, threads, decidedBy } = scoringCompute(settings, inForce.compute);
      const batchSize = Math.min(settings.batch.maxRows, TYPICAL_BATCH_ROWS);
      const compute = { backend, threads: threads ?? undefined, offThread: true, batchSize, cache };
      return {
        ...{ name, detectorVersion: stored.detectorVersion, modelVersion: stored.version },
        trainedAt: stored.createdAt,
        ...reader,
        detector: await warmDetector(bundle, { alpha, ...compute }),
        computeDecidedBy: decidedBy,
        outdated: changes.length === 0 ? null : { version: inForceVersion, changes },
        fdr: 'fdr' in control ? control.fdr : null,
        alphaNote,
      };
    },
  };
}

/**
 * Definitions that a champion follows. Settings that need no new model come from the definition in
 * force, whichever version the model was trained for.
 */
interface ChampionDefinitions {
  readonly trained: DetectorDefinition;
  readonly inForce: DetectorDefinition;
  readonly inForceVersion: number;
}

async function readDefinitions(db: Database, name: string, trainedVersion: number): Promise<ChampionDefinitions> {
  const { definition } = await getDetectorVersion(db, name, trainedVersion);
  const trained = readDefinition(definition, `${name}, version ${trainedVersion}`);
  const newest = await getDetector(db, name);
  const inForce = readDefinition(newest.definition, `${name}, version ${newest.version}`);
  return { trained, inForce, inForceVersion: newest.version };
}

/** Reader of a champion's events. */
async function eventReader(
  options: ChampionLoaderOptions,
  { trained, inForce, inForceVersion }: ChampionDefinitions,
  bundle: ModelBundle,
): Promise<EventReader> {
  const source = sourceOf(trained, inForce);
  const format = recordFormats[source.kafka?.format ?? 'json']();
  const reader = createRecordReader(bundle.schema, bundle.lookups);
  const readsBoth = inForce.history.query === null && !hasSameColumns(trained, inForce);
  const versioned = { version: inForceVersion, definition: inForce };
  return {
    format,
    windows: windowsMaker(bundle),
    repeats: repeatRules(source),
    decode: createDecoder(source, format, reader, options.settings.eventMaxBytes),
    inForce: readsBoth ? await decoderInForceOrNull(options, versioned, format) : null,
  };
}

/** Decoder of the definition in force; null, and logged, if it cannot read events. */
async function decoderInForceOrNull(
  { db, detector, settings, logger }: ChampionLoaderOptions,
  inForce: VersionedDefinition,
  format: RecordDecoder,
): Promise<DecoderInForce | null> {
  try {
    return await decoderInForce(db, inForce, format, settings.eventMaxBytes);
  } catch (err) {
    if (isRetryableError(err)) throw err;
    logger.error(
      { detector, detectorVersion: inForce.version, err },
      'the definition in force cannot read the events: they are scored, but are no history for its next model',
    );
    return null;
  }
}

/** Creates a detector that has scored and explained once. */
async function warmDetector(...args: Parameters<typeof Detector.create>): Promise<Detector> {
  const detector = await Detector.create(...args);
  try {
    await warmUp(detector);
    return detector;
  } catch (error) {
    detector.dispose();
    throw error;
  }
}

/**
 * Source by the definition in force, except for the key and time that the model's windows were
 * fitted to.
 */
function sourceOf(trained: DetectorDefinition, inForce: DetectorDefinition): DetectorDefinition['source'] {
  const { key, time } = trained.source;
  return { ...inForce.source, key, time: key === null ? inForce.source.time : time };
}

/**
 * Triggers compilation on first use, of scoring and of explaining, with rows at the middle of the
 * latent space.
 */
async function warmUp(detector: Detector): Promise<void> {
  const { encoding } = detector.bundle;
  const middle = new Float32Array(WARM_UP_ROWS * (encoding.dimensions + encoding.contextWidth));
  const table = encoding.decode(middle, WARM_UP_ROWS);
  // Such rows have no level. `true` is a level of every boolean feature, and an unseen one of the
  // others.
  const rows = { ...table, levels: table.levels.map((level) => level ?? 'true') };
  const scores = await detector.score(rows);
  await detector.explain(rows, [0], scores);
}
