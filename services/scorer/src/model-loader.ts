import { readDefinition } from '@flowline/config';
import { championVersion, type Database, getDetectorVersion, loadChampion } from '@flowline/db';
import { Detector, loadBundle } from '@flowline/detector';
import type { Backend } from '@flowline/engine';
import { createRecordReader } from '@flowline/features';

import { createDecoder } from './decode-events.ts';
import type { ModelLoader } from './detector-holder.ts';
import { recordFormats } from './record-formats.ts';

export interface ModelLoaderOptions {
  readonly db: Database;
  readonly detector: string;
  readonly backend: Backend;
  /** A longer record becomes a dead letter. */
  readonly eventMaxBytes: number;
}

const WARM_UP_ROWS = 64;

/** Loads champions from Postgres: checks checksum, format and features, and scores rows of its own before the stream may use it. */
export function createModelLoader({ db, detector: name, backend, eventMaxBytes }: ModelLoaderOptions): ModelLoader {
  return {
    championVersion: () => championVersion(db, name),
    loadChampion: async () => {
      const stored = await loadChampion(db, name);
      const { definition: json } = await getDetectorVersion(db, name, stored.detectorVersion);
      const definition = readDefinition(json, `${name}, version ${stored.detectorVersion}`);
      const bundle = loadBundle(stored.bytes, stored.sha256, definition.features);
      const reader = createRecordReader(bundle.schema, bundle.lookups);
      const format = recordFormats[definition.source.kafka?.format ?? 'json']();
      const detector = await Detector.create(bundle, { alpha: stored.alpha, backend });
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
        decode: createDecoder(definition.source, format, reader, eventMaxBytes),
        detector,
      };
    },
  };
}

/** Compiles what is compiled on first use, on rows at the middle of the latent space. */
async function warmUp(detector: Detector): Promise<void> {
  const { encoding } = detector.bundle;
  const rows = new Float32Array(WARM_UP_ROWS * (encoding.dimensions + encoding.contextWidth));
  const table = encoding.decode(rows, WARM_UP_ROWS);
  // Such rows have no level; `true` is one of every boolean feature, and an unseen one of the others.
  await detector.score({ ...table, levels: table.levels.map((level) => level ?? 'true') });
}
