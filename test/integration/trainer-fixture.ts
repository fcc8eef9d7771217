import { type DetectorDefinition, parseDetector } from '@flowline/config';
import { Random } from '@flowline/flows';

import type { TestDatabase } from '../support/postgres.ts';

/** Options of {@link readingsYaml}. */
interface ReadingsOptions {
  readonly steps?: number;
  readonly members?: number;
  readonly compute?: string;
  readonly query?: string;
  readonly schedule?: string;
  readonly family?: string;
  readonly recalibrate?: string;
  readonly test?: 'density' | 'combined';
}

/** Compiled training that takes some seconds: one member after the other, until each is patient. */
export const longTraining = { steps: 1_000_000, members: 8, compute: '{ threads: 1 }' } as const;
/** Training that takes minutes: the same on tensors. */
export const endlessTraining = { ...longTraining, compute: '{ training: wasm }' } as const;

/** A detector file on the table `readings`, as text. */
export const readingsYaml = (options: ReadingsOptions = {}) => `
apiVersion: flowline/v1
kind: Detector
metadata: { name: readings }
spec:
  source: { time: { field: ts, unit: iso }, eventId: id }
  history: { query: '${options.query ?? 'select * from readings'}', timeColumn: ts }
  features:
    - { name: level, type: real }
    - { name: flow, type: positive }
    - { name: valve, type: categorical }
  model: { family: ${options.family ?? 'realNVP'}, seed: 3, members: ${options.members ?? 1}, budget: { steps: ${options.steps ?? 100} } }
  compute: ${options.compute ?? '{}'}
  training:
    data: clean
${options.schedule === undefined ? '' : `    schedule: "${options.schedule}"\n`}${
  options.recalibrate === undefined ? '' : `    recalibrate: ${options.recalibrate}\n`
}  decision: { test: ${options.test ?? 'density'}, control: { alpha: 0.01 } }
`;

/** Definition of {@link readingsYaml}. */
export const readingsDefinition = (options: Parameters<typeof readingsYaml>[0] = {}): DetectorDefinition =>
  parseDetector(readingsYaml(options), 'readings.yaml');

/**
 * A reading. The flow follows the level, so an inconsistent pair is an anomaly although each value
 * is common.
 */
export interface Reading {
  readonly id: string;
  readonly ts: string;
  readonly level: number;
  readonly flow: number;
  readonly valve: string;
}

/** Readings one minute apart, starting at 2026-01-01. */
export function makeReadings(count: number, seed: number): Reading[] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, i) => {
    const level = random.normal();
    return {
      id: `reading-${seed}-${i}`,
      ts: new Date(Date.UTC(2026, 0, 1) + i * 60_000).toISOString(),
      level,
      flow: Math.exp(0.5 * level + 0.05 * random.normal()),
      valve: random.uniform() < 0.7 ? 'open' : 'half',
    };
  });
}

/** Creates the table `readings` with the given rows; `broken` of them lack a level. */
export async function createReadings(
  database: Pick<TestDatabase, 'query'>,
  rows: readonly Reading[],
  broken = 0,
): Promise<void> {
  await database.query(
    'CREATE TABLE readings (id text, ts timestamptz, level double precision, flow double precision, valve text)',
  );
  const stride = broken === 0 ? Infinity : Math.floor(rows.length / broken);
  await database.query(
    `INSERT INTO readings SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::float8[], $4::float8[], $5::text[])`,
    [
      rows.map((row) => row.id),
      rows.map((row) => row.ts),
      rows.map((row, i) => (i % stride === stride - 1 ? null : row.level)),
      rows.map((row) => row.flow),
      rows.map((row) => row.valve),
    ],
  );
}

/**
 * Statement per phase that blocks the trainer there, by locking what it needs (none is needed for
 * `train`).
 */
export const trainingHolds = {
  'read history': 'LOCK TABLE readings IN ACCESS EXCLUSIVE MODE',
  train: 'SELECT 1',
  store: 'LOCK TABLE flowline.model_artifacts IN ACCESS EXCLUSIVE MODE',
  compare: 'LOCK TABLE flowline.model_aliases IN ACCESS EXCLUSIVE MODE',
  promote: 'LOCK TABLE flowline.model_aliases IN SHARE MODE',
} as const;

/** Ends a killed trainer's lease at once. By itself it expires after 30 s. */
export const leaseRunsOut = 'UPDATE flowline.training_leases SET expires_at = now()';
