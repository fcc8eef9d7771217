import { type DetectorDefinition, parseDetector } from '@flowline/config';

import type { TestDatabase } from '../../../test/support/postgres.ts';

/** Size of a history: its rows, and its columns besides the time. */
export interface HistoryShape {
  readonly rows: number;
  readonly columns: number;
}

/** Number of columns per level column, and per positive one. */
const EVERY = 5;
const LEVELS = 5;

type ColumnKind = 'categorical' | 'positive' | 'real';

const kindOf = (column: number): ColumnKind =>
  column % EVERY === EVERY - 1 ? 'categorical' : column % EVERY === 0 ? 'positive' : 'real';

const kindsOf = ({ columns }: HistoryShape): readonly ColumnKind[] =>
  Array.from({ length: columns }, (_, column) => kindOf(column));

const values: Readonly<Record<ColumnKind, string>> = {
  categorical: `'level ' || floor(${LEVELS} * random())::int`,
  positive: 'exp(2 * random())',
  real: 'random() + random() + random()',
};

const types: Readonly<Record<ColumnKind, string>> = {
  categorical: 'text',
  positive: 'float8',
  real: 'float8',
};

/** Creates the table `history` with random rows, one per second. */
export async function fillHistory({ query }: Pick<TestDatabase, 'query'>, shape: HistoryShape): Promise<void> {
  const kinds = kindsOf(shape);
  const columns = kinds.map((kind, column) => `c${column} ${types[kind]}`);
  const selected = kinds.map((kind) => values[kind]);
  await query('SELECT setseed(0.5)');
  await query(`CREATE UNLOGGED TABLE history (ts timestamptz, ${columns.join(', ')})`);
  await query(`INSERT INTO history SELECT timestamptz '2026-01-01' + i * interval '1 second', ${selected.join(', ')}
    FROM generate_series(1, ${shape.rows}) AS i`);
  await query('ANALYZE history');
}

/** Detector of the table `history`, whose training is cut to one step. */
export function historyDetector(shape: HistoryShape): DetectorDefinition {
  const features = kindsOf(shape).map((kind, column) => `    - { name: c${column}, type: ${kind} }`);
  const text = `
apiVersion: flowline/v1
kind: Detector
metadata: { name: history }
spec:
  source: { time: { field: ts, unit: iso } }
  history: { query: 'select * from history', timeColumn: ts, maxRows: ${Math.max(1000, shape.rows)} }
  features:
${features.join('\n')}
  model: { seed: 1, budget: { steps: 1 } }
  training: { data: clean }
  decision: { control: { alpha: 0.001 } }
`;
  return parseDetector(text, 'history.yaml');
}
