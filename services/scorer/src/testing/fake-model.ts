import { type BundleMetadata, fitCalibrationSet, type ModelBundle, type Scores } from '@flowline/detector';
import type { Explanation, FeatureSpec } from '@flowline/events';
import { createRecordReader, type FeatureTable, fitEncoding } from '@flowline/features';
import { Random } from '@flowline/flows';

import { createDecoder } from '../decoding/record-decoder.ts';
import type { ChampionLoader } from '../champion/champion-holder.ts';
import type { Champion } from '../champion/champion.ts';
import { recordFormats } from '../decoding/formats.ts';

const schema: readonly FeatureSpec[] = [
  { name: 'p', type: 'real', from: 'p', role: 'score', nullable: false, maxLevels: 64, period: null },
];
const source = { kafka: null, time: { field: 'ts', unit: 'ms' }, key: null, eventId: null } as const;
const format = recordFormats.json();
const explanation: Explanation = { contributions: [], expected: {}, nearestNormal: null, summary: 'p is low' };

/** Loads models that score an event by its own field `p`, and records what is done with them. */
export class FakeLoader implements ChampionLoader {
  champion: number | null;
  failure: Error | undefined;
  attempts = 0;
  outdated: Champion['outdated'] = null;
  fdr: Champion['fdr'] = null;
  readonly loaded: number[] = [];
  readonly disposed: number[] = [];

  constructor(champion: number | null = null) {
    this.champion = champion;
  }

  championVersion(): Promise<number | null> {
    return Promise.resolve(this.champion);
  }

  loadChampion(): Promise<Champion> {
    this.attempts++;
    if (this.failure !== undefined) return Promise.reject(this.failure);
    const version = this.champion ?? 0;
    this.loaded.push(version);
    return Promise.resolve(this.#model(version));
  }

  #model(modelVersion: number): Champion {
    return {
      name: 'fake',
      detectorVersion: 1,
      modelVersion,
      trainedAt: new Date(0),
      format,
      windows: null,
      inForce: null,
      decode: createDecoder(source, format, createRecordReader(schema, {}), 1_000),
      detector: {
        alpha: 0.01,
        compute: { backend: 'fake', device: 'none', why: 'a test', reason: 'fake: a test' },
        bundle: fakeBundle,
        score: (table) => Promise.resolve(scoresOf(table)),
        explain: (_table, rows) => Promise.resolve(rows.map(() => explanation)),
        dispose: () => void this.disposed.push(modelVersion),
      },
      computeDecidedBy: 'the test',
      outdated: this.outdated,
      fdr: this.fdr,
      alphaNote: null,
    };
  }
}

function scoresOf({ size, numeric }: FeatureTable): Scores {
  return {
    size,
    logDensityNats: numeric.map(Math.log),
    pValues: numeric.slice(),
    pMethods: Array.from({ length: size }, () => 'empirical'),
    outOfDomain: new Uint8Array(size),
    pooled: new Uint8Array(size),
  };
}

const part = { rows: 10, fromMs: null, toMs: null };
const metadata: BundleMetadata = {
  detector: 'fake',
  family: 'realNVP',
  members: 1,
  seed: 1,
  data: 'clean',
  backend: 'fake',
  history: { train: part, validation: part, calibration: part, test: part },
  noise: {},
  heldOut: null,
  calibration: { trimmedRows: 0, undefinedRows: 0 },
  libraries: {},
};
const ROWS = 200;
const { table } = createRecordReader(schema, {}).read(Array.from({ length: ROWS }, (_, i) => ({ p: i / ROWS })));
const fakeBundle: ModelBundle = {
  metadata,
  schema,
  lookups: {},
  entity: null,
  encoding: fitEncoding(schema, table),
  flows: [],
  calibration: fitCalibrationSet(table.numeric, new Int32Array(ROWS), new Random(1)),
  statistic: null,
};
