import {
  type DetectorDefinition,
  hasSameColumns,
  modelChanges,
  readDefinition,
  scoringCompute,
  type Settings,
} from '@flowline/config';
import { type Database, eventsPerDayOf, getDetector, getDetectorVersion, loadChampion } from '@flowline/db';
import { alphaInForce, Detector, loadBundle } from '@flowline/detector';
import { folderCache } from '@flowline/engine';
import { createRecordReader } from '@flowline/features';
import { isRetryableError, type RecordDecoder } from '@flowline/stream';
import type { Logger } from '@flowline/telemetry';

import type { ChampionLookup } from './champion-lookup.ts';
import { createDecoder } from '../decoding/record-decoder.ts';
import { decoderInForce, type DecoderInForce, type VersionedDefinition } from '../decoding/decoder-in-force.ts';
import type { ChampionLoader } from './champion-holder.ts';
import { windowsMaker } from '../windows/partition-windows.ts';
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
export function createChampionLoader({
  db,
  detector: name,
  champions,
  settings,
  logger,
}: ChampionLoaderOptions): ChampionLoader {
  const cache = folderCache(settings.cacheFolder);
  const readerOf = (inForce: VersionedDefinition, format: RecordDecoder): Promise<DecoderInForce | null> =>
    decoderInForce(db, inForce, format, settings.eventMaxBytes).catch((err: unknown) => {
      if (isRetryableError(err)) throw err;
      logger.error(
        { detector: name, detectorVersion: inForce.version, err },
        'the definition in force cannot read events: they are scored, and no history for its model',
      );
      return null;
    });
  return {
    championVersion: () => champions.version(name),
    loadChampion: async () => {
      const stored = await loadChampion(db, name);
      const { definition: json } = await getDetectorVersion(db, name, stored.detectorVersion);
      const definition = readDefinition(json, `${name}, version ${stored.detectorVersion}`);
      // Settings that need no new model come from the definition in force, whichever version the
      // model was trained for.
      const newest = await getDetector(db, name);
      const inForce = readDefinition(newest.definition, `${name}, version ${newest.version}`);
      const { backend, threads, decidedBy } = scoringCompute(settings, inForce.compute);
      const { alpha, note } = alphaInForce(inForce.decision.control, {
        alpha: stored.alpha,
        control: definition.decision.control,
        eventsPerDay: eventsPerDayOf(stored.manifest),
      });
      const changes = modelChanges(definition, inForce);
      const source = sourceOf(definition, inForce);
      const bundle = loadBundle(stored.bytes, stored.sha256, definition.features);
      const reader = createRecordReader(bundle.schema, bundle.lookups);
      const format = recordFormats[source.kafka?.format ?? 'json']();
      const collects =
        inForce.history.query === null && !hasSameColumns(definition, inForce)
          ? await readerOf({ version: newest.version, definition: inForce }, format)
          : null;
      const detector = await Detector.create(bundle, {
        alpha,
        backend,
        threads: threads ?? undefined,
        offThread: true,
        batchSize: Math.min(settings.batch.maxRows, TYPICAL_BATCH_ROWS),
        cache,
      });
      try {
        await warmUp(detector);
      } catch (error) {
        detector.dispose();
        throw error;
      }
      return {
        name,
        detectorVersion: stored.detectorVersion,
        modelVersion: stored.version,
        trainedAt: stored.createdAt,
        format,
        windows: windowsMaker(bundle),
        inForce: collects,
        decode: createDecoder(source, format, reader, settings.eventMaxBytes),
        detector,
        computeDecidedBy: decidedBy,
        outdated: changes.length === 0 ? null : { version: newest.version, changes },
        alphaNote: note,
      };
    },
  };
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
